"""The worker: Procrastinate, with every job there is and the hours at which some come by themselves.

Hours are UTC whatever `TZ` says, and a tick that was missed by ten minutes is dropped, so a periodic job
asks "what is due and not done?" and never "what hour is it?".
"""

from __future__ import annotations

from typing import Protocol

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy import URL, Engine

from ivr.base.clock import Clock
from ivr.base.errors import DatabaseUnavailableError
from ivr.jobs.purge import purge_calls
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.queue import enqueue

_HEARTBEAT_SECONDS = 2.0
_STALLED_SECONDS = 6.0
_DATABASE_SECONDS = 5.0


class JobGroup(Protocol):
    """Adds jobs to the app; with `periodic` also the hours at which they come by themselves.

    `engine` has no limits: a job may take minutes.
    """

    def __call__(self, app: App, engine: Engine, clock: Clock, *, periodic: bool) -> None:
        """Add them."""
        ...


def run_worker(url: URL, clock: Clock, *groups: JobGroup) -> None:
    """Run the jobs of `groups` until SIGTERM or SIGINT; the job at hand is finished first.

    Whatever ends it, the caller starts it again, always: when the database goes away it returns, or raises
    `DatabaseUnavailableError`.
    """
    _run(url, clock, groups, periodic=True)


def run_due_jobs(url: URL, clock: Clock, *groups: JobGroup) -> None:
    """Run the jobs that wait in the queue, then return. Periodic jobs are left to the worker."""
    _run(url, clock, groups, periodic=False)


def run_once(url: URL, clock: Clock, *groups: JobGroup) -> None:
    """Run every periodic job once, in the order of `groups`, and the jobs that wait; then return."""
    engine = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr worker")
    try:
        app = make_app(url, engine, clock, *groups, periodic=True)
        with engine.begin() as db:
            for name in periodic_jobs(app):
                enqueue(db, name)
    finally:
        engine.dispose()
    run_due_jobs(url, clock, *groups)


def periodic_jobs(app: App) -> list[str]:
    """Return the names of the jobs that come by themselves, in the order in which they were added."""
    return [each.task.name for each in app.periodic_registry.periodic_tasks.values()]


def _run(url: URL, clock: Clock, groups: tuple[JobGroup, ...], *, periodic: bool) -> None:
    engine = make_engine(url, pool_size=1, application_name="ivr worker")
    patient = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr worker")
    app = make_app(url, engine, clock, *groups, patient=patient, periodic=periodic)
    try:
        app.run_worker(
            wait=periodic,
            install_signal_handlers=periodic,
            listen_notify=periodic,
            delete_jobs="successful",
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
        )
    except ConnectorException:
        raise DatabaseUnavailableError(
            "The database does not answer: the worker stops, to be started again"
        ) from None
    finally:
        engine.dispose()
        patient.dispose()


def make_app(
    url: URL, engine: Engine, clock: Clock, *groups: JobGroup, periodic: bool, patient: Engine | None = None
) -> App:
    """Make Procrastinate's app with all jobs; `periodic` tells if some are put into the queue by the hour.

    `patient` is an engine without limits for the jobs of `groups`. Job names are what
    `ivr.storage.queue.enqueue` is given; they never change, jobs with them may wait.
    """
    connector = PsycopgConnector(
        conninfo=connection_arguments(url), min_size=1, max_size=4, timeout=_DATABASE_SECONDS
    )
    app = App(connector=connector)

    @app.task(name="purge", queueing_lock="purge")
    def purge(timestamp: int = 0) -> None:
        del timestamp
        purge_calls(engine, clock.now())

    stalled = app.task(name="retry_stalled_jobs", pass_context=True)(retry_stalled_jobs)
    if periodic:
        app.periodic(cron="*/5 * * * *")(purge)
        app.periodic(cron="*/10 * * * * *")(stalled)
    for add_jobs in groups:
        add_jobs(app, patient or engine, clock, periodic=periodic)
    return app


async def retry_stalled_jobs(context: JobContext, timestamp: int = 0) -> None:
    """Put the jobs of killed workers back into the queue; until then their locks block others.

    A worker that was only suspended wakes up and finishes a job that is done again elsewhere.
    """
    del timestamp
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
        try:
            await jobs.retry_job(job)
        except (AlreadyEnqueued, UniqueViolation):  # its twin waits already
            await jobs.finish_job(job, Status.FAILED, delete_job=True)
