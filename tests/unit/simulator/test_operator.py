from __future__ import annotations

import pytest

from ivr.simulator.operator import RelayOperator

TEN = "one two three four five six seven eight nine ten"
ROUND_TRIP = 0.5


def gather(inside, timeout=120, more=""):
    return f'<Gather action="/voice/turn/1" timeout="{timeout}" {more}>{inside}</Gather>'


def key_times(phone):
    return [round(note.seconds, 3) for note in phone.notes if note.kind == "pressed"]


# The line speaks ten words in four seconds, the operator types them in ten: six are left. Then the caller
# answers within ten seconds, and the keys follow five seconds apart.
def test_keys_wait_for_typing_and_answer(stage):
    on = stage(gather(f"<Say>{TEN}</Say>"), {"/voice/turn/1": "<Hangup/>"})
    operator = RelayOperator(on.phone)
    operator.dial()
    assert operator.untyped_seconds == pytest.approx(6.0)
    heard = operator.press("123#")
    assert heard.ended == "goodbye"
    begun = ROUND_TRIP + 4.0 + 6.0 + 10.0
    assert key_times(on.phone) == [begun, begun + 5, begun + 10, begun + 15]
    assert on.app.last("/voice/turn/1").form["Digits"] == "123"


# A pause lets the typing catch up, but never run ahead.
@pytest.mark.parametrize(
    ("inside", "left"),
    [
        (f'<Say>{TEN}</Say><Pause length="4"/>', 2.0),
        (f'<Say>{TEN}</Say><Pause length="60"/>', 0.0),
        (f'<Pause length="60"/><Say>{TEN}</Say>', 6.0),
        (f"<Say>{TEN}</Say>" * 2, 12.0),
    ],
)
def test_pauses_let_the_typing_catch_up(stage, inside, left):
    on = stage(gather(inside))
    operator = RelayOperator(on.phone)
    operator.dial()
    assert operator.untyped_seconds == pytest.approx(left)


# In a voice window nothing an operator keys arrives in time; in a relay window it does.
@pytest.mark.parametrize(("timeout", "digits"), [(7, ""), (70, "1")])
def test_a_voice_window_is_too_short_for_an_operator(stage, timeout, digits):
    more = 'numDigits="1" actionOnEmptyResult="true"'
    on = stage(gather(f"<Say>{TEN}</Say>", timeout, more), {"/voice/turn/1": "<Hangup/>"})
    operator = RelayOperator(on.phone)
    operator.dial()
    operator.press("1")
    assert on.app.last("/voice/turn/1").form["Digits"] == digits


def test_an_operator_voices_waits_and_hangs_up(stage):
    again = gather("<Say>a</Say>", 20, 'input="dtmf speech" speechTimeout="5" actionOnEmptyResult="true"')
    on = stage(again, {"/voice/turn/1": again})
    operator = RelayOperator(on.phone, answer_seconds=3.0)
    operator.dial()
    operator.say("I authorize", confidence=None)
    form = on.app.last("/voice/turn/1").form
    assert (form["SpeechResult"], "Confidence" in form) == ("I authorize", False)
    spoken = next(note for note in on.phone.notes if note.kind == "spoke")
    assert spoken.seconds == pytest.approx(ROUND_TRIP + 0.4 + 0.6 + 3.0)
    operator.stay_silent()
    assert on.app.last("/voice/turn/1").form["Digits"] == ""
    assert operator.hang_up().ended == "hangup"
