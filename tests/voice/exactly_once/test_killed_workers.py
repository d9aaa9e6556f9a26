"""kill -9 of the web worker at every step of the turns that matter; then Twilio's retry, or its fallback."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.served_line import ServedLine

from ivr.storage.tables import Payment


def places(steps: str) -> list[str]:
    """Name every place of a turn: before each step, while it is under way, and after the COMMIT."""
    numbers = range(1, len(steps) + 1)
    return [f"{when}:{number}" for number in numbers for when in ("before", "during")] + ["after:commit"]


def places_of_a_yes(line: ServedLine) -> list[str]:
    steps = line.caller_at_the_question().yes().steps
    assert len(steps) >= 4
    return places(steps)


def is_paid(line: ServedLine, call_sid: str) -> bool:
    with line.engine.connect() as db:
        return len(db.execute(select(Payment.id).where(Payment.call_sid == call_sid)).all()) == 1


@pytest.mark.parametrize("then", ["retry", "fallback"])
def test_a_worker_killed_at_any_step_of_the_yes(line: ServedLine, then: str) -> None:
    for place in places_of_a_yes(line):
        caller = line.caller_at_the_question()
        assert caller.yes(fault=f"kill-worker {place}").status == 0
        if then == "retry":
            paid = caller.yes()
            assert paid.prompts[0] == "confirmation", place
            assert caller.yes().body == paid.body
            assert is_paid(line, caller.call_sid)
            continue
        told = caller.fallback().prompts[0]
        assert told == ("trouble-payment" if is_paid(line, caller.call_sid) else "trouble-no-payment"), place
        late = caller.yes().prompts[0]  # the first request once more, late
        assert late == ("confirmation" if is_paid(line, caller.call_sid) else "trouble-no-payment"), place
        assert is_paid(line, caller.call_sid) is (told == "trouble-payment")
        assert place != "before:1" or told == "trouble-no-payment"
        assert place != "after:commit" or told == "trouble-payment"


def test_a_worker_killed_at_any_step_of_the_trouble_turn(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    caller.yes()
    for place in places(caller.fallback().steps):
        paid, unpaid = line.caller_at_the_question(), line.caller_at_the_question()
        paid.yes()  # an answer that Twilio loses on its way: the line cannot tell
        for caller, prompt in ((paid, "trouble-payment"), (unpaid, "trouble-no-payment")):
            assert caller.fallback(fault=f"kill-worker {place}").status == 0
            told = caller.fallback()
            assert told.prompts[0] == prompt
            assert caller.fallback().body == told.body
            late = caller.yes().prompts[0]
            assert late == ("confirmation" if caller is paid else "trouble-no-payment")


def test_a_worker_killed_while_a_call_begins(line: ServedLine) -> None:
    for place in places(line.caller().answer().steps):
        caller = line.caller()
        assert caller.answer(fault=f"kill-worker {place}").status == 0
        first = caller.answer()
        assert first.headers["ivr-turn"] == "0"
        assert caller.answer().body == first.body


def test_a_worker_killed_while_a_call_ends(line: ServedLine) -> None:
    for place in ("before:1", "during:1", "before:commit", "during:commit", "after:commit"):
        caller = line.caller_at_the_question()
        caller.hang_up(fault=f"kill-worker {place}")
        caller.hang_up()
        assert caller.yes().prompts[0] == "call-over"


def test_an_error_of_our_own_at_any_step_of_the_yes(line: ServedLine) -> None:
    for place in places_of_a_yes(line):
        caller = line.caller_at_the_question()
        told = caller.yes(fault=f"fail {place}")
        expected = {"confirmation"} if is_paid(line, caller.call_sid) else {"trouble-no-payment"}
        assert {told.prompts[0]} == expected, place
        assert caller.yes().body == told.body
        assert caller.fallback().prompts[0] in {"trouble-payment", "trouble-no-payment"}
