menu-ask =
    To pay all of { $amount }, press 1.
    For { $number } alone, press 2.
    To finish, press 3.
    .again =
        For that alone, press 1.
        To finish, press 3.
        To pay in full, press 2.
    .relay =
        For { $number } alone, press 1.
        To pay { $amount }, press 2.
        To finish, press 3.
    .nudge = Still waiting.
number-ask = Enter the number.
    .again = Enter the number.
    .nudge = Still waiting.
thanks = Thank you.
sorry = Nobody is here.
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
