from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL, Engine, event, insert, select

from ivr.base.clock import ManualClock
from ivr.jobs.purge import purge_calls
from ivr.jobs.worker import run_due_jobs
from ivr.storage.queue import enqueue
from ivr.storage.tables import Call, Turn

NOW = datetime(2026, 12, 18, 15, tzinfo=UTC)
STATE = '{"node": "bank-routing-ask"}'
FORGOTTEN = (None, "{}", "closed", True, [None, None])


def make_call(engine: Engine, number: int, started_ago: timedelta, ended_ago: timedelta | None) -> str:
    call_sid = f"CA{number:032}"
    at = NOW - started_ago
    with engine.begin() as connection:
        connection.execute(
            insert(Call).values(
                call_sid=call_sid,
                status="open" if ended_ago is None else "closed",
                caller_kind="withheld",
                started_at=at,
                answered_at=at,
                ended_at=None if ended_ago is None else NOW - ended_ago,
                flow_version="v",
                language="en-US",
                pace="voice",
                seq=2,
                node="goodbye",
                state=STATE,
                secrets=b"sealed digits",
                purged=False,
            )
        )
        connection.execute(
            insert(Turn),
            [
                {
                    "call_sid": call_sid,
                    "seq": seq,
                    "at": at,
                    "node": "n",
                    "prompts": "p",
                    "events": "[]",
                    "reply": b"r",
                }
                for seq in (1, 2)
            ],
        )
    return call_sid


def left_of(engine: Engine, call_sid: str) -> tuple:
    with engine.connect() as connection:
        call = connection.execute(
            select(Call.secrets, Call.state, Call.status, Call.purged).where(Call.call_sid == call_sid)
        ).one()
        replies = connection.scalars(select(Turn.reply).where(Turn.call_sid == call_sid)).all()
        return (*call, list(replies))


def minutes(hours: int, minutes: int = 0) -> timedelta:
    return timedelta(hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("started_ago", "ended_ago", "forgotten"),
    [
        (minutes(24, 10), minutes(24), True),
        (minutes(24, 10), minutes(23, 59), False),
        (minutes(0, 10), minutes(0), False),
        (minutes(900), minutes(899), True),
        (minutes(25), None, True),
        (minutes(24, 59), None, False),
        (minutes(0, 1), None, False),
    ],
)
def test_a_call_is_forgotten_24_hours_after_its_end(
    engine: Engine, started_ago, ended_ago, forgotten
) -> None:
    call_sid = make_call(engine, 1, started_ago, ended_ago)
    before = left_of(engine, call_sid)
    assert purge_calls(engine, NOW) == forgotten
    assert left_of(engine, call_sid) == (FORGOTTEN if forgotten else before)


def test_many_calls_go_in_batches_and_once(engine: Engine) -> None:
    calls = [make_call(engine, number, minutes(30), minutes(29)) for number in range(7)]
    fresh = make_call(engine, 7, minutes(2), minutes(1))
    commits: list[object] = []
    count = commits.append
    event.listen(engine, "commit", count)
    assert purge_calls(engine, NOW, batch_size=3) == 7
    event.remove(engine, "commit", count)
    assert len(commits) == 4  # three, three, one, none
    assert [left_of(engine, call_sid) for call_sid in calls] == [FORGOTTEN] * 7
    assert left_of(engine, fresh)[:2] == (b"sealed digits", STATE)
    assert purge_calls(engine, NOW, batch_size=3) == 0


def test_a_call_that_somebody_holds_waits_for_the_next_time(engine: Engine) -> None:
    held = make_call(engine, 1, minutes(30), minutes(29))
    free = make_call(engine, 2, minutes(30), minutes(29))
    with engine.begin() as other:
        other.execute(select(Call.call_sid).where(Call.call_sid == held).with_for_update())
        assert purge_calls(engine, NOW) == 1
    assert left_of(engine, held)[1] == STATE
    assert left_of(engine, free) == FORGOTTEN
    assert purge_calls(engine, NOW) == 1


def test_the_job_purges(engine: Engine, database_url: URL) -> None:
    call_sid = make_call(engine, 1, minutes(30), minutes(29))
    with engine.begin() as connection:
        enqueue(connection, "purge")
    run_due_jobs(database_url, ManualClock(NOW - timedelta(hours=10)))
    assert left_of(engine, call_sid)[1] == STATE
    with engine.begin() as connection:
        enqueue(connection, "purge")
    run_due_jobs(database_url, ManualClock(NOW))
    assert left_of(engine, call_sid) == FORGOTTEN
