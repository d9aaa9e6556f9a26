"""The worker: Procrastinate, with every job there is and the hours at which some come by themselves.

Hours are UTC whatever `TZ` says, and a tick that was missed by ten minutes is dropped, so a periodic job
asks "what is due and not done?" and never "what hour is it?".
"""

from __future__ import annotations

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy import URL, Engine

from ivr.base.clock import Clock
from ivr.base.errors import DatabaseUnavailableError
from ivr.base.settings import OriginationSettings
from ivr.jobs.bank import add_bank_jobs
from ivr.jobs.came_back import add_return_jobs
from ivr.jobs.notices import add_notice_jobs
from ivr.jobs.purge import purge_calls
from ivr.notices.send import PostRoom
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine

_HEARTBEAT_SECONDS = 2.0
_STALLED_SECONDS = 6.0
_DATABASE_SECONDS = 5.0


def run_worker(
    url: URL, clock: Clock, bank: OriginationSettings | None = None, room: PostRoom | None = None
) -> None:
    """Run jobs until SIGTERM or SIGINT; the job at hand is finished first.

    Without `bank` no file is made, without `room` no notice is sent.

    Whatever ends it, the caller starts it again, always: when the database goes away it returns, or raises
    `DatabaseUnavailableError`.
    """
    _run(url, clock, bank, room, periodic=True)


def run_due_jobs(
    url: URL, clock: Clock, bank: OriginationSettings | None = None, room: PostRoom | None = None
) -> None:
    """Run the jobs that wait in the queue, then return. Periodic jobs are left to the worker."""
    _run(url, clock, bank, room, periodic=False)


def _run(
    url: URL, clock: Clock, bank: OriginationSettings | None, room: PostRoom | None, *, periodic: bool
) -> None:
    engine = make_engine(url, pool_size=1, application_name="ivr worker")
    app = make_app(url, engine, clock, periodic=periodic)
    patient = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr worker")
    add_notice_jobs(app, patient, clock, room, periodic=periodic)
    if bank is not None:
        add_bank_jobs(app, patient, clock, bank, periodic=periodic)
        add_return_jobs(app, patient, clock, bank, periodic=periodic)
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


def make_app(url: URL, engine: Engine, clock: Clock, *, periodic: bool) -> App:
    """Make Procrastinate's app with all jobs; `periodic` tells if some are put into the queue by the hour.

    Job names are what `ivr.storage.queue.enqueue` is given; they never change, jobs with them may wait.
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
