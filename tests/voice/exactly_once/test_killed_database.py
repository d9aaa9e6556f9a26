"""A database that dies, is stopped by an administrator, freezes or is not there; before, during, after COMMIT."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from support.served_line import ServedLine, is_running, wait_until

from ivr.storage.tables import Payment

from .conftest import WORKERS

UNKNOWN, NOT_NOW = "trouble-unknown", "trouble-not-now"
PLACES = ("before:1", "during:1", "during:3", "before:commit", "during:commit", "after:commit")


def payments_of(line: ServedLine, call_sid: str) -> int:
    with line.engine.connect() as db:
        return len(db.execute(select(Payment.id).where(Payment.call_sid == call_sid)).all())


@pytest.mark.parametrize("act", ["end-backend", "kill-backend"])
def test_a_backend_that_ends_costs_a_moment(line: ServedLine, act: str) -> None:
    for place in PLACES:
        caller = line.caller_at_the_question()
        paid = caller.yes(fault=f"{act} {place}")
        assert paid.prompts[0] == "confirmation", place
        line.settle()
        assert caller.yes().body == paid.body
        assert payments_of(line, caller.call_sid) == 1


@pytest.mark.parametrize("then", ["retry", "fallback"])
def test_a_server_killed_and_started_again(line: ServedLine, then: str) -> None:
    for place in PLACES:
        caller = line.caller_at_the_question()
        restarted = line.start(line.cluster.restart_once_dead)
        told = caller.yes(fault=f"kill-postmaster {place}")
        restarted.result()
        assert told.prompts[0] in {"confirmation", UNKNOWN}, place
        line.settle()
        again = caller.yes() if then == "retry" else caller.fallback()
        expected = {
            ("retry", True): {"confirmation"},
            ("fallback", True): {"trouble-payment"},
            ("fallback", False): {"trouble-no-payment"},
        }[then, payments_of(line, caller.call_sid) == 1]
        assert again.prompts[0] in expected
        assert told.prompts[0] == UNKNOWN or payments_of(line, caller.call_sid) == 1


def test_no_database_at_all(line: ServedLine) -> None:
    caller, new = line.caller_at_the_question(), line.caller()
    line.cluster.kill()
    replies = [line.start(post) for post in (caller.yes, caller.fallback, new.answer, new.fallback)]
    told = [reply.result().prompts[0] for reply in replies]
    assert told == [UNKNOWN, UNKNOWN, NOT_NOW, NOT_NOW]
    assert max(reply.result().seconds for reply in replies) < 12  # two workers, two requests each
    caller.hang_up()
    line.cluster.restart_once_dead()
    line.settle()
    assert caller.yes().prompts[0] == "confirmation"
    assert new.answer().headers["ivr-turn"] == "0"


@pytest.mark.parametrize("then", ["retry", "fallback"])
def test_a_frozen_database_is_waited_for_five_seconds(line: ServedLine, then: str) -> None:
    caller, other = line.caller_at_the_question(), line.caller()
    first = line.start(caller.yes, fault="freeze during:commit")
    wait_until(line.cluster.is_frozen)
    line.cluster.freeze()  # all of it, so that another worker's connection is silent too
    beginning = line.start(other.answer)
    replies = (first.result(), beginning.result())
    line.cluster.thaw()
    assert replies[0].prompts[0] in {UNKNOWN, "confirmation"}  # it may have answered before it froze
    assert replies[1].prompts[0] == NOT_NOW
    assert max(reply.seconds for reply in replies) < 7  # five and a half, and some for a busy machine
    line.settle()
    paid = payments_of(line, caller.call_sid) == 1  # the COMMIT had been sent, but may have come too late
    if then == "retry":
        assert caller.yes().prompts[0] == "confirmation"
    else:
        assert caller.fallback().prompts[0] == ("trouble-payment" if paid else "trouble-no-payment")


@contextmanager
def locked(line: ServedLine, table: str) -> Iterator[None]:
    """Lock a table as a migration that is stuck does: the server answers, and no turn does."""
    with line.engine.connect() as db, db.begin():
        db.exec_driver_sql(f"LOCK TABLE {table}")
        yield


def test_a_queue_is_told_in_the_time_of_its_first(line: ServedLine) -> None:
    """Forty yeses, first turns and fallbacks to three web workers: a deadline each would be a quarter of a minute.

    Everything is a fifth of what it is in earnest: a deadline of 5 seconds, Twilio's patience of 15.
    """
    callers = [line.caller_at_the_question() for _ in range(40)]
    new = [line.caller() for _ in range(4)]
    for caller in (*callers, *new):
        caller.deadline_seconds = 1.0
    with ThreadPoolExecutor(60) as threads, locked(line, "calls"):
        yeses = [threads.submit(caller.yes) for caller in callers]
        others = [threads.submit(post) for caller in new for post in (caller.answer, caller.fallback)]
        fallbacks = [threads.submit(caller.fallback) for caller in callers[:8]]
        replies = [each.result() for each in (*yeses, *fallbacks)]
        first = [each.result() for each in others]
    assert {reply.prompts[0] for reply in replies} == {UNKNOWN}
    assert {reply.prompts[0] for reply in first} == {NOT_NOW}
    assert max(reply.seconds for reply in (*replies, *first)) < 3
    line.settle()
    for caller in callers:
        caller.deadline_seconds = None
    assert callers[0].yes().prompts[0] == "confirmation"
    assert callers[1].fallback().prompts[0] == "trouble-no-payment"


def test_once_it_is_known_nobody_waits_and_a_try_that_dies_is_followed_by_another(line: ServedLine) -> None:
    caller, other = line.caller_at_the_question(), line.caller_at_the_question()
    caller.deadline_seconds = other.deadline_seconds = 0.5
    with locked(line, "calls"):
        assert caller.yes().prompts[0] == UNKNOWN
        steps = {other.yes().steps for _ in range(WORKERS * 2)}
        assert "" in steps  # told without a statement, also by workers that had met nothing yet
        wait_until(lambda: caller.yes(fault="kill-worker before:1").status == 0)
        assert other.yes().steps == ""
    wait_until(lambda: other.yes().prompts[0] == "confirmation")


def test_workers_outlive_a_database_that_freezes_again_and_again(line: ServedLine) -> None:
    # A worker whose connection an earlier test killed sends its first statement twice: once a worker.
    callers = [line.caller_at_the_question() for _ in range(2 * WORKERS + 1)]
    steps = {
        "yes": min(len(caller.yes().steps) for caller in callers),
        "fallback": min(len(caller.fallback().steps) for caller in callers),
    }
    places = [
        (post, f"{when}:{step}")
        for post, last in steps.items()
        for step in range(1, last + 1)
        for when in ("before", "during")
    ]
    workers = set()
    for number, (post, place) in enumerate(places):
        caller = line.caller_at_the_question()
        caller.deadline_seconds = 0.3
        told = getattr(caller, post)(fault=f"freeze {place}")
        line.cluster.thaw()
        answered = {"confirmation", "trouble-no-payment"} if place.startswith("during") else set()
        assert told.prompts[0] in {UNKNOWN, *answered}, place  # it may have answered before it froze
        workers.add(int(told.headers["ivr-worker"]))
        line.settle()
        caller.deadline_seconds = None
        paid = payments_of(line, caller.call_sid) == 1
        if number % 2:
            assert caller.fallback().prompts[0] == ("trouble-payment" if paid else "trouble-no-payment"), (
                place
            )
        else:
            assert caller.yes().prompts[0] in {"confirmation", "trouble-no-payment"}, place
    assert all(is_running(worker) for worker in workers)
    with line.engine.connect() as db:
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ivr'"
        assert db.exec_driver_sql(count).scalar_one() <= 3 * 2  # workers, and what a pool keeps
