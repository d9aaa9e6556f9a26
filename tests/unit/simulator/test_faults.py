"""What can go wrong on the way between a caller, Twilio and the line, on demand."""

from __future__ import annotations

import pytest

from ivr.simulator.phone import Phone
from ivr.simulator.webhooks import Injected, UnequalRepliesError
from ivr.simulator.withheld import WITHHELD_FORMS

FIVE = "one two three four five"  # two seconds
ASK = f'<Gather action="/voice/turn/1" numDigits="1"><Say>{FIVE}</Say></Gather>'
FALLBACK = {"/voice/fallback": "<Say>a true sentence</Say>"}
ROUND_TRIP = 0.5


def at_the_question(stage, turn="<Hangup/>", fault=None, **options):
    on = stage(ASK, {"/voice/turn/1": turn, **FALLBACK}, **options)
    on.phone.dial()
    if fault is not None:
        on.phone.inject(fault)
    return on


def statuses(app):
    forms = [request.form for request in app.requests if request.path == "/voice/status"]
    return [(form["CallStatus"], form["SequenceNumber"]) for form in forms]


class TestSlow:
    # Slow beyond 15 s: Twilio gives up with 11200 and asks the fallback; the turn reaches the line after that,
    # is answered like any other, and nobody hears it.
    def test_the_turn_arrives_after_the_fallback(self, stage):
        on = at_the_question(stage, "<Say>too late</Say>", Injected.SLOW)
        heard = on.phone.press("1")
        assert heard.spoken == (("en-US", "a true sentence"),)
        assert on.app.paths == ["/voice/answer", "/voice/fallback", "/voice/turn/1", "/voice/status"]
        assert on.app.last("/voice/turn/1").form["Digits"] == "1"
        failure = on.app.last("/voice/fallback").form
        assert (failure["ErrorCode"], failure["ErrorUrl"]) == ("11200", "https://line.example/voice/turn/1")
        assert [(each.code, each.injected) for each in on.phone.failures] == [(11200, True)]
        assert len(on.phone.turns) == 2
        assert on.phone.seconds == pytest.approx(ROUND_TRIP * 2 + 2.0 + 1.0 + 15.0 + 1.2)

    # Slow beyond 15 s: the very first request may be it, and is ringing still when it arrives.
    def test_the_first_turn_may_be_slow(self, stage):
        on = stage("<Say>too late</Say>", FALLBACK)
        on.phone.inject(Injected.SLOW)
        assert on.phone.dial().spoken == (("en-US", "a true sentence"),)
        assert [form["CallStatus"] for form in (each.form for each in on.app.requests)] == [
            *["ringing"] * 2,
            "completed",
        ]

    # Slow beyond 15 s: a late turn that fails is an error of the line like any other.
    def test_a_late_turn_must_be_answered(self, stage, reply):
        on = at_the_question(stage, reply("", 500), Injected.SLOW)
        on.phone.press("1")
        assert [(each.code, each.injected) for each in on.phone.failures] == [(11200, True), (11200, False)]

    # Slow beyond 15 s: where every turn is posted twice, the late one is too, and must be answered alike.
    def test_a_late_turn_is_posted_twice_too(self, stage):
        on = at_the_question(stage, ["<Hangup/>", "<Say>other</Say>"], Injected.SLOW, post_twice=True)
        on.app.forget_tokens = True
        with pytest.raises(UnequalRepliesError):
            on.phone.press("1")

    # Overrides rt and tt: they shorten how long Twilio waits for one try and for all of them.
    @pytest.mark.parametrize(
        ("fragment", "waited", "tries"),
        [
            ("#rt=2000", 2.0, 1),
            ("#tt=4000", 4.0, 1),
            ("#rt=3000&amp;rp=rt", 3.0 + ROUND_TRIP, 2),
            ("#rt=3000&amp;tt=3000&amp;rp=rt", 3.0, 1),
        ],
    )
    def test_the_fragment_shortens_the_wait(self, stage, fragment, waited, tries):
        on = stage(
            f"<Gather action='/voice/turn/1{fragment}' numDigits='1'/>",
            {"/voice/turn/1": "<Hangup/>", **FALLBACK},
        )
        on.phone.dial()
        on.phone.inject(Injected.LOST_RESPONSE)
        on.phone.press("1")
        assert on.app.paths.count("/voice/turn/1") == tries
        fallback = 0 if tries == 2 else ROUND_TRIP + 1.2
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 1.0 + waited + fallback)

    # Overrides: a wish that makes no sense is a warning, and the default counts.
    @pytest.mark.parametrize(
        "wish", ["rc=6", "rc=x", "rt=15001", "tt=99", "ct=10001", "rp=sometimes", "sni=1"]
    )
    def test_a_senseless_wish_is_a_warning(self, stage, wish):
        on = stage(f"<Redirect>/voice/turn/1#{wish}</Redirect>", {"/voice/turn/1": "<Hangup/>"})
        assert on.phone.dial().ended == "goodbye"
        assert [(each.code, wish in each.message) for each in on.phone.warnings] == [(0, True)]

    # Overrides: the edges of each range, the edge location and the host check are taken without a word.
    @pytest.mark.parametrize("wish", ["rc=0", "rc=5", "rt=100", "tt=15000", "ct=10000", "sni=y&amp;e=dublin"])
    def test_a_sensible_wish_is_none(self, stage, wish):
        on = stage(f"<Redirect>/voice/turn/1#{wish}</Redirect>", {"/voice/turn/1": "<Hangup/>"})
        on.phone.dial()
        assert on.phone.warnings == ()


class TestForgeries:
    # Signatures: what is signed wrongly, or not at all, must get 403; Twilio's own request goes on as ever.
    @pytest.mark.parametrize(
        ("fault", "has_signature"),
        [(Injected.FORGED_SIGNATURE, True), (Injected.MISSING_SIGNATURE, False)],
    )
    def test_a_stranger_comes_first(self, stage, fault, has_signature):
        on = at_the_question(stage, fault=fault)
        assert on.phone.press("1").ended == "goodbye"
        (refused,) = on.app.refused
        assert refused.form == on.app.last("/voice/turn/1").form
        assert ("HTTP_X_TWILIO_SIGNATURE" in refused.headers) is has_signature
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/status"]
        assert on.phone.failures == ()

    # Signatures: a line that takes what nobody signed is wrong.
    @pytest.mark.parametrize("fault", [Injected.FORGED_SIGNATURE, Injected.MISSING_SIGNATURE])
    def test_a_line_that_takes_it_is_wrong(self, stage, fault):
        on = at_the_question(stage, fault=fault)
        on.app.takes_forgeries = True
        on.phone.press("1")
        assert [(each.path, each.message) for each in on.phone.failures] == [
            ("/voice/turn/1", "what nobody signed was answered 200, not 403")
        ]


class TestHangUps:
    # Hang-up before a turn: a Gather that is left requests nothing, whatever was keyed; the callback tells.
    def test_before_the_turn(self, stage):
        on = at_the_question(stage, fault=Injected.HANGUP_BEFORE_TURN)
        heard = on.phone.press("1")
        assert (heard.ended, heard.turns, heard.spoken) == ("hangup", (), ())
        assert on.app.paths == ["/voice/answer", "/voice/status"]

    # Hang-up before a turn: some digits of many do not make an action either.
    def test_with_some_of_the_digits(self, stage):
        on = stage('<Gather action="/voice/turn/1" numDigits="9"/>', {"/voice/turn/1": "<Hangup/>"})
        on.phone.dial()
        on.phone.inject(Injected.HANGUP_BEFORE_TURN)
        assert on.phone.press("123").ended == "hangup"
        assert on.app.paths == ["/voice/answer", "/voice/status"]

    # Hang-up during a turn: the line does its work, its reply is thrown away, then the callback comes.
    def test_during_the_turn(self, stage):
        on = at_the_question(stage, "<Say>unheard</Say>", Injected.HANGUP_DURING_TURN)
        heard = on.phone.press("1")
        assert (heard.ended, heard.turns, heard.spoken) == ("hangup", (), ())
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/status"]
        assert on.app.last("/voice/turn/1").form["CallStatus"] == "in-progress"

    # Hang-up during a turn: nobody hears it, but it must be a document all the same.
    @pytest.mark.parametrize("fault", [Injected.HANGUP_DURING_TURN, Injected.STATUS_OUT_OF_ORDER])
    def test_an_unheard_reply_is_read(self, stage, reply, fault):
        on = at_the_question(stage, reply("<Response>"), fault)
        on.phone.press("1")
        assert [(each.path, each.code) for each in on.phone.failures] == [("/voice/turn/1", 12100)]
        assert "/voice/fallback" not in on.app.paths

    # Hang-up after a turn: inside a plain Say, which no key stops, hanging up does; the rest is not executed.
    def test_in_a_plain_say(self, stage):
        on = at_the_question(
            stage, f"<Say>{FIVE}</Say><Redirect>/voice/turn/2</Redirect>", Injected.HANGUP_AFTER_TURN
        )
        heard = on.phone.press("1")
        assert (heard.ended, len(heard.turns)) == ("hangup", 1)
        assert [(note.kind, note.text) for note in on.phone.notes if note.kind in {"said", "cut"}][1:] == [
            ("cut", FIVE)
        ]
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/status"]
        assert on.phone.seconds == pytest.approx(ROUND_TRIP * 2 + 2.0 + 1.0 + 1.0)

    # Hang-up after a turn: as much is heard as is wanted, over several verbs and into a Gather or a Dial.
    @pytest.mark.parametrize(
        ("turn", "spoken"),
        [
            (f'<Say loop="0">{FIVE}</Say>', [FIVE] * 3),
            (f"<Say>{FIVE}</Say><Pause length='9'/><Say>never</Say>", [FIVE]),
            (f"<Say>{FIVE}</Say><Gather><Say>{FIVE}</Say><Say>{FIVE}</Say></Gather>", [FIVE] * 3),
            (f"<Say>{FIVE}</Say><Dial>+18005550199</Dial><Say>never</Say>", [FIVE]),
        ],
    )
    def test_some_seconds_into_the_reply(self, stage, turn, spoken):
        on = at_the_question(stage, turn, Injected.HANGUP_AFTER_TURN, hang_up_after_seconds=5.0)
        heard = on.phone.press("1")
        assert heard.ended == "hangup"
        assert [text for _, text in heard.spoken] == spoken
        assert on.phone.seconds == pytest.approx(ROUND_TRIP * 2 + 2.0 + 1.0 + 5.0)
        assert statuses(on.app) == [("completed", "0")]

    # Hang-up after a turn: what was keyed before it counts, what would have come after it does not.
    @pytest.mark.parametrize(("leaves", "asked"), [(0.1, False), (1.0, True)])
    def test_keys_before_the_hang_up_count(self, stage, leaves, asked):
        again = '<Gather action="/voice/turn/2" numDigits="1"/>'
        on = at_the_question(stage, again, Injected.HANGUP_AFTER_TURN, hang_up_after_seconds=leaves)
        on.app.replies["/voice/turn/2"] = on.app.replies["/voice/turn/1"]
        assert on.phone.press("12", gap_seconds=0.9).ended == "hangup"
        assert ("/voice/turn/2" in on.app.paths) is asked

    # Hang-up after a turn: the apology of a line that fails is cut like any other words, and the call ends once.
    @pytest.mark.parametrize(("leaves", "stretches"), [(1.0, 1), (0.2, 0)])
    def test_in_the_apology(self, stage, reply, leaves, stretches):
        on = at_the_question(
            stage,
            "<Redirect>/voice/turn/2</Redirect>",
            Injected.HANGUP_AFTER_TURN,
            fallback_path=None,
            hang_up_after_seconds=leaves,
        )
        on.app.replies["/voice/turn/2"] = [reply("", 500)]
        heard = on.phone.press("1")
        assert (heard.ended, len(heard.sounds)) == ("hangup", stretches)
        assert statuses(on.app) == [("completed", "0")]

    # Hang-up after a turn: who leaves while the next turn is under way hears nothing of it, and causes no other.
    @pytest.mark.parametrize("next_turn", ["<Hangup/>", "<Redirect>/voice/turn/3</Redirect>"])
    def test_while_the_next_turn_is_under_way(self, stage, next_turn):
        first = "<Redirect>/voice/turn/2</Redirect>"
        on = stage(ASK, {"/voice/turn/1": first, "/voice/turn/2": next_turn}, hang_up_after_seconds=0.2)
        on.phone.dial()
        on.phone.inject(Injected.HANGUP_AFTER_TURN)
        assert on.phone.press("1").ended == "hangup"
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/turn/2", "/voice/status"]

    # Hang-up after a turn: a line that hangs up at once is faster than any caller.
    def test_the_line_hangs_up_first(self, stage):
        on = at_the_question(stage, fault=Injected.HANGUP_AFTER_TURN)
        assert on.phone.press("1").ended == "goodbye"


class TestStatus:
    # Status callbacks are asynchronous: the last one may overtake the turn under way, which says completed
    # then, and an older one may come after both; SequenceNumber tells their order.
    def test_out_of_order(self, stage):
        on = at_the_question(stage, fault=Injected.STATUS_OUT_OF_ORDER)
        assert on.phone.press("1").ended == "hangup"
        assert on.app.paths == ["/voice/answer", "/voice/status", "/voice/turn/1", "/voice/status"]
        assert statuses(on.app) == [("completed", "1"), ("in-progress", "0")]
        assert on.app.last("/voice/turn/1").form["CallStatus"] == "completed"
        assert on.phone.warnings == on.phone.failures == ()


class TestWithheld:
    # Withheld numbers: From and its twin carry what the carrier sent, in words, on a keypad, or nothing.
    @pytest.mark.parametrize("form", WITHHELD_FORMS)
    def test_each_form(self, stage, form):
        on = stage("<Hangup/>")
        phone = Phone(
            on.line, on.clock, call_sid="CA" + "2c" * 16, account_sid="AC1", from_number=WITHHELD_FORMS[form]
        )
        phone.dial()
        sent = on.app.requests[0].form
        assert sent["From"] == sent["Caller"] == WITHHELD_FORMS[form]

    # Withheld numbers: the words of the table are spelled on the keypad as a telephone spells them.
    @pytest.mark.parametrize("word", ["unavailable", "unknown", "blocked", "restricted", "anonymous"])
    def test_the_keypad_spells_the_words(self, word):
        keys = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
        keypad = WITHHELD_FORMS["withheld" if word == "anonymous" else f"withheld_{word}"]
        assert WITHHELD_FORMS[f"withheld_word_{word}"] == word
        assert keypad == f"+{word.translate(keys)}"
