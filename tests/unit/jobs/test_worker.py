from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate import App
from sqlalchemy import URL, Engine, text

from ivr.base.clock import Clock, ManualClock
from ivr.base.errors import DatabaseUnavailableError
from ivr.jobs.worker import run_due_jobs, run_once, run_worker
from ivr.storage.heartbeats import WORKER as WORKER_BEAT
from ivr.storage.heartbeats import last_seen
from ivr.storage.queue import enqueue

CLOCK = ManualClock(datetime(2026, 12, 18, 15, tzinfo=UTC))
WORKER = """
import sys
from ivr.base.clock import SystemClock
from ivr.jobs.worker import run_worker
from ivr.storage.engine import database_url
run_worker(database_url(sys.argv[1]), SystemClock())
"""


def jobs(engine: Engine) -> list[tuple]:
    with engine.connect() as connection:
        query = "SELECT task_name, status::text, attempts FROM procrastinate_jobs ORDER BY id"
        return [tuple(row) for row in connection.execute(text(query))]


def strand(engine: Engine, job_id: int, *, heartbeat_age_seconds: int) -> None:
    """Leave a job as a killed worker does: being done, by a worker whose heart stopped."""
    with engine.begin() as connection:
        worker = connection.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => :age)) RETURNING id"
            ),
            {"age": heartbeat_age_seconds},
        )
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE id = :job"),
            {"worker": worker, "job": job_id},
        )


def test_due_jobs_are_run_and_removed(engine: Engine, database_url: URL) -> None:
    with engine.begin() as connection:
        for _ in range(3):
            enqueue(connection, "purge")
    run_due_jobs(database_url, CLOCK)
    assert jobs(engine) == []


def test_a_job_that_nobody_knows_fails_loudly_and_stays(
    engine: Engine, database_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        enqueue(connection, "no_such_job", payment_id=7)
    with caplog.at_level(logging.ERROR, "procrastinate"):
        run_due_jobs(database_url, CLOCK)
    assert jobs(engine) == [("no_such_job", "failed", 1)]
    assert "no_such_job" in caplog.text


@pytest.mark.parametrize(("heartbeat_age_seconds", "left"), [(60, []), (-3600, [("purge", "doing", 0)])])
def test_the_job_of_a_killed_worker_is_done_again(
    engine: Engine, database_url: URL, heartbeat_age_seconds: int, left: list[tuple]
) -> None:
    with engine.begin() as connection:
        stranded = enqueue(connection, "purge")
    strand(engine, stranded, heartbeat_age_seconds=heartbeat_age_seconds)
    run_due_jobs(database_url, CLOCK)
    assert jobs(engine) == [("purge", "doing", 0)]
    with engine.begin() as connection:
        enqueue(connection, "retry_stalled_jobs")
    run_due_jobs(database_url, CLOCK)
    assert jobs(engine) == left


def test_a_stranded_job_whose_twin_waits_is_dropped(engine: Engine, database_url: URL) -> None:
    with engine.begin() as connection:
        enqueue(connection, "retry_stalled_jobs")
        stranded = enqueue(connection, "purge")
        lock = text("UPDATE procrastinate_jobs SET queueing_lock = 'purge' WHERE task_name = 'purge'")
        connection.execute(lock)
    strand(engine, stranded, heartbeat_age_seconds=60)
    with engine.begin() as connection:
        enqueue(connection, "purge")
        connection.execute(lock)
    run_due_jobs(database_url, CLOCK)
    assert jobs(engine) == []


def test_the_worker_works_until_it_is_told_to_stop(engine: Engine, database_url: URL) -> None:
    url = database_url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", WORKER, url], stderr=subprocess.PIPE, text=True) as worker:
        with engine.begin() as connection:
            enqueue(connection, "purge")
        give_up_at = time.monotonic() + 60
        while came_by_themselves(engine) != {"heartbeat", "purge", "retry_stalled_jobs"} or jobs(engine):
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)
        _, errors = worker.communicate(timeout=30)
    assert (worker.returncode, errors) == (0, "")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM procrastinate_workers")) == 0
        assert last_seen(connection, WORKER_BEAT) is not None


def test_the_worker_is_seen_at_work_once_a_minute(engine: Engine, database_url: URL) -> None:
    with engine.connect() as connection:
        assert last_seen(connection, WORKER_BEAT) is None
    for minutes in (0, 1):
        clock = ManualClock(CLOCK.now() + timedelta(minutes=minutes))
        run_once(database_url, clock)
        with engine.connect() as connection:
            assert last_seen(connection, WORKER_BEAT) == clock.now()


def test_when_one_lane_cannot_work_the_worker_ends(empty_database: URL) -> None:
    before = signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # as in a process that was started in the background
    try:
        with pytest.raises(DatabaseUnavailableError, match="started again"):
            run_worker(empty_database, CLOCK)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_job_after_one_whose_session_could_not_write_finds_one_that_can(
    engine: Engine, database_url: URL
) -> None:
    """A session opened while the server was read-only costs one job, not all until the worker's next start."""
    noted = []

    def notes(app: App, engine: Engine, clock: Clock, *, periodic: bool) -> None:
        @app.task(name="switched_over")
        def switched_over() -> None:
            with engine.begin() as db:
                db.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))

        @app.task(name="note")
        def note() -> None:
            with engine.begin() as db:
                db.execute(text("CREATE TABLE noted ()"))
                db.execute(text("DROP TABLE noted"))
            noted.append("note")

    with engine.begin() as connection:
        for name in ("switched_over", "note", "note", "note"):
            enqueue(connection, name)
    with pytest.raises(DatabaseUnavailableError, match="only be read"):
        run_due_jobs(database_url, CLOCK, notes)
    assert (noted, jobs(engine)) == (["note"] * 2, [])


def came_by_themselves(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT task_name FROM procrastinate_periodic_defers")))
