"""The same turn, however often, however late and in whatever order: one answer, one payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select
from support.served_line import (
    ACCOUNT,
    IN_FULL,
    KEYS_TO_THE_BANK,
    Caller,
    Exchange,
    ServedLine,
    keyed,
    said,
    wait_until,
)

from ivr.storage.tables import Call, Payment


def payments_of(line: ServedLine, *callers: Caller) -> int:
    count = select(func.count()).where(Payment.call_sid.in_([caller.call_sid for caller in callers]))
    with line.engine.connect() as db:
        return db.execute(count).scalar_one()


def at_once(line: ServedLine, *posts: Callable[[], Exchange]) -> list[Exchange]:
    started = [line.start(post) for post in posts]
    return [each.result() for each in started]


@pytest.mark.parametrize("copies", [2, 3])
def test_equal_requests_at_one_instant_get_one_answer(line: ServedLine, copies: int) -> None:
    caller = line.caller()
    assert len({reply.body for reply in at_once(line, *[caller.answer] * copies)}) == 1
    keys = (*caller.keys_to_verify(), *IN_FULL, *KEYS_TO_THE_BANK, ACCOUNT, ACCOUNT)
    inputs = [keyed(each) for each in keys]
    for seq, heard in enumerate([*inputs, said("yes")], start=1):

        def post(seq: int = seq, heard: dict[str, str] = heard) -> Exchange:
            return caller.turn(seq, heard)

        replies = at_once(line, *[post] * copies)
        assert len({reply.body for reply in replies}) == 1, seq
        assert {reply.headers["ivr-turn"] for reply in replies} == {str(seq)}
    assert replies[0].prompts[0] == "confirmation"
    assert payments_of(line, caller) == 1


def test_a_turn_that_was_answered_stays_answered(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    ahead = caller.turn(caller.seq + 2, said("yes"))
    paid = caller.yes()
    assert ahead.prompts[-1] == "authorization-ask"
    assert paid.prompts[0] == "confirmation"
    seq = caller.seq + 1
    for heard in (said("no"), keyed("2"), {}):
        assert caller.turn(seq, heard).body == paid.body
    assert caller.turn(seq + 5, said("yes")).body == paid.body
    assert payments_of(line, caller) == 1
    before = [caller.turn(earlier, said("yes")).headers["ivr-turn"] for earlier in range(1, seq)]
    assert before == [str(earlier) for earlier in range(1, seq)]
    caller.hang_up()
    assert caller.yes().body == paid.body
    assert caller.turn(seq + 1, keyed("1")).prompts[0] == "call-over"
    assert caller.answer().headers["ivr-turn"] == "0"
    assert payments_of(line, caller) == 1


def test_a_turn_of_a_call_nobody_answered_is_told_so(line: ServedLine) -> None:
    assert line.caller().turn(3, said("yes")).prompts[0] == "call-unknown"


@pytest.mark.parametrize("then", ["retry", "fallback"])
def test_an_answer_lost_after_commit_is_not_lost(line: ServedLine, then: str) -> None:
    caller = line.caller_at_the_question()
    assert caller.yes(fault="kill-worker answer").status == 0
    assert payments_of(line, caller) == 1
    if then == "retry":
        assert caller.yes().prompts[0] == "confirmation"
    else:
        assert caller.fallback().prompts[0] == "trouble-payment"
        assert caller.yes().prompts[0] == "confirmation"
    assert payments_of(line, caller) == 1


def test_who_calls_back_hears_the_payment_first(line: ServedLine) -> None:
    caller = line.caller().play_to_the_question()
    caller.yes(fault="kill-worker answer")
    caller.hang_up()
    assert line.again(caller.member).verify().prompts[0] == "recent-payment"


def test_who_paid_after_a_call_that_dropped_is_not_told_that_nothing_was_paid(line: ServedLine) -> None:
    dropped = line.caller().play_to_the_question(amount=("2", "100#", "1"))
    dropped.hang_up()
    paying = line.again(dropped.member)
    assert "dropped-call" in paying.verify().prompts
    for keys in ("1", *KEYS_TO_THE_BANK, ACCOUNT, ACCOUNT):
        paying.press(keys)
    paying.yes(fault="kill-worker answer")  # and nobody reports how that call ends
    assert line.again(dropped.member).verify().prompts[0] == "recent-payment"  # what follows: the invariants


def test_hanging_up_before_the_yes_leaves_no_payment(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    caller.hang_up()
    caller.hang_up()
    assert caller.yes().prompts[0] == "call-over"
    assert payments_of(line, caller) == 0


def test_hanging_up_during_the_yes_waits_for_it(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    with line.gate() as gate:
        slow = line.start(caller.yes, fault=f"hold={gate.path} before:commit")
        gate.wait_for_somebody()
        hanging_up = line.start(caller.hang_up)
        gate.open()
        paid = slow.result()
        hanging_up.result()
    assert paid.prompts[0] == "confirmation"
    assert caller.yes().body == paid.body
    assert payments_of(line, caller) == 1
    with line.engine.connect() as db:
        ended = db.execute(select(Call.status, Call.end).where(Call.call_sid == caller.call_sid)).one()
    assert tuple(ended) == ("closed", "hangup")


def test_who_hung_up_before_the_first_turn_is_asked_nothing(line: ServedLine) -> None:
    caller = line.caller()
    caller.hang_up()
    assert caller.answer().prompts[0] == "call-over"
    assert caller.turn(1, keyed("1")).prompts[0] == "call-over"


def lock_waiters(line: ServedLine) -> set[datetime]:
    """Return when the transactions began that wait for a lock now."""
    query = (
        "SELECT xact_start FROM pg_stat_activity WHERE application_name = 'ivr' AND wait_event_type = 'Lock'"
    )
    with line.engine.connect() as db:
        return set(db.exec_driver_sql(query).scalars())


def test_a_duplicate_waits_for_a_slow_first_and_gets_its_answer(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    with line.gate() as gate:
        slow = line.start(caller.yes, fault=f"hold={gate.path} before:commit")
        gate.wait_for_somebody()
        duplicate = line.start(caller.yes)
        wait_until(lambda: lock_waiters(line))
        gate.open()
        assert slow.result().body == duplicate.result().body
    assert slow.result().prompts[0] == "confirmation"


def test_a_duplicate_that_waited_too_long_does_not_end_the_call(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    with line.gate() as gate:
        slow = line.start(caller.yes, fault=f"hold={gate.path} before:commit")
        gate.wait_for_somebody()
        duplicate = line.start(caller.yes)
        wait_until(lambda: lock_waiters(line))
        first_wait = lock_waiters(line)
        wait_until(
            lambda: lock_waiters(line) - first_wait
        )  # it gave up, and asks what has become of the turn
        gate.open()
        assert slow.result().body == duplicate.result().body
    assert slow.result().prompts[0] == "confirmation"
    with line.engine.connect() as db:
        assert db.execute(select(Call.status).where(Call.call_sid == caller.call_sid)).scalar_one() == "open"


def test_a_first_that_never_ends_is_undone_and_the_others_are_told_what_holds_then(line: ServedLine) -> None:
    caller = line.caller_at_the_question()
    with line.gate() as gate:
        slow = line.start(caller.yes, fault=f"hold={gate.path} before:commit")
        gate.wait_for_somebody()
        duplicates = [line.start(caller.yes), line.start(caller.fallback)]
        assert slow.result().prompts[0] == "trouble-unknown"
        assert slow.result().seconds < 6
        told = {duplicate.result().prompts[0] for duplicate in duplicates}
    # It is undone at its deadline. A request that came a moment later still has that moment: it closes the call,
    # or it pays in the first one's place, and whoever is told something then is told that.
    paid = payments_of(line, caller)
    agreeing = ({"trouble-no-payment"}, {"confirmation", "trouble-payment"})
    assert paid in {0, 1}
    assert told <= agreeing[paid] | {"trouble-unknown"}


def test_a_fallback_of_a_call_never_stored_stays_true_when_the_call_begins_late(line: ServedLine) -> None:
    caller = line.caller()
    told = caller.fallback()
    assert told.prompts[0] == "trouble-no-payment"
    assert caller.answer().body == told.body
    assert caller.turn(1, keyed("1")).prompts[0] == "call-over"


@pytest.mark.parametrize("lead", range(6))
def test_fallbacks_and_late_first_requests_agree(line: ServedLine, lead: int) -> None:
    callers = [line.caller_at_the_question() for _ in range(3)]
    posts = [
        post
        for caller in callers
        for post in ([caller.fallback, caller.yes] if lead % 2 else [caller.yes, caller.fallback]) * 2
    ]
    told = {prompt for reply in at_once(line, *posts) for prompt in reply.prompts[:1]}
    assert told <= {"confirmation", "trouble-payment", "trouble-no-payment", "call-over"}
