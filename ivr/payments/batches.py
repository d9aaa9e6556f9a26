"""What is due at a cutoff, as batches that a Nacha file can carry; whatever cannot go stays, with a reason.

Rows are read, and locked, a thousand at a time while the file is written, so that a file of any size needs
little memory. An account number lives only in the record it is written into.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, exists, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from ivr.ach.banking_days import last_reversal_date
from ivr.ach.records import (
    CREDITS,
    DEBITS,
    RETRY,
    REVERSAL,
    AccountType,
    BatchHeader,
    Entry,
    entry_problems,
    transaction_code,
)
from ivr.ach.return_codes import RETRY_WITHIN_DAYS
from ivr.ach.returns import CorrectedData
from ivr.ach.writer import Batch
from ivr.base.keys import UnsealError
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.authorize import account_number_context
from ivr.payments.corrections import corrections_of
from ivr.payments.guests import open_payer
from ivr.payments.holds import why_held
from ivr.payments.late import (
    MISSED_CUTOFF,
    NOT_MAILED,
    NOTICE_LATE,
    STAFF_HOLDS,
    is_late_notice,
    is_not_mailed,
)
from ivr.payments.life import CREDIT_KINDS, DEBIT_KINDS, FILE_ORDER, IS_WAITING
from ivr.payments.names import CURRENT_NAME
from ivr.payments.taken import TakenEntry
from ivr.storage.streams import rows_by_thousand
from ivr.storage.tables import (
    AchEntry,
    BlockedAccount,
    BlockedRoutingNumber,
    Notice,
    Payment,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from ivr.base.keys import KeyRing
    from ivr.base.settings import OriginationSettings

REFUND: Final = "REFUND"
ODFI_DIGITS: Final = 8

_KINDS: Final = (*DEBIT_KINDS, *CREDIT_KINDS)
# A bank's correction holds from the next entry on; a reversal has to be its debit turned round.
_TO_CORRECTED: Final = ("retry", "refund")
_NEVER: Final = ("blocked", "late")  # a retry or a reversal never goes after that
_OWN_REASONS: Final = ("blocked", "account", "record")  # staff end these, so they know that it is late
_UNCHANGED: Final = CorrectedData()
_DESCRIPTIONS: Final = {"retry": RETRY, "reversal": REVERSAL, "refund": REFUND}


@dataclass(frozen=True, slots=True)
class HeldPayment:
    """A payment that was due and stays, and why.

    The reasons: `notice` its notice is not sent; `not_mailed` that is a letter, and not mailed before the day
    of the debit; `date` it would be debited before the date spoken;
    `missed_cutoff` and `notice_late`, see `ivr.payments.late`; `blocked` an earlier return says that its
    account or bank takes no debits; `account` its account number cannot be opened; `record` no record can
    carry it, for what is wrong with `fields` (names, never values); `late` the time of a reversal or a retry
    is over. `why` is the same in words, with what to do. `withdrawn` is the kind of an entry that was asked
    for and can never go.
    """

    payment_id: int
    entry_id: int | None
    confirmation_number: str
    reason: str
    why: str
    fields: str = ""
    withdrawn: str | None = None


@dataclass(slots=True)
class _BankAccount:
    account_type: AccountType
    routing_number: str
    account_number: str = field(repr=False)
    receiver_name: str = field(repr=False)


# What an entry needs of its payment, named alike for first debits and for what was requested later.
_OF_PAYMENT: Final = (
    Payment.id.label("payment_id"),
    Payment.confirmation_number,
    Payment.account_number,
    Payment.rdfi_routing_number,
    Payment.account_type,
    CURRENT_NAME.label("receiver_name"),
    Payment.payer,
    Payment.plan,
)


_BLOCKED: Final = or_(
    exists().where(
        BlockedAccount.account_fingerprint == Payment.account_fingerprint,
        BlockedAccount.released_at.is_(None),
    ),
    exists().where(
        BlockedRoutingNumber.routing_number == Payment.rdfi_routing_number,
        BlockedRoutingNumber.released_at.is_(None),
    ),
)


def _is_due(cutoff: datetime) -> ColumnElement[bool]:
    moved = Payment.moved_to_cutoff_at
    return and_(IS_WAITING, Payment.cutoff_at <= cutoff, or_(moved.is_(None), moved <= cutoff))


def _due(cutoff: datetime, effective: date, *, missed: bool) -> Any:
    """Select the payments due at a cutoff, batch by batch, with the reason for which one may not go.

    `missed` tells that the cutoff is run so late that its debits take effect on a later day than was told.
    One that waits for its own reason is judged by that one; its dates are renewed when the reason is gone.
    """
    told_date = func.greatest(Payment.effective_entry_date, Payment.not_before_date)
    without_notice = Notice.state.is_distinct_from("sent")
    not_mailed = _is_mailed_too_late(effective)
    waits = func.coalesce(Payment.hold_reason, "") == "notice"
    waits_for_the_mail = func.coalesce(Payment.hold_reason, "") == NOT_MAILED
    waits_for_another = func.coalesce(Payment.hold_reason, "").in_(_OWN_REASONS)
    return (
        select(
            *_OF_PAYMENT,
            null().label("entry_id"),
            literal("debit").label("kind"),
            Payment.sec_code,
            Payment.amount_cents,
            case(
                (Payment.hold_reason.in_(STAFF_HOLDS), Payment.hold_reason),
                (and_(waits, without_notice), "notice"),
                (and_(waits_for_the_mail, not_mailed), NOT_MAILED),
                (and_(literal(missed), told_date < effective, ~waits_for_another), MISSED_CUTOFF),
                (without_notice, "notice"),
                (is_late_notice(), NOTICE_LATE),
                (not_mailed, NOT_MAILED),
                (Payment.not_before_date > effective, "date"),
                (_BLOCKED, "blocked"),
            ).label("reason"),
        )
        .outerjoin_from(Payment, Notice, CURRENT_NOTICE)
        .where(_is_due(cutoff))
        .order_by(*FILE_ORDER)
        .with_for_update(of=Payment.__table__)
    )


# In no file: that is what has an index.
_IS_REQUESTED: Final = and_(AchEntry.file_id.is_(None), AchEntry.state == "requested")
_first = aliased(AchEntry)
_FIRST_DEBITED: Final = (
    select(func.min(_first.effective_entry_date))
    .where(_first.payment_id == Payment.id, _first.kind == "debit", _first.state == "returned")
    .correlate(Payment)
    .scalar_subquery()
)


def _requested(effective: date) -> Any:
    """Select what was asked for, batch by batch, with the reason for which one may not go on that day."""
    told = and_(Notice.about == "entry", Notice.about_id == AchEntry.id, Notice.kind == "retried")
    return (
        select(
            *_OF_PAYMENT,
            AchEntry.id.label("entry_id"),
            AchEntry.kind,
            AchEntry.sec_code,
            AchEntry.amount_cents,
            case(
                # A return of another payment may have closed the account since the retry was asked for.
                (and_(AchEntry.kind == "retry", _BLOCKED), "blocked"),
                (Notice.state != "sent", "notice"),
                (_is_mailed_too_late(effective), NOT_MAILED),
            ).label("reason"),
            Payment.settled_at,
            _FIRST_DEBITED.label("first_effective_date"),
        )
        .join_from(AchEntry, Payment, Payment.id == AchEntry.payment_id)
        .outerjoin(Notice, and_(told, Notice.state != "replaced"))
        .where(_IS_REQUESTED)
        .order_by(
            case({kind: place for place, kind in enumerate(_KINDS)}, value=AchEntry.kind),
            AchEntry.sec_code.desc(),
            AchEntry.id,
        )
        .with_for_update(of=[AchEntry.__table__, Payment.__table__])
    )


def _is_mailed_too_late(effective: date) -> ColumnElement[bool]:
    """Return whether a notice that was sent is a letter that is not mailed before the day of the debit."""
    return or_(is_not_mailed(), and_(Notice.channel == "letter", Notice.mailed_date >= literal(effective)))


def count_waiting(db: Connection, cutoff: datetime) -> int:
    """Return how many entries a cutoff can bring at most: payments due and entries requested."""
    due = select(func.count()).select_from(Payment).where(_is_due(cutoff))
    requested = select(func.count()).select_from(AchEntry).where(_IS_REQUESTED)
    return int(db.scalar(select(due.scalar_subquery() + requested.scalar_subquery())) or 0)


@dataclass
class Batches:
    """The batches of one cutoff. While they are consumed, `held` fills.

    `missed`: see `_due`. `trace_numbers` yields the sequence part of each entry's trace number, ascending.
    `told` is called with the number of entries taken so far, `store` with those taken of a thousand rows.
    """

    db: Connection
    keys: KeyRing
    settings: OriginationSettings
    effective_entry_date: date
    missed: bool
    trace_numbers: Iterator[int]
    told: Callable[[int], None]
    store: Callable[[Sequence[TakenEntry]], None]
    held: list[HeldPayment] = field(default_factory=list)
    unopened: int = 0
    _taken: list[TakenEntry] = field(default_factory=list)
    _count: int = 0

    def read(self, cutoff: datetime) -> Generator[Batch, None, None]:
        """Yield each batch that has an entry; consume its entries before asking for the next."""
        due = _due(cutoff, self.effective_entry_date, missed=self.missed)
        rows = chain(self._rows(due), self._rows(_requested(self.effective_entry_date)))
        for (kind, sec_code, plan), of_batch in groupby(rows, _batch_key):
            header = self._header(kind, sec_code, plan)
            entries = self._entries(header, of_batch)
            first = next(entries, None)
            if first is not None:
                yield header, chain([first], entries)

    def _rows(self, statement: Any) -> Iterator[Any]:
        for rows in rows_by_thousand(self.db, statement):
            self.store(self._taken)  # the database does it while the next ones are written
            self._taken.clear()
            yield from rows

    def _header(self, kind: str, sec_code: Any, plan: str) -> BatchHeader:
        settings = self.settings
        return BatchHeader(
            company_name=settings.ivr_company_name,
            company_id=settings.ivr_company_id,
            sec_code=sec_code,
            entry_description=settings.description_of(plan) if kind == "debit" else _DESCRIPTIONS[kind],
            effective_entry_date=self.effective_entry_date,
            odfi_routing=settings.ivr_odfi_routing[:ODFI_DIGITS],
            service_class=DEBITS if kind in DEBIT_KINDS else CREDITS,
        )

    def _entries(self, header: BatchHeader, rows: Iterable[Any]) -> Iterator[Entry]:
        for row in rows:
            is_later = row.entry_id is not None  # a retry, a reversal or a refund
            reason = "late" if is_later and self._is_over(row) else row.reason
            if reason:
                self._hold(row, reason)
            entry = None if reason else self._entry(header, row)
            if entry is None:
                continue
            of_row = row.entry_id, row.payment_id, row.kind, row.sec_code
            self._taken.append(
                TakenEntry(*of_row, entry.transaction_code, entry.amount_cents, entry.trace_number)
            )
            self._count += 1
            self.told(self._count)
            yield entry

    def _is_over(self, row: Any) -> bool:
        """Return whether a reversal or a retry would take effect too late: a file may be late."""
        last = None
        if row.kind == "reversal" and row.settled_at is not None:
            last = last_reversal_date(row.settled_at, self.settings.ivr_closings)
        elif row.kind == "retry" and row.first_effective_date is not None:
            last = row.first_effective_date + timedelta(days=RETRY_WITHIN_DAYS)
        return last is not None and self.effective_entry_date > last

    def _entry(self, header: BatchHeader, row: Any) -> Entry | None:
        """Return a row as an entry, or None with its payment held."""
        account = self._account(row)
        if account is None:
            self._hold(row, "account")
            return None
        entry = Entry(
            transaction_code=transaction_code(
                account.account_type, "debit" if row.kind in DEBIT_KINDS else "credit"
            ),
            receiving_routing=account.routing_number,
            account_number=account.account_number,
            amount_cents=row.amount_cents,
            individual_id=row.confirmation_number,
            individual_name=account.receiver_name,
            trace_number=f"{header.odfi_routing}{next(self.trace_numbers):07}",
            payment_type="S" if row.sec_code == "TEL" else "",
        )
        problems = entry_problems(header, entry)  # here, where it can be held: the writer looks no more
        if problems:
            self._hold(row, "record", ", ".join(problem.field for problem in problems))
            return None
        return entry

    def _account(self, row: Any) -> _BankAccount | None:
        """Return the account as keyed, or as its bank has corrected it since; None when it cannot be read."""
        if row.account_number is None:
            return None
        try:
            number = row.confirmation_number
            opened = self.keys.open(row.account_number, account_number_context(number))
            name = open_payer(self.keys, number, row.payer).name if row.payer else row.receiver_name
            changed = _UNCHANGED
            if row.kind in _TO_CORRECTED:
                changed = corrections_of(self.db, self.keys, row.payment_id)
        except UnsealError:
            self.unopened += 1
            return None
        return _BankAccount(
            changed.account_type or row.account_type,
            changed.routing_number or row.rdfi_routing_number,
            changed.account_number or opened.decode("ascii"),
            name,
        )

    def _hold(self, row: Any, reason: str, fields: str = "") -> None:
        withdrawn = row.kind if row.entry_id is not None and reason in _NEVER else None
        which = "withdrawn" if withdrawn and reason == "blocked" else reason
        why = why_held(which, row.confirmation_number, row.receiver_name, fields)
        self.held.append(
            HeldPayment(row.payment_id, row.entry_id, row.confirmation_number, reason, why, fields, withdrawn)
        )


def _batch_key(row: Any) -> tuple[str, str, str]:
    """Return what entries of one batch have in common; retries and credits need no batch a plan."""
    return row.kind, row.sec_code, row.plan if row.kind == "debit" else ""
