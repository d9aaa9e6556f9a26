welcome = If you want more time, press 7, or press 3.
language-ask = For English, press 2.
    .again = For English, press 1.
    .nudge = Still waiting.
menu-ask =
    To pay, press 1.
    For that, press two.
    To finish in 4 steps, press 3.
    For a person, press 0.
    .again =
        To pay, press 1.
        For that, press 2.
        To finish { $name ->
            [one] now, press 3
           *[two] later, press 5
        }.
    .relay =
        It is { $today }.
        To pay, press 1.
        To finish, press 3.
    .nudge = Still waiting, press 4.
gate-ready = Press the 1 key.
    .again = Press 1.
    .nudge = Press 1.
one-key-ask = To say yes, press 1.
    .again = To say yes, press 1, and for no, press 2.
    .nudge = Still waiting.
number-ask = Enter the 4 digits, or for none press 1.
    .again = Enter the number, then press pound.
    .nudge = Still waiting.
thanks = To repeat this, press 9.
closed = For a person, press 0.
sorry = Nobody is here.
noinput = We did not hear you, so press 1.
entry-discarded = We start again.
pace-unhurried = Take your time.
pace-relay = Your operator has time.
pace-voice = Now it goes on as usual.
gate-go-on = Press 2 to go on.
    .nudge = Press 1.
goodbye = Goodbye.
nomatch-not-a-choice = That is no choice, so press 0.
nomatch-length = That is too short.
nomatch-unclear = That was not clear.
