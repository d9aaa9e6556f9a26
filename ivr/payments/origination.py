"""One cutoff, one file: what was authorized before it leaves in a Nacha file, or stays with a reason.

Everything happens in one transaction under the cutoff's lock: entries, the sealed file, the payments' new
state, and the job that delivers the file. A crash leaves nothing, a second run finds the cutoff done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    MetaData,
    Table,
    Text,
    and_,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy import Column as TableColumn

from ivr.ach.banking_days import next_banking_day
from ivr.ach.records import FileSettings
from ivr.ach.writer import Batch, FileTotals, write_file
from ivr.base.errors import OperatorError
from ivr.base.keys import UnsealError
from ivr.members.bulk_load import loaded
from ivr.payments.authorize import account_number_context
from ivr.payments.batches import Batches, HeldPayment, count_waiting
from ivr.payments.cutoffs import cutoff_rule, finish_cutoff, take_cutoff
from ivr.payments.holds import HELD_TASK
from ivr.payments.life import move_all
from ivr.payments.report import plain
from ivr.payments.requested import withdraw_entries
from ivr.payments.retries import withdraw_retries
from ivr.payments.taken import TakenEntry, send_taken
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.queue import enqueue
from ivr.storage.tables import TRACE_NUMBERS, AchEntry, AchFile, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyRing
    from ivr.base.settings import OriginationSettings

DELIVER_JOB: Final = "deliver_file"
MISSED_TASK: Final = "cutoff_missed"

_MODIFIERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

EntryProgress = Callable[[int, int], None]  # how many entries are written, of how many at most


@dataclass(frozen=True, slots=True)
class FileMade:
    """One file that was made; `effective_entry_date` is that of all its entries."""

    file_id: int
    name: str
    entries: int
    debit_cents: int
    credit_cents: int
    effective_entry_date: date


@dataclass(frozen=True, slots=True)
class CutoffDone:
    """What became of one cutoff; `file` is None where there was nothing to send.

    `missed`: it was run so late that its debits take effect on a later day than members were told.
    """

    cutoff_at: datetime
    file: FileMade | None
    held: Sequence[HeldPayment]
    missed: bool = False


def file_context(name: str) -> str:
    """Return what a sealed file is bound to, for `KeyRing.open`."""
    return f"ach-file:{name}"


def run_cutoff(
    db: Connection,
    keys: KeyRing,
    settings: OriginationSettings,
    *,
    cutoff: datetime,
    now: datetime,
    progress: EntryProgress | None = None,
) -> CutoffDone | None:
    """Make the file of one cutoff (aware UTC) within the caller's transaction; None when it is done already.

    It takes every payment whose `cutoff_at` is not after `cutoff`, whose notice is sent and whose day has
    come, and every entry in state `requested`. A second run at the same time waits here until the first ends.
    Raises `OperatorError` when no account number can be opened, not even of a payment that is not due yet,
    or the day's files are used up, and `NachaWriteError` when the settings do not make a file.
    """
    if not take_cutoff(db, cutoff):
        return None
    building = _FileBuilder(db, keys, settings, cutoff, now)
    file = building.run(progress)
    finish_cutoff(db, cutoff, now)
    return CutoffDone(cutoff, file, tuple(building.held), building.missed)


class _FileBuilder:
    """One file under construction."""

    def __init__(
        self, db: Connection, keys: KeyRing, settings: OriginationSettings, cutoff: datetime, now: datetime
    ) -> None:
        self._db = db
        self._keys = keys
        self._settings = settings
        self._cutoff = cutoff
        self._now = now
        self._local_now = now.astimezone(settings.ivr_timezone)
        # A late file is processed on the day it is made: its debits settle a banking day after that one.
        processed = max(cutoff.astimezone(settings.ivr_timezone).date(), self._local_now.date())
        self._effective = next_banking_day(processed, settings.ivr_closings)
        self.missed = self._effective > cutoff_rule(settings).effective_entry_date(cutoff)
        self._file_id = 0
        self.held: list[HeldPayment] = []

    def run(self, progress: EntryProgress | None) -> FileMade | None:
        """Write everything that belongs to the file, and hold what is not in it."""
        expected = count_waiting(self._db, self._cutoff)

        def told(taken: int) -> None:
            if progress is not None:
                progress(taken, expected)

        batches = Batches(
            self._db,
            self._keys,
            self._settings,
            self._effective,
            self.missed,
            self._trace_numbers(expected),
            told,
            self._store,
        )
        self.held = batches.held
        with closing(batches.read(self._cutoff)) as read:
            first = next(read, None)
            file = None if first is None else self._write(chain([first], read))
        if file is None and batches.unopened and not self._opens_a_later_one():
            raise OperatorError(
                f"No account number of {batches.unopened} payments can be opened: put the key they were"
                " sealed with back into IVR_KEYS, after the newest."
            )
        newly_held = _hold(self._db, batches.held, self._now)
        if self.missed and (newly_held or file is not None):
            self._tell_missed(newly_held)
        told(expected)
        return file

    def _tell_missed(self, held: int) -> None:
        """Put before staff, once, that a cutoff was run days late: the payments have tasks of their own."""
        open_task(
            self._db,
            MISSED_TASK,
            self._now,
            cutoff_at=plain(self._cutoff),
            ran_at=plain(self._now),
            held=held,
            next="see why no worker ran, then deal with each payment that is held; close this one at last",
        )

    def _opens_a_later_one(self) -> bool:
        """Return whether the newest payment not yet due can be opened: then not all keys are wrong."""
        later = select(Payment.account_number, Payment.confirmation_number).where(
            Payment.state == "authorized",
            Payment.cutoff_at > self._cutoff,
            Payment.account_number.is_not(None),
        )
        newest = self._db.execute(later.order_by(Payment.id.desc()).limit(1)).one_or_none()
        if newest is None:
            return False
        try:
            self._keys.open(newest.account_number, account_number_context(newest.confirmation_number))
        except UnsealError:
            return False
        return True

    def _write(self, read: Iterable[Batch]) -> FileMade:
        """Write the file with its entries, seal it, and order its delivery."""
        modifier = self._next_modifier()
        name = self._settings.ivr_ach_name.replace("{date}", f"{self._local_now:%Y%m%d}")
        name = name.replace("{modifier}", modifier)
        self._file_id = self._open(name, modifier)
        content = bytearray()
        totals = write_file(self._file_settings(modifier), read, content.extend, checked=True)
        self._close(name, bytes(content), totals)
        return FileMade(
            self._file_id, name, totals.entries, totals.debit_cents, totals.credit_cents, self._effective
        )

    def _trace_numbers(self, count: int) -> Iterator[int]:
        """Yield `count` numbers of the sequence, ascending even where it starts again at 1, then more."""
        following = select(TRACE_NUMBERS.next_value())
        block = select(TRACE_NUMBERS.next_value()).select_from(func.generate_series(1, count).alias())
        yield from sorted(self._db.scalars(block).all())
        while True:  # a payment may have become due since they were counted
            yield self._db.execute(following).scalar_one()

    def _next_modifier(self) -> str:
        """Return the first letter that no file of this day has: by it the bank tells them apart."""
        midnight = self._local_now.replace(hour=0, minute=0, second=0, microsecond=0)
        today = select(func.count()).select_from(AchFile).where(AchFile.created_at >= midnight)
        place = self._db.execute(today).scalar_one()
        if place >= len(_MODIFIERS):
            raise OperatorError(
                f"{place} files were made today, and a day has no more letters: wait for tomorrow."
            )
        return _MODIFIERS[place]

    def _file_settings(self, modifier: str) -> FileSettings:
        settings = self._settings
        return FileSettings(
            destination=settings.ivr_odfi_destination,
            origin=settings.ivr_odfi_origin,
            destination_name=settings.ivr_odfi_name,
            origin_name=settings.ivr_company_name,
            creation_date=self._local_now.date(),
            creation_time=self._local_now.time(),
            file_id_modifier=modifier,
            line_end="CRLF" if settings.ivr_odfi_line_end == "crlf" else "LF",
            final_newline=settings.ivr_odfi_final_newline,
            closings=settings.ivr_closings,
        )

    def _open(self, name: str, modifier: str) -> int:
        """Write the file's row, whose id its entries name; what they come to is not known yet."""
        opened = insert(AchFile).values(
            cutoff_at=self._cutoff,
            name=name,
            file_id_modifier=modifier,
            created_at=self._now,
            effective_entry_date=self._effective,
            batches=1,
            entries=1,
            debit_cents=0,
            credit_cents=0,
            state="written",
        )
        return int(self._db.execute(opened.returning(AchFile.id)).scalar_one())

    def _store(self, taken: Sequence[TakenEntry]) -> None:
        send_taken(self._db, self._file_id, self._effective, taken, self._now)

    def _close(self, name: str, content: bytes, totals: FileTotals) -> None:
        """Write what the file's row lacks, and what follows from the file."""
        self._db.execute(
            update(AchFile)
            .where(AchFile.id == self._file_id)
            .values(
                batches=totals.batches,
                entries=totals.entries,
                debit_cents=totals.debit_cents,
                credit_cents=totals.credit_cents,
                content=self._keys.seal(content, file_context(name)),
            )
        )
        paid = select(AchEntry.payment_id).where(AchEntry.file_id == self._file_id)
        close_tasks(self._db, (HELD_TASK,), self._now, StaffTask.payment_id.in_(paid))
        enqueue(self._db, DELIVER_JOB, file_id=self._file_id)


def _hold(db: Connection, held: Sequence[HeldPayment], now: datetime) -> int:
    """Hold what stays behind, and put before staff whatever does not pass by itself.

    Returns how many payments were not held before. A retry or a reversal that can never go is withdrawn:
    while it waited, the ledger would count it.
    """
    rows = (
        (each.payment_id, each.entry_id, each.reason, each.fields, each.why, each.withdrawn) for each in held
    )
    with loaded(db, _HELD, rows):
        payment = and_(Payment.id == _STAYING.payment_id, _STAYING.entry_id.is_(None))
        newly_held = move_all(db, payment, "authorized", "hold", hold_reason=_STAYING.reason)
        db.execute(
            update(Payment)
            .where(payment, Payment.hold_reason != _STAYING.reason)
            .values(hold_reason=_STAYING.reason)
            .execution_options(synchronize_session=False)
        )
        gone = AchEntry.id.in_(select(_STAYING.entry_id).where(_STAYING.withdrawn.is_not(None)))
        withdraw_retries(db, gone, now)
        withdraw_entries(db, gone, now)
        said = ("reason", _STAYING.reason, "fields", _STAYING.fields, "why", _STAYING.why)
        details = func.jsonb_strip_nulls(func.jsonb_build_object(*said, "withdrawn", _STAYING.withdrawn))
        same = exists().where(
            StaffTask.kind == HELD_TASK,
            StaffTask.payment_id == _STAYING.payment_id,
            StaffTask.closed_at.is_(None),
            StaffTask.details == details,
        )
        db.execute(
            insert(StaffTask).from_select(
                ["kind", "payment_id", "details", "opened_at"],
                select(literal(HELD_TASK), _STAYING.payment_id, details, literal(now)).where(
                    _STAYING.reason != "date", ~same
                ),
            )
        )
    return newly_held


_HELD: Final = Table(
    "payments_staying",
    MetaData(),
    TableColumn("payment_id", BigInteger),
    TableColumn("entry_id", BigInteger),
    TableColumn("reason", Text),
    TableColumn("fields", Text),
    TableColumn("why", Text),
    TableColumn("withdrawn", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_STAYING: Final = _HELD.columns
