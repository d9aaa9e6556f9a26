"""How long what proves a payment is kept, and how soon a bank account is forgotten; each run proves both.

A full account number is of no use once the bank can send nothing back any more: 180 days after settlement
it is gone, from the payment and from the file that carried it. Evidence is kept two years at least (Nacha:
two years from the authorization), ten by default (45 CFR 155.1210).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, and_, delete, exists, func, or_, select, update

from ivr.members.locks import sweep_counters, unswept_counters
from ivr.payments.authorization_notices import EVERY_NOTICE
from ivr.storage.tables import (
    AchEntry,
    AchFile,
    Authorization,
    BankItem,
    Notice,
    NoticeAttempt,
    Payment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

ACCOUNT_KEPT: Final = timedelta(days=180)
EVIDENCE_YEARS_MIN: Final = 2
EVIDENCE_YEARS: Final = 10
_ROWS_AT_ONCE: Final = 500
_MOVING: Final = ("requested", "batched", "sent")


@dataclass(frozen=True, slots=True)
class Retention:
    """What one run forgot, and the proof: what is overdue and what is missing are 0."""

    account_numbers_forgotten: int
    files_emptied: int
    evidence_removed: int
    account_numbers_overdue: int
    evidence_missing: int
    counters_forgotten: int
    counters_overdue: int

    @property
    def proven(self) -> bool:
        """Whether nothing is kept too long and nothing is missing too early."""
        return not (self.account_numbers_overdue or self.evidence_missing or self.counters_overdue)


def kept_since(now: datetime, years: int) -> datetime:
    """Return the instant before which evidence need not be kept: `years` (two at least) before `now`.

    Raises `ValueError` for fewer years than the rules ask for.
    """
    if years < EVIDENCE_YEARS_MIN:
        raise ValueError(f"evidence is kept {EVIDENCE_YEARS_MIN} years at least")
    return now - timedelta(days=round(years * 365.25) + 1)


def apply_retention(engine: Engine, now: datetime, evidence_years: int = EVIDENCE_YEARS) -> Retention:
    """Forget what is due, a batch a transaction, and prove the result. Safe to repeat and to overlap."""
    since = kept_since(now, evidence_years)
    forgotten = _in_batches(engine, lambda db: _forget_accounts(db, now))
    emptied = _in_batches(engine, lambda db: _empty_files(db, now))
    removed = _in_batches(engine, lambda db: _remove_evidence(db, since))
    swept = _in_batches(engine, lambda db: sweep_counters(db, now))
    with engine.connect() as db:
        overdue = _count(db, _overdue_accounts(now)) + _count(db, _overdue_files(now))
        missing = _count(db, _missing_evidence(since))
        unswept = unswept_counters(db, now)
    return Retention(forgotten, emptied, removed, overdue, missing, swept, unswept)


def _in_batches(engine: Engine, forget: Any) -> int:
    total = 0
    while True:
        with engine.begin() as db:
            count: int = forget(db)
        if not count:
            return total
        total += count


def _overdue_accounts(now: datetime) -> Select[Any]:
    """Select payments whose account number nobody can need any more.

    That is 180 days after the settlement of the newest entry, or after a cancellation or a return that
    nothing followed; never while an entry is on its way.
    """
    last = func.greatest(Payment.settled_at, Payment.returned_at, Payment.cancelled_at)
    moving = exists().where(AchEntry.payment_id == Payment.id, AchEntry.state.in_(_MOVING))
    return select(Payment.id).where(
        Payment.account_number.is_not(None),
        ~Payment.is_pending,
        last <= now - ACCOUNT_KEPT,
        ~moving,
    )


def _overdue_files(now: datetime) -> Select[Any]:
    """Select files that took effect 180 days ago, or were rejected as long ago."""
    return select(AchFile.id).where(
        AchFile.content.is_not(None),
        or_(
            and_(AchFile.state == "sent", AchFile.effective_entry_date <= (now - ACCOUNT_KEPT).date()),
            and_(AchFile.state == "rejected", AchFile.rejected_at <= now - ACCOUNT_KEPT),
        ),
    )


def _finished_before(since: datetime) -> Any:
    return and_(
        Payment.state.in_(("cancelled", "returned", "final")),
        func.greatest(Payment.authorized_at, Payment.settled_at, Payment.returned_at) < since,
    )


def _missing_evidence(since: datetime) -> Select[Any]:
    """Select payments that must still have their consent and notice, and have not."""
    kept = and_(Payment.authorization_id.is_not(None), exists().where(EVERY_NOTICE))
    return select(Payment.id).where(~_finished_before(since), ~kept)


def _forget_accounts(db: Connection, now: datetime) -> int:
    due = _batch(db, _overdue_accounts(now).with_for_update(of=Payment.__table__, skip_locked=True))
    db.execute(update(Payment).where(Payment.id.in_(due)).values(account_number=None))
    corrected = select(AchEntry.id).where(AchEntry.payment_id.in_(due))
    db.execute(update(BankItem).where(BankItem.entry_id.in_(corrected)).values(corrected=None))
    return len(due)


def _empty_files(db: Connection, now: datetime) -> int:
    due = _batch(db, _overdue_files(now).with_for_update(skip_locked=True))
    db.execute(update(AchFile).where(AchFile.id.in_(due)).values(content=None, encrypted=None))
    return len(due)


def _remove_evidence(db: Connection, since: datetime) -> int:
    """Remove the words of payments that are over for longer than evidence is kept; their rows stay."""
    due = _batch(
        db,
        select(Payment.id)
        .where(_finished_before(since), Payment.authorization_id.is_not(None))
        .with_for_update(of=Payment.__table__, skip_locked=True),
    )
    notices = select(Notice.id).where(Notice.payment_id.in_(due))
    db.execute(delete(NoticeAttempt).where(NoticeAttempt.notice_id.in_(notices)))
    db.execute(delete(Notice).where(Notice.payment_id.in_(due)))
    nobody = {"payer": None, "payer_name_hash": None, "payer_mobile_hash": None}
    db.execute(update(Payment).where(Payment.id.in_(due)).values(nobody))
    yes = select(Payment.authorization_id).where(Payment.id.in_(due))
    db.execute(delete(Authorization).where(Authorization.id.in_(yes)))
    return len(due)


def _batch(db: Connection, due: Select[Any]) -> Sequence[int]:
    return db.scalars(due.order_by("id").limit(_ROWS_AT_ONCE)).all()


def _count(db: Connection, rows: Select[Any]) -> int:
    return int(db.execute(select(func.count()).select_from(rows.subquery())).scalar_one())
