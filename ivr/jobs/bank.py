"""The bank's day: make the file at each cutoff, bring it to the bank, see what settles.

Each asks what is due and not done, so a worker that was down catches up, and two workers do it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from ivr.jobs.fraud import watch_fraud
from ivr.notices.channels import send_soon_of
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs
from ivr.payments.delivery import (
    Destination,
    Folder,
    NotDeliveredError,
    deliver_file,
    undelivered_files,
)
from ivr.payments.origination import DELIVER_JOB, CutoffDone, EntryProgress, run_cutoff
from ivr.payments.settlement import finish, release, settle

if TYPE_CHECKING:
    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import OriginationSettings

# A turn that began before the cutoff may commit a few seconds after it; the worker lets it.
GRACE: Final = timedelta(seconds=30)
_EVERY_MINUTE: Final = "* * * * *"
_EVERY_TEN_MINUTES: Final = "*/10 * * * *"

_log = structlog.get_logger()


def destination_of(settings: OriginationSettings) -> Destination:
    """Return where the settings send the files: the bank's SFTP server, or a folder here."""
    if settings.ivr_odfi_sftp is None:
        return Folder(settings.ach_out)
    from ivr.payments.sftp import SftpFolder  # noqa: PLC0415 (half a second that only a server's user pays)

    return SftpFolder(settings.ivr_odfi_sftp, settings.ivr_odfi_sftp_host_key, settings.ivr_odfi_sftp_key)


def run_due_cutoffs(
    engine: Engine,
    settings: OriginationSettings,
    now: datetime,
    *,
    grace: timedelta = timedelta(),
    progress: EntryProgress | None = None,
) -> list[CutoffDone]:
    """Run every cutoff that came `grace` ago or earlier and is not done, in order, a transaction each."""
    with engine.connect() as db:
        due = due_cutoffs(db, cutoff_rule(settings), now - grace)
    if due:
        watch_fraud(engine, now)
    keys = settings.key_ring
    finished = []
    for cutoff in due:
        with engine.begin() as db:
            done = run_cutoff(db, keys, settings, cutoff=cutoff, now=now, progress=progress)
            for held in () if done is None else done.held:
                if held.reason == "notice":  # now it can name the one that comes
                    send_soon_of(db, held.payment_id)
        if done is not None:
            finished.append(done)
    return finished


def deliver_files(engine: Engine, settings: OriginationSettings, now: datetime) -> list[NotDeliveredError]:
    """Bring to the bank every file that is not there yet; return what went wrong, an error a file."""
    with engine.connect() as db:
        waiting = undelivered_files(db)
    return [
        error
        for file_id in waiting
        for error in [_try_delivery(engine, settings, file_id, now)]
        if error is not None
    ]


def _try_delivery(
    engine: Engine, settings: OriginationSettings, file_id: int, now: datetime
) -> NotDeliveredError | None:
    try:
        to = settings.ivr_ach_recipient
        deliver_file(engine, settings.key_ring, destination_of(settings), file_id, now, recipients=to)
    except NotDeliveredError as error:
        return error
    return None


def roll_forward(engine: Engine, settings: OriginationSettings, now: datetime) -> None:
    """Settle and finish what time has settled and finished, and release what was held for its notice."""
    steps: tuple[Callable[..., int], ...] = (settle, finish)
    for step in steps:
        with engine.begin() as db:
            step(db, settings.ivr_closings, now)
    with engine.begin() as db:
        release(db, now)


def add_bank_jobs(
    app: App, engine: Engine, clock: Clock, settings: OriginationSettings, *, periodic: bool
) -> None:
    """Give the worker these jobs. `engine` has no limits: a file of a day may take a minute."""

    @app.task(name=DELIVER_JOB)
    def deliver(file_id: int) -> None:
        _warn(_try_delivery(engine, settings, file_id, clock.now()))

    @app.task(name="cutoffs", queueing_lock="cutoffs")
    def cutoffs(timestamp: int = 0) -> None:
        del timestamp
        for done in run_due_cutoffs(engine, settings, clock.now(), grace=GRACE):
            tell = _log.warning if done.missed else _log.info
            tell(
                "cutoff_missed" if done.missed else "cutoff_done",
                cutoff_at=done.cutoff_at,
                entries=0 if done.file is None else done.file.entries,
                held=len(done.held),
            )

    @app.task(name="undelivered_files", queueing_lock="undelivered_files")
    def undelivered(timestamp: int = 0) -> None:
        del timestamp
        for error in deliver_files(engine, settings, clock.now()):
            _warn(error)

    @app.task(name="roll_forward", queueing_lock="roll_forward")
    def forward(timestamp: int = 0) -> None:
        del timestamp
        roll_forward(engine, settings, clock.now())

    if periodic:
        for cron, task in (
            (_EVERY_MINUTE, cutoffs),
            (_EVERY_MINUTE, undelivered),
            (_EVERY_TEN_MINUTES, forward),
        ):
            app.periodic(cron=cron)(task)


def _warn(error: NotDeliveredError | None) -> None:
    """Tell the log; the next minute tries again, and staff have a task."""
    if error is not None:
        _log.warning("file_not_delivered", problem=str(error))
