"""The worker: Procrastinate, with every job there is and the hours at which some come by themselves.

Hours are UTC whatever `TZ` says, and a tick that was missed by ten minutes is dropped, so a periodic job
asks "what is due and not done?" and never "what hour is it?".

Notices have a lane of their own: while a carrier keeps one waiting, the bank's jobs go on beside it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Final, Protocol

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.middleware import WorkerMiddleware
from sqlalchemy import URL, Engine
from sqlalchemy.exc import OperationalError

from ivr.base.clock import Clock
from ivr.base.errors import DatabaseUnavailableError
from ivr.jobs.purge import purge_calls
from ivr.payments.later_notices import SEND_QUEUE
from ivr.storage.cursors import AsyncClosingCursor
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.heartbeats import WORKER, beat
from ivr.storage.queue import QUEUE, enqueue
from ivr.storage.rights import check_queue_rights, refusal

_HEARTBEAT_SECONDS = 2.0
_STALLED_SECONDS = 6.0
_DATABASE_SECONDS = 5.0
_OPTIONS: Final[WorkerOptions] = {
    "install_signal_handlers": False,
    "delete_jobs": "successful",
    "update_heartbeat_interval": _HEARTBEAT_SECONDS,
    "stalled_worker_timeout": _STALLED_SECONDS,
}
# How many jobs of each queue a worker does at once. A letter need not wait for a text message's carrier.
_LANES: Final[Mapping[str, int]] = {QUEUE: 1, SEND_QUEUE: 3}
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger()


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
    `DatabaseUnavailableError`. A job that the database refuses is told to the log; the others go on.
    """
    with ExitStack() as apps, _signals_as_before():
        lanes = {
            queue: apps.enter_context(_opened_app(url, clock, groups, periodic=True)) for queue in _LANES
        }
        asyncio.run(_work_side_by_side(lanes))


def run_due_jobs(url: URL, clock: Clock, *groups: JobGroup) -> None:
    """Run the jobs that wait, of all queues, one after the other; then return. None come by themselves.

    Raises `DatabaseUnavailableError` with every right that one of them lacked, when all are run.
    """
    refused: dict[str, str] = {}
    with _opened_app(url, clock, groups, periodic=False, refused=refused) as app:
        app.run_worker(wait=False, listen_notify=False)
    if refused:
        raise DatabaseUnavailableError(*dict.fromkeys(refused.values()))


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


@contextmanager
def _opened_app(
    url: URL,
    clock: Clock,
    groups: tuple[JobGroup, ...],
    *,
    periodic: bool,
    refused: dict[str, str] | None = None,
) -> Iterator[App]:
    """Give the app with connections of its own: no lane waits for another's.

    `refused` receives, by the job's name, what the database refused.
    """
    engine = make_engine(url, pool_size=1, application_name="ivr worker")
    patient = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr worker")
    try:
        check_queue_rights(engine)
        app = make_app(url, engine, clock, *groups, patient=patient, periodic=periodic)
        app.worker_defaults["worker_middleware"] = [
            _refusals_told(engine, {} if refused is None else refused)
        ]
        yield app
    except (ConnectorException, OperationalError) as error:
        raise refusal(engine, error) or DatabaseUnavailableError(
            "The database does not answer: the worker stops, to be started again"
        ) from None
    finally:
        engine.dispose()
        patient.dispose()


def _refusals_told(engine: Engine, refused: dict[str, str]) -> WorkerMiddleware:
    """Tell the log in a sentence what the database refuses to a job, and count the job as done.

    Every job comes again by itself, or asks for what one that comes by itself would find.
    """

    async def told(run_job: Callable[[], Awaitable[object]], context: JobContext, _worker: object) -> object:
        try:
            return await run_job()
        except Exception as error:
            problem = await asyncio.to_thread(refusal, engine, error)
            if problem is None:
                raise
            refused[context.job.task_name] = str(problem)
            _log.error("job_refused", job=context.job.task_name, problem=str(problem))
            return None

    return told


@contextmanager
def _signals_as_before() -> Iterator[None]:
    """Give signals back to whom they belonged: asyncio gives SIGINT to Python, also where it was ignored."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _work_side_by_side(lanes: Mapping[str, App]) -> None:
    """Work in each queue until a signal comes or one of them cannot go on; then end them all.

    As for two workers on two machines, what comes by itself comes once.
    """
    told = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with AsyncExitStack() as opened:
        for app in lanes.values():
            await opened.enter_async_context(app.open_async())
        working = [
            asyncio.create_task(app.run_worker_async(queues=[queue], concurrency=_LANES[queue]))
            for queue, app in lanes.items()
        ]
        signalled = asyncio.create_task(told.wait())
        await asyncio.wait([*working, signalled], return_when=asyncio.FIRST_COMPLETED)
        for task in (*working, signalled):
            task.cancel()
        for ended in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


def make_app(
    url: URL, engine: Engine, clock: Clock, *groups: JobGroup, periodic: bool, patient: Engine | None = None
) -> App:
    """Make Procrastinate's app with all jobs; `periodic` tells if some are put into the queue by the hour.

    `patient` is an engine without limits for the jobs of `groups`. Job names are what
    `ivr.storage.queue.enqueue` is given; they never change, jobs with them may wait.
    """
    connector = PsycopgConnector(
        conninfo=connection_arguments(url),
        min_size=1,
        max_size=4,
        timeout=_DATABASE_SECONDS,
        kwargs={"cursor_factory": AsyncClosingCursor},
    )
    app = App(connector=connector, worker_defaults=_OPTIONS.copy())

    @app.task(name="purge", queueing_lock="purge")
    def purge(timestamp: int = 0) -> None:
        del timestamp
        purge_calls(engine, clock.now())

    @app.task(name="heartbeat", queueing_lock="heartbeat")
    def heartbeat(timestamp: int = 0) -> None:
        del timestamp
        with engine.begin() as db:
            beat(db, WORKER, clock.now())

    stalled = app.task(name="retry_stalled_jobs", pass_context=True)(retry_stalled_jobs)
    if periodic:
        app.periodic(cron="* * * * *")(heartbeat)
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
