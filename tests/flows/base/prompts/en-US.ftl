menu-ask = To finish, press 1.
    .again = To finish, press 1.
    .nudge = Still waiting.
two-ask = For one, press 1, and to finish, press 2.
    .again = For one, press 1, to finish, press 2.
    .nudge = Still waiting.
three-ask = For one, press 1, for another, press 2, to finish, press 3.
    .again = Press 1, press 2, or press 3.
    .nudge = Still waiting.
pin-ask = Enter your code.
    .again = Enter the code.
    .nudge = Still waiting.
number-ask = Enter your bank's number.
    .again = Enter the number.
    .nudge = Still waiting.
answer-ask = Do you agree?
    .again = Yes or no?
    .nudge = Still waiting.
gate-ready = Press 1 to answer.
    .again = Press 1.
    .nudge = Still waiting.
language-ask = For English, press 1.
    .again = For English, press 1.
    .nudge = Still waiting.
long-ask =
    Here is a question.

    And here is the rest of it.
    .again = Once more.
    .nudge = Still waiting.
once-ask = This is asked only once.
sorry = Nobody is here.
tell-name = You are the { $name ->
    [one] first
   *[two] second
} one.
tell-amount = You owe { $amount }.
tell-pin = Your code is { $pin }.
noinput = We did not hear you.
entry-discarded = We start again.
pace-unhurried = Take your time.
pace-relay = Your operator has time.
pace-voice = Now it goes on as usual.
gate-go-on = Press 1 to go on.
    .nudge = Press 1.
goodbye = Goodbye.
nomatch-not-a-choice = That is no choice.
nomatch-length = That is too short.
nomatch-unclear = That was not clear.
