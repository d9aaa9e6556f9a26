"""The phone does with a document what Twilio does. Each rule stands above the test that proves it."""

from __future__ import annotations

import pytest

from ivr.simulator.heard import Sounded
from ivr.simulator.lines import NoReplyError
from ivr.simulator.phone import (
    MAX_CALL_SECONDS,
    CallOverError,
    EndlessCallError,
    Phone,
)
from ivr.simulator.webhooks import Injected, UnequalRepliesError
from ivr.simulator.withheld import WITHHELD_FORMS

# Five words take two seconds at 150 words a minute.
FIVE = "one two three four five"
ASK = f'<Gather action="/voice/turn/1" timeout="7"><Say>{FIVE}</Say></Gather>'
ASK_TWICE = f'{ASK}<Say>nothing came</Say><Gather action="/voice/turn/2"/>'
TURN_1 = {"/voice/turn/1": "<Hangup/>"}
ROUND_TRIP = 0.5


def ask(attributes, inside=f"<Say>{FIVE}</Say>"):
    return f'<Gather action="/voice/turn/1" timeout="7" {attributes}>{inside}</Gather>'


def kinds(phone, *kinds):
    return [(note.kind, note.text) for note in phone.notes if note.kind in kinds]


class TestGather:
    # Gather, barge-in: a key during the nested words stops them; it counts, and what would have followed is
    # skipped.
    def test_a_key_interrupts_the_words_and_counts(self, stage):
        inside = f"<Say>{FIVE}</Say><Pause/><Say>never heard</Say>"
        on = stage(ask('numDigits="1"', inside), TURN_1)
        heard = on.phone.dial()
        assert heard.spoken == (("en-US", FIVE), ("en-US", "never heard"))
        on.phone.press("4", barge_in_seconds=1.0)
        assert on.app.last("/voice/turn/1").form["Digits"] == "4"
        assert kinds(on.phone, "said", "cut") == [("cut", FIVE)]
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 1.0 + ROUND_TRIP)

    # Gather, timeout: nobody interrupts by waiting: the window opens when the words end and then lasts the
    # whole timeout.
    def test_the_timer_starts_when_the_words_end(self, stage):
        on = stage(ASK_TWICE)
        on.phone.dial()
        heard = on.phone.stay_silent()
        assert heard.spoken == (("en-US", "nothing came"),)
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 2.0 + 7.0 + 0.8)

    # Gather, timeout: a first key during the words starts the timer at that key, not at the words' end.
    def test_the_timer_starts_at_a_key_that_interrupts(self, stage):
        on = stage(ask(""), TURN_1)
        on.phone.dial()
        on.phone.press("1", barge_in_seconds=0.5)
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 0.5 + 7.0 + ROUND_TRIP)

    # Gather, nested Pause: a pause among the words is part of them.
    def test_a_pause_among_the_words(self, stage):
        on = stage(ask('numDigits="1"', '<Say>a</Say><Pause length="3"/><Say>b</Say>'), TURN_1)
        on.phone.dial()
        on.phone.press("1")
        said = [(round(note.seconds, 1), note.text) for note in on.phone.notes if note.kind == "said"]
        assert said == [(0.5, "a"), (3.9, "b")]

    # Gather, timeout: every digit starts the same timer anew.
    @pytest.mark.parametrize(("gap", "digits"), [(6.9, "123"), (7.1, "1")])
    def test_each_key_restarts_the_timer(self, stage, gap, digits):
        on = stage(ask(""), TURN_1)
        on.phone.dial()
        on.phone.press("123", gap_seconds=gap)
        assert on.app.last("/voice/turn/1").form["Digits"] == digits

    # Gather, no input: a timeout without a digit requests nothing; the next verb comes, and after the last
    # one the line hangs up.
    def test_silence_falls_through_and_off_the_end(self, stage):
        on = stage(ASK, TURN_1)
        on.phone.dial()
        heard = on.phone.stay_silent()
        assert heard.ended == "goodbye"
        assert "/voice/turn/1" not in on.app.paths

    # Gather, timeout: a timeout after some digits requests the action with those; no key finished them.
    def test_a_timeout_sends_what_was_collected(self, stage):
        on = stage(ask(""), TURN_1)
        on.phone.dial()
        on.phone.press("12")
        form = on.app.last("/voice/turn/1").form
        assert (form["Digits"], form["FinishedOnKey"], form["msg"]) == ("12", "", "Gather End")

    # Gather, finishOnKey: the finishing key is named and is not among the digits.
    @pytest.mark.parametrize(
        ("attributes", "keys", "digits", "finished"),
        [
            ("", "12#", "12", "#"),
            ('finishOnKey="*"', "1#2*", "1#2", "*"),
            ('finishOnKey=""', "1#*", "1#*", ""),
        ],
    )
    def test_the_finishing_key(self, stage, attributes, keys, digits, finished):
        on = stage(ask(attributes), TURN_1)
        on.phone.dial()
        on.phone.press(keys)
        form = on.app.last("/voice/turn/1").form
        assert (form["Digits"], form["FinishedOnKey"]) == (digits, finished)

    # Gather, finishOnKey: the finishing key before any digit is no input at all: no action, the next verb
    # comes at once.
    def test_a_finishing_key_first_is_no_input(self, stage):
        on = stage(ASK_TWICE)
        on.phone.dial()
        heard = on.phone.press("#")
        assert heard.spoken == (("en-US", "nothing came"),)
        assert "/voice/turn/1" not in on.app.paths

    # Gather, finishOnKey: the finishing key first stops the words too, and nothing more is waited for.
    def test_a_finishing_key_first_interrupts(self, stage):
        on = stage(ASK_TWICE)
        on.phone.dial()
        on.phone.press("#", barge_in_seconds=1.0)
        assert [note.seconds for note in on.phone.notes if note.text == "nothing came"] == [1.5]

    # Gather, finishOnKey: where no key finishes, a count of digits still does, with # and * among them.
    def test_without_a_finishing_key_the_count_ends_the_entry(self, stage):
        on = stage(ask('finishOnKey="" numDigits="3"'), TURN_1)
        on.phone.dial()
        on.phone.press("#*1")
        form = on.app.last("/voice/turn/1").form
        assert (form["Digits"], form["FinishedOnKey"]) == ("#*1", "")

    # Gather, numDigits: the finishing key by habit, after a count that was reached, is outside this Gather: the
    # next one has it, if it listens by then, and takes it for no input.
    def test_a_finishing_key_by_habit_belongs_to_the_next_gather(self, stage):
        again = '<Gather action="/voice/turn/2" actionOnEmptyResult="true"/>'
        on = stage(ask('numDigits="2"'), {"/voice/turn/1": again, "/voice/turn/2": "<Hangup/>"})
        on.phone.dial()
        on.phone.press("12#", gap_seconds=0.6)
        assert on.app.last("/voice/turn/1").form["FinishedOnKey"] == ""
        assert on.app.last("/voice/turn/2").form["Digits"] == ""

    # Gather, numDigits: the last digit of numDigits requests the action at once, without a finishing key.
    def test_the_number_of_digits_ends_the_entry_at_once(self, stage):
        on = stage(ask('numDigits="4"'), TURN_1)
        on.phone.dial()
        on.phone.press("1234", gap_seconds=1.0)
        form = on.app.last("/voice/turn/1").form
        assert (form["Digits"], form["FinishedOnKey"]) == ("1234", "")
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 2.0 + 1.0 + 3.0 + ROUND_TRIP)

    # Gather, numDigits: the finishing key ends an entry before numDigits is reached; the line must look at
    # the length itself.
    def test_a_finishing_key_ends_a_counted_entry_early(self, stage):
        on = stage(ask('numDigits="9"'), TURN_1)
        on.phone.dial()
        on.phone.press("123#")
        assert on.app.last("/voice/turn/1").form["Digits"] == "123"

    # Gather, actionOnEmptyResult: actionOnEmptyResult requests the action for nothing; its Digits may be
    # blank or may not be there.
    @pytest.mark.parametrize("keys", [None, "#"])
    @pytest.mark.parametrize(("empty_digits", "digits"), [("blank", ""), ("missing", None)])
    def test_an_empty_result_may_request_the_action(self, stage, keys, empty_digits, digits):
        on = stage(ask('actionOnEmptyResult="true"'), TURN_1, empty_digits=empty_digits)
        on.phone.dial()
        _ = on.phone.stay_silent() if keys is None else on.phone.press(keys)
        form = on.app.last("/voice/turn/1").form
        assert (form.get("Digits"), form["FinishedOnKey"]) == (digits, keys or "")

    # Gather, action: without an action a Gather comes back to its own document.
    def test_the_default_action_is_the_document_itself(self, stage):
        on = stage(['<Gather numDigits="1"/>', "<Hangup/>"])
        on.phone.dial()
        on.phone.press("1")
        assert on.app.paths[:2] == ["/voice/answer", "/voice/answer"]
        assert on.app.requests[1].form["Digits"] == "1"

    # Gather, what follows it: what follows a Gather that collected something is never reached.
    def test_verbs_after_an_answered_gather_are_unreachable(self, stage):
        on = stage(ASK_TWICE, TURN_1)
        on.phone.dial()
        heard = on.phone.press("1#")
        assert heard.spoken == ()
        assert heard.ended == "goodbye"


class TestEarlyKeys:
    # Keys outside a Gather: keys pressed while words play outside a Gather are lost.
    def test_keys_outside_a_gather_are_lost(self, stage):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": f"<Say>{FIVE}</Say>{ASK}"})
        on.phone.dial()
        heard = on.phone.press("12", gap_seconds=1.5)
        assert heard.waiting_for is not None
        assert ("lost", "2 pressed while nobody listened") in kinds(on.phone, "lost")

    # Type-ahead: keys pressed while the action is under way are lost: a # typed by habit does no harm.
    def test_keys_between_documents_are_lost(self, stage):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": ASK})
        on.phone.dial()
        heard = on.phone.press("1#", gap_seconds=0.3)
        assert heard.waiting_for is not None
        assert len(heard.turns) == 1

    # Type-ahead, buffered: they are kept for the next Gather where type-ahead is buffered.
    def test_a_buffer_keeps_them(self, stage):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": ask('numDigits="2"')}, type_ahead="buffer")
        on.phone.dial()
        on.phone.press("123", gap_seconds=0.1)
        assert [request.form.get("Digits") for request in on.app.requests[1:3]] == ["1", "23"]

    # Type-ahead: a key that comes once the next Gather listens belongs to that one.
    def test_a_late_key_belongs_to_the_next_gather(self, stage):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": [ask('numDigits="1"'), "<Hangup/>"]})
        on.phone.dial()
        heard = on.phone.press("12", gap_seconds=1.0)
        assert [request.form.get("Digits") for request in on.app.requests[1:3]] == ["1", "2"]
        assert heard.sounds == (Sounded(2.0, "en-US", FIVE),)

    # Gather, timeout: a key after the window is not part of it: the Gather is over by then.
    def test_a_key_after_the_window_comes_too_late(self, stage):
        on = stage(ASK, TURN_1)
        on.phone.dial()
        heard = on.phone.press("1", after_seconds=7.5)
        assert heard.ended == "goodbye"
        assert kinds(on.phone, "lost") == [("lost", "1 pressed after the call was over")]

    # Keys: a phone has ten digits, a star and a finishing key.
    def test_only_keys_of_a_phone_can_be_pressed(self, stage):
        on = stage(ASK)
        on.phone.dial()
        with pytest.raises(ValueError, match="a phone has the keys"):
            on.phone.press("1a")

    # Keys outside a Gather: each plain verb is as deaf as the other, and buffered where keys are buffered.
    @pytest.mark.parametrize("verb", [f"<Say>{FIVE}</Say>", '<Pause length="2"/>', "<Play>/a.wav</Play>"])
    @pytest.mark.parametrize(("type_ahead", "digits"), [("lost", ["1"]), ("buffer", ["1", "2"])])
    def test_no_plain_verb_listens(self, stage, verb, type_ahead, digits):
        counted = ask('numDigits="1"')
        on = stage(counted, {"/voice/turn/1": [verb + counted, "<Hangup/>"]}, type_ahead=type_ahead)
        on.phone.dial()
        on.phone.press("12", gap_seconds=1.5)
        assert [each.form["Digits"] for each in on.app.requests if "Digits" in each.form] == digits


class TestSpeech:
    SPEECH = 'input="dtmf speech" speechTimeout="3" language="es-US"'

    # Gather, speech: words bring SpeechResult and Confidence, when the pause after them has lasted
    # speechTimeout.
    def test_words_are_heard(self, stage):
        on = stage(ask(self.SPEECH), TURN_1)
        on.phone.dial()
        on.phone.say("sí autorizo", confidence=0.75)
        form = on.app.last("/voice/turn/1").form
        assert (form["SpeechResult"], form["Confidence"], form["Language"]) == (
            "sí autorizo",
            "0.75000000",
            "es-US",
        )
        assert "Digits" not in form
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 2.0 + 1.0 + 0.8 + 3.0 + ROUND_TRIP)

    # Gather, speech: Confidence is not guaranteed.
    def test_confidence_may_be_missing(self, stage):
        on = stage(ask(self.SPEECH), TURN_1)
        on.phone.dial()
        on.phone.say("sí", confidence=None)
        assert "Confidence" not in on.app.last("/voice/turn/1").form

    # Gather, speechTimeout: without speechTimeout the Gather's timeout ends speech; auto is the first pause.
    @pytest.mark.parametrize(("attribute", "pause"), [("", 7.0), ('speechTimeout="auto"', 1.0)])
    def test_what_ends_speech(self, stage, attribute, pause):
        on = stage(ask(f'input="speech" {attribute}'), TURN_1)
        on.phone.dial()
        on.phone.say("yes")
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 2.0 + 1.0 + 0.4 + pause + ROUND_TRIP)

    # Gather, input: a Gather for keys hears no words, one for speech takes no keys: both wait on, as in
    # silence.
    def test_a_gather_for_keys_hears_no_words(self, stage):
        on = stage(ASK, TURN_1)
        on.phone.dial()
        assert on.phone.say("yes").ended == "goodbye"
        assert kinds(on.phone, "lost") == [("lost", "the words 'yes'")]

    # Gather, input: one for speech alone takes no key.
    def test_a_gather_for_speech_takes_no_keys(self, stage):
        on = stage(ask('input="speech" actionOnEmptyResult="true"'), TURN_1)
        on.phone.dial()
        on.phone.press("1", barge_in_seconds=1.0)
        assert on.app.last("/voice/turn/1").form["SpeechResult"] == ""
        assert kinds(on.phone, "said", "pressed", "lost") == [
            ("lost", "1: this Gather takes speech only"),
            ("said", FIVE),
        ]

    # Gather, bargeIn: speech interrupts the words unless bargeIn forbids it; a key always does.
    @pytest.mark.parametrize(("barge_in", "heard"), [("true", True), ("false", False)])
    def test_speech_may_interrupt(self, stage, barge_in, heard):
        on = stage(ask(f'{self.SPEECH} bargeIn="{barge_in}"'), TURN_1)
        on.phone.dial()
        on.phone.say("sí", barge_in_seconds=1.0)
        assert ("/voice/turn/1" in on.app.paths) is heard

    # Gather, timeout: words after the window are not part of it.
    def test_words_after_the_window_come_too_late(self, stage):
        on = stage(ask(self.SPEECH), TURN_1)
        on.phone.dial()
        assert on.phone.say("sí", after_seconds=8.0).ended == "goodbye"
        assert "/voice/turn/1" not in on.app.paths
        assert kinds(on.phone, "spoke", "lost") == [("lost", "the words 'sí'")]

    # Gather, input: of keys and words the first that comes is what the action hears.
    def test_a_key_before_any_word(self, stage):
        on = stage(ask(self.SPEECH), TURN_1)
        on.phone.dial()
        on.phone.press("12#")
        form = on.app.last("/voice/turn/1").form
        assert (form["Digits"], form["FinishedOnKey"], "SpeechResult" in form) == ("12", "#", False)

    # Gather, speech: a minute of it is the most; then the recognizer stops listening.
    def test_a_long_speech_is_cut_off(self, stage):
        on = stage(ask('input="speech" speechTimeout="auto"'), TURN_1)
        on.phone.dial()
        on.phone.say(" ".join(["word"] * 200))  # 80 seconds
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 2.0 + 1.0 + 60.0 + 1.0 + ROUND_TRIP)

    # Gather, speech: a key interrupts where bargeIn forbids words to.
    def test_a_key_interrupts_all_the_same(self, stage):
        on = stage(ask(f'{self.SPEECH} numDigits="1" bargeIn="false"'), TURN_1)
        on.phone.dial()
        on.phone.press("1", barge_in_seconds=1.0)
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 1.0 + ROUND_TRIP)

    # Gather, speech: there is no FinishedOnKey and no msg beside it, and the finishing key counts no more.
    def test_words_and_keys_do_not_mix(self, stage):
        on = stage(ask(self.SPEECH), TURN_1)
        on.phone.dial()
        on.phone.say("sí")
        assert not {"FinishedOnKey", "msg"} & set(on.app.last("/voice/turn/1").form)


class TestDocuments:
    # Documents: verbs run top to bottom; the words take their time, each in its language, as often as loop
    # says.
    def test_words_pauses_and_recordings_take_time(self, stage):
        on = stage(
            f'<Say language="es-US" loop="2">{FIVE}</Say><Pause length="3"/><Play digits="12w"/>'
            '<Play>/audio/a.wav</Play><Say>a<break time="500ms"/></Say>'
        )
        heard = on.phone.dial()
        assert heard.spoken == (("es-US", FIVE), ("es-US", FIVE), ("en-US", "a"))
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 4.0 + 3.0 + 1.5 + 3.0 + 0.9)

    # Documents: a recording takes as long as is told of it, said before the caller may speak or while they may.
    def test_a_recording_takes_its_own_length(self, stage):
        play = "<Play>/audio/a.wav</Play>"
        on = stage(f"{play}<Gather>{play}</Gather><Hangup/>", clips={"/audio/a.wav": 1.25})
        heard = on.phone.dial()
        assert [sound.seconds for sound in heard.sounds] == [1.25, 1.25]

    # URLs: relative URLs are resolved against the document they stand in; the fragment is neither sent nor
    # signed.
    def test_relative_urls(self, stage):
        on = stage(
            "<Redirect>turn/5?a=1#rc=0</Redirect>",
            {"/voice/turn/5": "<Redirect>6</Redirect>", "/voice/turn/6": "<Hangup/>"},
        )
        on.phone.dial()
        assert on.app.paths[:3] == ["/voice/answer", "/voice/turn/5", "/voice/turn/6"]
        assert on.app.requests[1].query == "a=1"

    # URLs: they are resolved as a browser does, folders up and queries included.
    @pytest.mark.parametrize(
        ("url", "path", "query"),
        [
            ("2?a=1&amp;b=", "/voice/turn/2", "a=1&b="),
            ("./2", "/voice/turn/2", ""),
            ("../other", "/voice/other", ""),
            ("../../up", "/up", ""),
            ("../../../../up", "/up", ""),
            ("?a=%C3%A9", "/voice/turn/1", "a=%C3%A9"),
            ("//line.example/a", "/a", ""),
            ("https://line.example/a;b", "/a;b", ""),
            ("https://line.example", "/", ""),
            ("https://line.example?a=1", "/", "a=1"),
            ("#rc=0", "/voice/turn/1", ""),
        ],
    )
    def test_urls_are_resolved_like_a_browsers(self, stage, url, path, query):
        first = f'<Gather numDigits="1" action="{url}"/>'
        on = stage(
            "<Redirect>/voice/turn/1?old=1</Redirect>",
            {"/voice/turn/1": [first, "<Hangup/>"], "/voice/turn/2": "<Hangup/>", path: [first, "<Hangup/>"]}
            if path == "/voice/turn/1"
            else {"/voice/turn/1": first, path: "<Hangup/>"},
        )
        on.phone.dial()
        on.phone.press("1")
        request = next(each for each in on.app.requests if "Digits" in each.form)
        assert (request.path, request.query) == (path, "old=1" if url.startswith("#") else query)
        assert on.phone.failures == ()

    # URLs: what is none, or has characters that none has, is error 11100.
    @pytest.mark.parametrize("url", ["http://[bad", "/a b", "/voice/\u00e9"])
    @pytest.mark.parametrize(
        "verb", ["<Redirect>{}</Redirect>", '<Gather numDigits="1" timeout="1" action="{}"/>']
    )
    def test_a_url_that_is_none(self, stage, url, verb):
        on = stage(verb.format(url), {"/voice/fallback": "<Hangup/>"})
        if on.phone.dial().ended is None:
            on.phone.press("1")
        form = on.app.last("/voice/fallback").form
        assert form["ErrorCode"] == "11100"
        assert [failure.code for failure in on.phone.failures] == [11100]

    # Redirect: a Redirect carries the standard parameters only, not what was keyed before.
    def test_a_redirect_forgets_the_digits(self, stage):
        on = stage(
            ask('numDigits="1"'),
            {"/voice/turn/1": "<Redirect>/voice/turn/2</Redirect>", "/voice/turn/2": "<Hangup/>"},
        )
        on.phone.dial()
        on.phone.press("1")
        assert "Digits" not in on.app.last("/voice/turn/2").form

    # Hangup, and the end of a document: an empty document hangs up, and so does Hangup; nothing after it is
    # spoken.
    @pytest.mark.parametrize("inside", ["", "<Hangup/><Say>never</Say>"])
    def test_the_end(self, stage, inside):
        on = stage(inside)
        heard = on.phone.dial()
        assert (heard.ended, heard.spoken) == ("goodbye", ())

    # Redirect: what follows it is never reached.
    def test_verbs_after_a_redirect_are_unreachable(self, stage):
        on = stage("<Redirect>/voice/turn/1</Redirect><Say>never</Say>", TURN_1)
        assert on.phone.dial().spoken == ()
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/status"]

    # URLs: an action that is relative or the document's own means the document last fetched, after a
    # fallback the fallback.
    def test_urls_after_a_fallback(self, stage, reply):
        on = stage(
            reply("", 500),
            {
                "/voice/fallback": ['<Gather numDigits="1"/>', '<Gather action="turn/1" numDigits="1"/>'],
                "/voice/turn/1": "<Hangup/>",
            },
        )
        on.phone.dial()
        on.phone.press("1")
        on.phone.press("2")
        assert on.app.paths[1:4] == ["/voice/fallback", "/voice/fallback", "/voice/turn/1"]

    # Say, loop: none means until the call is over, or a thousand times.
    def test_an_endless_loop_ends(self, stage):
        on = stage('<Say loop="0">a</Say>')
        heard = on.phone.dial()
        assert (len(heard.spoken), heard.ended) == (1000, "goodbye")

    # Reject: Reject refuses the call, but only as the very first verb of the first document.
    @pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
    def test_reject(self, stage, reason, status):
        on = stage(f'<Reject reason="{reason}"/>')
        assert on.phone.dial().ended == "rejected"
        assert on.app.last("/voice/status").form["CallStatus"] == status

    # Reject: later than that it has no effect, and Twilio would warn.
    @pytest.mark.parametrize("answer", ["<Say>hello</Say><Reject/>", "<Redirect>/voice/turn/1</Redirect>"])
    def test_a_late_reject_does_nothing_but_warn(self, stage, answer):
        on = stage(answer, {"/voice/turn/1": "<Reject/>"})
        assert on.phone.dial().ended == "goodbye"
        assert [warning.code for warning in on.phone.warnings] == [12200]

    # Warnings: a document's warnings are kept with its path.
    def test_warnings_are_kept(self, stage):
        on = stage("<Speak>hello</Speak>")
        on.phone.dial()
        assert on.phone.warnings[0].path == "/voice/answer"

    # Loops: nobody asked the caller anything in a hundred documents: something goes in circles.
    def test_a_circle_of_redirects_is_noticed(self, stage):
        on = stage("<Redirect/><Redirect>/voice/answer</Redirect>")
        with pytest.raises(EndlessCallError):
            on.phone.dial()

    # Loops: a line that asks, and asks again in silence, goes in no circle: the caller may answer late.
    def test_a_line_may_ask_often(self, stage):
        again = '<Gather numDigits="1" timeout="1" action="/voice/turn/1"/><Redirect>/voice/answer</Redirect>'
        on = stage(again, TURN_1)
        on.phone.dial()
        assert on.phone.press("1", after_seconds=300.2).ended == "goodbye"
        assert on.app.last("/voice/turn/1").form["Digits"] == "1"

    # Length of a call: four hours, to the second, whatever is going on then: words, tones, silence, a
    # question, a conversation.
    @pytest.mark.parametrize(
        "verb",
        [
            '<Pause length="999999999"/>',
            f'<Say loop="1000">{FIVE * 10}</Say>' * 3,
            '<Play loop="0">/a.wav</Play>' * 5,
            '<Gather><Pause length="20000"/></Gather>',
            '<Gather timeout="14400"/>',
            '<Gather input="speech" timeout="14400"/>',
            "<Pause length='14390'/><Dial>+18005550199</Dial>",
        ],
    )
    def test_no_call_is_longer(self, stage, verb):
        on = stage(verb)
        heard = on.phone.dial()
        if heard.ended is None:
            heard = on.phone.say("yes") if heard.waiting_for.speech else on.phone.stay_silent()
        assert heard.ended == "error"
        assert on.phone.seconds == MAX_CALL_SECONDS
        assert on.app.last("/voice/status").form["CallDuration"] == "14400"
        assert on.app.paths.count("/voice/status") == 1

    # Length of a call: what is keyed after it is not heard any more.
    def test_no_key_is_later(self, stage):
        on = stage('<Gather numDigits="1" timeout="20000" action="/voice/turn/1"/>', TURN_1)
        on.phone.dial()
        assert on.phone.press("1", after_seconds=15_000.0).ended == "error"
        assert "/voice/turn/1" not in on.app.paths

    # Length of a call: a call lasts four hours at most.
    def test_a_call_has_a_longest_length(self, stage):
        on = stage(f'<Pause length="{int(MAX_CALL_SECONDS)}"/><Gather/>')
        assert on.phone.dial().ended == "error"
        assert kinds(on.phone, "error") == [("error", "a call lasts four hours at most")]


class TestDial:
    DIAL = '<Dial {action} timeout="20"><Number>+18005550199</Number></Dial><Say>after</Say>'

    # Dial, action: without an action the document goes on after the conversation; with one, it says how the
    # dialing went.
    def test_without_action_the_document_goes_on(self, stage):
        on = stage(self.DIAL.format(action=""))
        heard = on.phone.dial()
        assert heard.spoken == (("en-US", "after"),)
        assert heard.ended == "agent"

    # Dial, action: its request says how the dialing went and how long they talked; a timeout ends the
    # ringing.
    @pytest.mark.parametrize(
        ("callee", "duration", "seconds", "ended"),
        [
            ("completed", "60", 65.0, "agent"),
            ("busy", None, 2.0, "goodbye"),
            ("failed", None, 2.0, "goodbye"),
            ("no-answer", None, 20.0, "goodbye"),
        ],
    )
    def test_the_action_hears_how_it_went(self, stage, callee, duration, seconds, ended):
        on = stage(self.DIAL.format(action='action="/voice/turn/1"'), TURN_1)
        on.phone.callee = callee
        assert on.phone.dial().ended == ended
        form = on.app.last("/voice/turn/1").form
        assert (form["DialCallStatus"], form.get("DialCallDuration")) == (callee, duration)
        assert form["DialCallSid"].startswith("CA")
        assert form["DialCallSid"] != form["CallSid"]
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + seconds + ROUND_TRIP)

    # Number, url: who answers hears a document of their own first, in a call of their own; the caller does not.
    def test_who_answers_is_told_first(self, stage):
        told = '<Dial action="/voice/turn/1"><Number url="/told?of=it">+18005550199</Number></Dial>'
        on = stage(told, {**TURN_1, "/told": "<Say>Relay.</Say>"})
        heard = on.phone.dial()
        assert "Relay." not in [text for _, text in heard.spoken]
        assert [note.text for note in on.phone.notes if note.kind == "agent hears"] == ["Relay."]
        leg, dialed = on.app.last("/told").form, on.app.last("/voice/turn/1").form
        assert (leg["CallSid"], leg["ParentCallSid"]) == (dialed["DialCallSid"], dialed["CallSid"])

    # Number, url: asked for once somebody has answered; what it fails with is an error like another.
    def test_nobody_is_told_who_does_not_answer_and_a_failure_is_noted(self, stage):
        told = '<Dial action="/voice/turn/1"><Number url="/told">+18005550199</Number></Dial>'
        on = stage(told, TURN_1)
        on.phone.callee = "busy"
        on.phone.dial()
        assert on.phone.failures == ()
        on = stage(told, TURN_1)
        on.phone.dial()
        assert [failure.path for failure in on.phone.failures] == ["/told"]

    # Dial, timeout: nobody rings longer than that, however the dialing goes.
    @pytest.mark.parametrize(("callee", "seconds"), [("completed", 61.0), ("busy", 1.0), ("no-answer", 1.0)])
    def test_a_short_timeout(self, stage, callee, seconds):
        on = stage('<Dial timeout="1" action="/voice/turn/1">+18005550199</Dial>', TURN_1)
        on.phone.callee = callee
        on.phone.dial()
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + seconds + ROUND_TRIP)

    # Dial: a caller who leaves before anybody answers, or in the middle of the conversation, hears no more; one
    # who leaves after it hears what follows.
    @pytest.mark.parametrize(("leaves", "spoken"), [(3.0, ()), (40.0, ()), (66.0, (("en-US", "after"),))])
    def test_leaving_around_a_conversation(self, stage, leaves, spoken):
        dial = '<Dial>+18005550199</Dial><Say>after</Say><Pause length="9"/>'
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": dial}, hang_up_after_seconds=leaves)
        on.phone.dial()
        on.phone.inject(Injected.HANGUP_AFTER_TURN)
        heard = on.phone.press("1")
        assert (heard.ended, heard.spoken) == ("hangup", spoken)
        assert on.phone.seconds == pytest.approx(ROUND_TRIP * 2 + 2.0 + 1.0 + leaves)

    # Dial, timeLimit: the conversation ends when it is over.
    def test_a_conversation_has_a_longest_length(self, stage):
        on = stage('<Dial timeLimit="10" action="/voice/turn/1">+18005550199</Dial>', TURN_1)
        on.phone.dial()
        assert on.app.last("/voice/turn/1").form["DialCallDuration"] == "10"

    # Dial, action: its document goes on like any other.
    def test_who_keys_again_after_a_conversation_ends_with_the_line(self, stage):
        on = stage(self.DIAL.format(action='action="/voice/turn/1"'), {"/voice/turn/1": [ASK, "<Hangup/>"]})
        on.phone.dial()
        assert on.phone.press("1#").ended == "goodbye"


class TestRequests:
    # Parameters: the first request says ringing, carries the attestation and the token, and blank places;
    # later ones not.
    def test_the_parameters_of_a_call(self, stage):
        on = stage(ask('numDigits="1"'), TURN_1)
        on.phone.dial()
        on.phone.press("1")
        first, second, status = (request.form for request in on.app.requests)
        standard = {
            "CallSid": "CA" + "1b" * 16,
            "AccountSid": "AC" + "0a" * 16,
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
            **dict.fromkeys(("From", "Caller"), "+16175550123"),
            **dict.fromkeys(("To", "Called"), "+18005550100"),
            **{
                party + place: ""
                for party in ("From", "Caller", "To", "Called")
                for place in ("City", "State", "Zip", "Country")
            },
        }
        assert standard.items() <= first.items()
        assert standard.items() <= second.items()
        assert first["StirVerstat"] == "TN-Validation-Passed-A"
        assert "CallToken" in first
        assert not {"StirVerstat", "CallToken"} & set(second)
        statuses = [form["CallStatus"] for form in (first, second, status)]
        assert statuses == ["ringing", "in-progress", "completed"]

    # Parameters: more may come with any request: who forwarded the call, its name, what SIP says.
    def test_more_parameters(self, stage):
        more = {"ForwardedFrom": "+16175550199", "CallerName": "DOE JANE", "SipCallId": "a@b"}
        on = stage(ask('numDigits="1"'), TURN_1, more_parameters=more)
        on.phone.dial()
        on.phone.press("1")
        assert all(more.items() <= request.form.items() for request in on.app.requests)

    # Headers: the proxy names itself, sends a form, and gives every request a token of its own.
    def test_the_headers_of_a_request(self, stage):
        on = stage(ask('numDigits="1"'), TURN_1)
        on.phone.dial()
        on.phone.press("1")
        first, second, _ = (request.headers for request in on.app.requests)
        assert first["HTTP_USER_AGENT"] == "TwilioProxy/1.1"
        assert first["CONTENT_TYPE"] == "application/x-www-form-urlencoded; charset=utf-8"
        assert first["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"] != second["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"]

    # Status callback: the number's status URL is told once, at the end, with the call's length.
    def test_the_status_callback(self, stage):
        on = stage(f'<Pause length="70"/>{ASK}')
        on.phone.dial()
        heard = on.phone.hang_up()
        assert heard.ended == "hangup"
        form = on.app.last("/voice/status").form
        assert (form["CallStatus"], form["CallDuration"], form["Duration"]) == ("completed", "72", "2")
        assert form["Timestamp"] == "Fri, 18 Dec 2026 15:16:12 GMT"
        assert (form["SequenceNumber"], form["CallbackSource"]) == ("0", "call-progress-events")
        assert on.app.paths == ["/voice/answer", "/voice/status"]

    # Hang-up in a Gather: keys on the way make no action when the call is over.
    def test_hanging_up_is_not_silence(self, stage):
        on = stage(ask('actionOnEmptyResult="true"'), TURN_1)
        on.phone.dial()
        assert on.phone.hang_up(barge_in_seconds=0.5).ended == "hangup"
        assert "/voice/turn/1" not in on.app.paths

    # Hang-up in a Gather: a caller who hangs up inside a Gather causes no action, whatever was heard by then.
    def test_hanging_up_in_the_middle_of_the_words(self, stage):
        on = stage(ASK)
        on.phone.dial()
        on.phone.hang_up(barge_in_seconds=1.0)
        assert kinds(on.phone, "said", "cut") == [("cut", FIVE)]

    # Hang-up in a Gather: who leaves when the words end has heard them all, however many they were.
    @pytest.mark.parametrize("times", range(1, 30))
    def test_hanging_up_when_the_words_end(self, stage, times):
        on = stage(f"<Gather>{'<Say>one</Say>' * times}</Gather>")
        on.phone.dial()
        on.phone.hang_up()
        assert kinds(on.phone, "said", "cut") == [("said", "one")] * times

    # Hang-up in a Gather: the Gather waits no longer for that: its window ends first, and the call goes on
    # until the caller leaves.
    def test_hanging_up_after_the_window(self, stage):
        on = stage(ask('actionOnEmptyResult="true"'), {"/voice/turn/1": ASK})
        on.phone.dial()
        heard = on.phone.hang_up(barge_in_seconds=11.0)
        assert heard.ended == "hangup"
        assert on.app.paths == ["/voice/answer", "/voice/turn/1", "/voice/status"]
        assert kinds(on.phone, "said", "cut") == [("said", FIVE), ("cut", FIVE)]
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 11.0)

    # Hang-up: a line that ends the call before the caller does has ended it.
    def test_the_line_may_hang_up_before_the_caller(self, stage):
        on = stage(ASK)
        on.phone.dial()
        assert on.phone.hang_up(barge_in_seconds=30.0).ended == "goodbye"

    # Hang-up: at whatever instant the caller leaves, there is one status callback, it is the last request, and
    # the call has lasted until then.
    @pytest.mark.parametrize("tenths", range(0, 160, 5))
    def test_hanging_up_at_every_instant(self, stage, tenths):
        after = f"<Say>{FIVE}</Say><Pause/>{ask('')}<Redirect>/voice/turn/2</Redirect>"
        turns = {"/voice/turn/1": after, "/voice/turn/2": f"<Say>{FIVE}</Say><Pause length='60'/>"}
        on = stage(ask('numDigits="1"'), turns, hang_up_after_seconds=tenths / 10)
        on.phone.dial()
        on.phone.inject(Injected.HANGUP_AFTER_TURN)
        assert on.phone.press("1").ended == "hangup"
        assert on.app.paths.count("/voice/status") == 1
        assert on.app.paths[-1] == "/voice/status"
        left = ROUND_TRIP * 2 + 2.0 + 1.0 + tenths / 10
        assert left <= on.phone.seconds + 1e-9 <= left + ROUND_TRIP
        assert ("/voice/turn/2" in on.app.paths) is (tenths > 120)

    # Status callback: it tells how long the call was and when it ended, however late it comes.
    def test_a_late_status_callback_tells_the_same(self, stage):
        on = stage('<Pause length="9"/>')
        on.phone.hold_status = True
        on.phone.dial()
        on.clock.advance(600)
        on.phone.deliver_status()
        form = on.app.last("/voice/status").form
        assert (form["CallDuration"], form["Timestamp"]) == ("10", "Fri, 18 Dec 2026 15:15:09 GMT")

    # Status callback: there is none before the call is over.
    def test_no_status_callback_of_a_call_that_goes_on(self, stage):
        on = stage(ASK)
        on.phone.dial()
        with pytest.raises(CallOverError):
            on.phone.deliver_status()

    # Parameters: they are signed with their empty and their foreign values as they are.
    def test_odd_values_are_signed(self, stage):
        more = {"CallerName": "Zoë 李 & Søn=", "ForwardedFrom": "", "A b": " c ", "aa": "\U0001f600"}
        on = stage(ask('numDigits="1"'), TURN_1, more_parameters=more)
        on.phone.dial()
        on.phone.press("1")
        assert [more.items() <= each.form.items() for each in on.app.requests] == [True] * 3
        assert on.app.refused == []

    # Status callback: the callback may come late, and twice.
    def test_a_held_status_callback(self, stage):
        on = stage("<Hangup/>")
        on.phone.hold_status = True
        on.phone.dial()
        assert on.app.paths == ["/voice/answer"]
        on.phone.deliver_status()
        on.phone.deliver_status()
        assert on.app.paths == ["/voice/answer", "/voice/status", "/voice/status"]

    # Status callback: 204 answers it, or an empty document; anything else is logged as a warning.
    @pytest.mark.parametrize(
        ("answered", "warned"),
        [
            ((204, {}), False),
            ((200, {"Content-Type": "text/xml"}), False),
            ((200, {"Content-Type": "text/html"}), True),
            ((500, {}), True),
        ],
    )
    def test_what_may_answer_a_status_callback(self, stage, reply, answered, warned):
        on = stage("<Hangup/>", {"/voice/status": reply("<Response/>", *answered)})
        on.phone.dial()
        assert bool(on.phone.warnings) is warned

    # Our own headers: the line says in each reply which turn, node, prompts and flow it is.
    def test_turns_are_read_from_the_headers(self, stage, reply):
        headers = {
            "Content-Type": "text/xml",
            "Ivr-Turn": "3",
            "Ivr-Node": "pay/amount",
            "Ivr-Prompts": "noinput, amount-menu.again",
            "Ivr-Flow": "abc",
        }
        on = stage(reply("<Response/>", headers=headers))
        heard = on.phone.dial()
        turn = heard.turns[0]
        assert (turn.path, turn.seq, turn.node, turn.flow) == ("/voice/answer", 3, "pay/amount", "abc")
        assert heard.prompts == ("noinput", "amount-menu.again")
        assert on.phone.turns == heard.turns

    # A call: it is dialed once, and nothing can be done before or after it.
    def test_a_phone_dials_once_and_acts_only_while_somebody_listens(self, stage):
        on = stage("<Hangup/>")
        with pytest.raises(CallOverError):
            on.phone.press("1")
        on.phone.dial()
        with pytest.raises(CallOverError):
            on.phone.dial()
        with pytest.raises(CallOverError):
            on.phone.hang_up()

    # Withheld numbers: they come as words, or as words spelled on a keypad.
    def test_a_withheld_number_is_sent_as_twilio_spells_it(self, stage):
        on = stage("<Hangup/>")
        phone = Phone(
            on.line,
            on.clock,
            call_sid="CA" + "2c" * 16,
            account_sid="AC1",
            from_number=WITHHELD_FORMS["withheld"],
        )
        phone.dial()
        assert on.app.requests[0].form["From"] == "+266696687"


class Failing:
    """A line that fails as told before it works."""

    def __init__(self, line, *codes):
        self._line = line
        self._codes = list(codes)
        self.public_url = line.public_url

    def post(self, path_or_url, form, *, headers=None):
        if self._codes and (code := self._codes.pop(0)):
            raise NoReplyError(code, "as told")
        return self._line.post(path_or_url, form, headers=headers)


FALLBACK = {"/voice/fallback": "<Say>a true sentence</Say>"}


class TestFailures:
    # Fallback: a status that is not 2xx, a wrong type, an empty body, no XML: the fallback URL is asked, with
    # the error's code and the URL that failed, and its document is executed instead.
    @pytest.mark.parametrize(
        ("answered", "code"),
        [
            (("", 500, {}), 11200),
            (("<Response/>", 404, {"Content-Type": "text/xml"}), 11200),
            (("<Response>", 200, {"Content-Type": "text/xml"}), 12100),
            (("<Answer/>", 200, {"Content-Type": "text/xml"}), 12102),
            (("", 200, {"Content-Type": "text/xml"}), 11770),
            (("{}", 200, {"Content-Type": "application/json"}), 12300),
            (("<Response/>", 200, {}), 12300),
            (("<Response>" + " " * 65536 + "</Response>", 200, {"Content-Type": "text/xml"}), 11750),
        ],
    )
    def test_the_fallback_takes_over(self, stage, reply, answered, code):
        on = stage(ask('numDigits="1"'), {**FALLBACK, "/voice/turn/1": reply(*answered)})
        on.phone.dial()
        heard = on.phone.press("1")
        assert heard.spoken == (("en-US", "a true sentence"),)
        form = on.app.last("/voice/fallback").form
        assert (form["ErrorCode"], form["ErrorUrl"]) == (str(code), "https://line.example/voice/turn/1")
        assert "Digits" not in form
        assert [(failure.code, failure.injected) for failure in on.phone.failures] == [(code, False)]

    # Fallback: when there is no fallback, or it fails too, the caller hears an apology and the call drops.
    @pytest.mark.parametrize("fallback_path", [None, "/voice/fallback"])
    def test_no_fallback_drops_the_call(self, stage, reply, fallback_path):
        broken = reply("", 500)
        on = stage(broken, {"/voice/fallback": broken}, fallback_path=fallback_path)
        heard = on.phone.dial()
        assert heard.ended == "error"
        assert "application error" in heard.spoken[0][1]
        assert on.app.last("/voice/status").form["CallStatus"] == "completed"

    # Retries: a connection that fails is tried once more, with the same token; a second failure goes to the
    # fallback.
    def test_connections_are_retried_once(self, stage):
        on = stage("<Say>hello</Say>", wrap=lambda line: Failing(line, 11205))
        assert on.phone.dial().spoken == (("en-US", "hello"),)
        assert on.phone.failures == ()

    # Retries: there is one and no more.
    def test_two_failed_connections_are_a_failure(self, stage):
        on = stage("<Hangup/>", FALLBACK, wrap=lambda line: Failing(line, 11205, 11205))
        assert on.phone.dial().spoken == (("en-US", "a true sentence"),)
        assert on.app.last("/voice/fallback").form["ErrorCode"] == "11205"

    # Retries, rc and rp: no time-out and no 5xx is retried unless the URL's fragment asks for it, and then so
    # often.
    @pytest.mark.parametrize(
        ("fragment", "requests"),
        [("", 1), ("#rc=2&rp=5xx", 3), ("#rc=1&rp=all", 2), ("#rc=5&rp=4xx,5xx", 6), ("#rc=2&rp=ct,rt", 1)],
    )
    def test_the_fragment_asks_for_retries(self, stage, reply, fragment, requests):
        on = stage(
            f"<Redirect>/voice/turn/1{fragment.replace('&', '&amp;')}</Redirect>",
            {**FALLBACK, "/voice/turn/1": reply("", 503)},
        )
        on.phone.dial()
        tried = [request for request in on.app.requests if request.path == "/voice/turn/1"]
        assert len(tried) == requests
        assert len({request.headers["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"] for request in tried}) == 1

    # Fallback: the URL that failed is named without its fragment.
    def test_the_fallback_hears_of_no_fragment(self, stage, reply):
        broken = {**FALLBACK, "/voice/turn/1": reply("", 500)}
        on = stage("<Redirect>/voice/turn/1?a=1#rc=0</Redirect>", broken)
        on.phone.dial()
        assert on.app.last("/voice/fallback").form["ErrorUrl"] == "https://line.example/voice/turn/1?a=1"

    # Fallback: any status from 200 to 299 is no failure.
    @pytest.mark.parametrize("status", [200, 201, 299])
    def test_a_status_that_is_2xx(self, stage, reply, status):
        on = stage(reply("<Response><Say>hello</Say></Response>", status), FALLBACK)
        assert on.phone.dial().spoken == (("en-US", "hello"),)

    # Retries, tt: there is none when the time for all of them is over.
    def test_no_retry_after_the_whole_time(self, stage, reply):
        on = stage(
            "<Redirect>/voice/turn/1#rc=5&amp;rp=5xx&amp;tt=1200</Redirect>",
            {**FALLBACK, "/voice/turn/1": reply("", 503)},
        )
        on.phone.dial()
        assert on.app.paths.count("/voice/turn/1") == 3
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + 1.2 + ROUND_TRIP + 1.2)

    # Time limit: a turn that takes over 15 seconds is given up; it reaches the line all the same.
    @pytest.mark.parametrize(
        ("round_trip", "ended", "seconds"), [(15.0, "goodbye", 15.0), (15.1, "error", 18.6)]
    )
    def test_a_line_that_is_too_slow(self, stage, round_trip, ended, seconds):
        on = stage("<Hangup/>", round_trip_seconds=round_trip, fallback_path=None)
        assert on.phone.dial().ended == ended
        assert on.app.paths == ["/voice/answer", "/voice/status"]
        assert on.phone.seconds == pytest.approx(seconds)
        failures = [] if ended == "goodbye" else [(11200, False)]
        assert [(failure.code, failure.injected) for failure in on.phone.failures] == failures

    # Time limit: rt and tt of its URL make it shorter, for one try and for all of them.
    @pytest.mark.parametrize(
        ("fragment", "tries", "waited"),
        [("rt=400", 1, 0.4), ("tt=300", 1, 0.3), ("rt=400&amp;rp=rt&amp;rc=3", 4, 1.6), ("rt=500", 1, None)],
    )
    def test_a_line_that_is_too_slow_for_its_url(self, stage, fragment, tries, waited):
        on = stage(f"<Redirect>/voice/turn/1#{fragment}</Redirect>", {**FALLBACK, **TURN_1})
        on.phone.dial()
        assert on.app.paths.count("/voice/turn/1") == tries
        after = ROUND_TRIP if waited is None else waited + ROUND_TRIP + 1.2
        assert on.phone.seconds == pytest.approx(ROUND_TRIP + after)
        assert len(on.phone.failures) == (waited is not None)

    # Retries, rp=rt: it asks for them after a read timeout as well.
    def test_a_time_out_can_be_retried_too(self, stage):
        on = stage(
            "<Redirect>/voice/turn/1#rp=rt</Redirect>",
            {**FALLBACK, **TURN_1},
            wrap=lambda line: Failing(line, None, 11200),
        )
        assert on.phone.dial().ended == "goodbye"
        assert on.phone.failures == ()

    # HTTP redirects: a redirect of the webhook is followed, but what the caller entered is gone: never
    # redirect.
    def test_an_http_redirect_loses_the_digits(self, stage, reply):
        elsewhere = reply("", 302, {"Location": "/voice/turn/1/"})
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": elsewhere, "/voice/turn/1/": "<Hangup/>"})
        on.phone.dial()
        on.phone.press("1")
        assert "Digits" not in on.app.last("/voice/turn/1/").form
        assert [warning.code for warning in on.phone.warnings] == [11215]

    # HTTP redirects: one that says not where is an answer like any other that is not 2xx.
    @pytest.mark.parametrize("status", [300, 302, 304])
    def test_an_http_redirect_to_nowhere(self, stage, reply, status):
        on = stage(reply("", status), FALLBACK)
        on.phone.dial()
        assert on.app.paths == ["/voice/answer", "/voice/fallback", "/voice/status"]
        assert [failure.code for failure in on.phone.failures] == [11200]

    # HTTP redirects: one to what is no URL is error 11100.
    def test_an_http_redirect_to_no_url(self, stage, reply):
        on = stage(reply("", 302, {"Location": "http://[bad"}), FALLBACK)
        on.phone.dial()
        assert on.app.last("/voice/fallback").form["ErrorCode"] == "11100"

    # HTTP redirects: ten are followed, the next one is error 11215.
    def test_ten_http_redirects_are_the_most(self, stage, reply):
        on = stage(reply("", 302, {"Location": "/voice/answer"}), fallback_path=None)
        assert on.phone.dial().ended == "error"
        assert on.phone.failures[0].code == 11215
        assert len(on.phone.warnings) == 11

    # URLs: a virtual phone never calls strangers.
    def test_a_url_elsewhere_is_a_failure(self, stage):
        on = stage("<Redirect>https://elsewhere.example/</Redirect>", FALLBACK)
        on.phone.dial()
        assert on.phone.failures[0].code == 11205

    # Status callback: nobody repeats it, and the call has ended all the same.
    def test_a_status_callback_nobody_takes_is_a_failure(self, stage):
        on = stage("<Hangup/>", wrap=lambda line: Failing(line, None, 11205))
        assert on.phone.dial().ended == "goodbye"
        assert [(failure.path, failure.code) for failure in on.phone.failures] == [("/voice/status", 11205)]


class TestFaults:
    # Duplicates: a turn may come twice, at once or one after the other; both carry one token and get the same
    # bytes.
    @pytest.mark.parametrize("fault", [Injected.DUPLICATE, Injected.CONCURRENT_DUPLICATE])
    def test_a_duplicate_must_get_the_same_answer(self, stage, fault):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": ["<Hangup/>", "<Say>other</Say>"]})
        on.phone.dial()
        on.phone.inject(fault)
        on.phone.press("1")
        twice = [request for request in on.app.requests if request.path == "/voice/turn/1"]
        assert len(twice) == 2
        assert twice[0].headers == twice[1].headers
        assert twice[0].form == twice[1].form

    # Duplicates: a line that answers them in two ways is wrong.
    @pytest.mark.parametrize("fault", [Injected.DUPLICATE, Injected.CONCURRENT_DUPLICATE])
    def test_another_answer_is_an_error(self, stage, fault):
        on = stage(ask('numDigits="1"'), {"/voice/turn/1": ["<Hangup/>", "<Say>other</Say>"]})
        on.app.forget_tokens = True
        on.phone.dial()
        on.phone.inject(fault)
        with pytest.raises(UnequalRepliesError, match="/voice/turn/1 was posted twice and its body differs"):
            on.phone.press("1")

    # Duplicates: the option posts every turn twice, and compares our headers too.
    def test_every_turn_may_be_posted_twice(self, stage):
        on = stage(ask('numDigits="1"'), TURN_1, post_twice=True)
        on.phone.dial()
        on.phone.press("1")
        assert on.app.paths == [*["/voice/answer"] * 2, *["/voice/turn/1"] * 2, "/voice/status"]
        assert len(on.phone.turns) == 2

    # Duplicates: a repeated reply repeats our headers.
    def test_headers_must_be_repeated_too(self, stage, reply):
        answers = [
            reply("<Response/>", headers={"Content-Type": "text/xml", "Ivr-Node": node}) for node in "ab"
        ]
        on = stage(answers, post_twice=True)
        on.app.forget_tokens = True
        with pytest.raises(UnequalRepliesError, match="Ivr-Node differs: 'a', then 'b'"):
            on.phone.dial()

    # Response lost after the commit: a response lost after the line has worked: Twilio waits 15 seconds, then
    # asks the fallback.
    def test_a_lost_response(self, stage):
        on = stage(ask('numDigits="1"'), {**TURN_1, **FALLBACK})
        on.phone.dial()
        on.phone.inject(Injected.LOST_RESPONSE)
        heard = on.phone.press("1")
        assert heard.spoken == (("en-US", "a true sentence"),)
        assert [(failure.code, failure.injected) for failure in on.phone.failures] == [(11200, True)]
        assert on.phone.seconds == pytest.approx(ROUND_TRIP * 2 + 2.0 + 1.0 + 15.0 + 1.2)
