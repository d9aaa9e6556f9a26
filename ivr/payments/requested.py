"""Entries asked for after the first debit: the next cutoff takes them into its file, or nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import case, insert, literal, select, update

from ivr.ach.records import transaction_code
from ivr.billing.post import post, posting
from ivr.storage.tables import AchEntry, Payment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

RequestedKind = Literal["retry", "reversal", "refund"]


@dataclass(frozen=True, slots=True)
class Requested:
    """What the next cutoff takes along, of which payment, and the day on which it takes effect."""

    confirmation_number: str
    kind: RequestedKind
    amount_cents: int
    plan: str
    account_last4: str
    effective_entry_date: date


def request_entry(
    db: Connection,
    payment: Any,
    kind: RequestedKind,
    *,
    sec_code: str,
    amount_cents: int,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Write an entry without a file yet, and what it does to what is owed, within the caller's transaction.

    `payment` is a locked row of the payments table. A retry takes `amount_cents` (positive) off what is owed,
    money given back is owed again. Returns the entry's id.
    """
    is_debit = kind == "retry"
    entry_id: int = db.execute(
        insert(AchEntry)
        .values(
            payment_id=payment.id,
            kind=kind,
            sec_code=sec_code,
            transaction_code=transaction_code(payment.account_type, "debit" if is_debit else "credit"),
            amount_cents=amount_cents,
            state="requested",
            reason=reason,
            created_at=now,
        )
        .returning(AchEntry.id)
    ).scalar_one()
    post(
        db,
        kind,
        payment.billing_account,
        -amount_cents if is_debit else amount_cents,
        now,
        payment_id=payment.id,
        entry_id=entry_id,
    )
    return entry_id


def withdraw_entries(db: Connection, which: ColumnElement[bool], now: datetime) -> Sequence[int]:
    """Take back the entries that match `which` and are in no file, and what they did to what is owed.

    Within the caller's transaction; returns the payments (ids) whose entries they were. The state of a
    payment is left to the caller.
    """
    waiting = update(AchEntry).where(which, AchEntry.state == "requested").values(state="withdrawn")
    withdrawn = db.execute(waiting.returning(AchEntry.id, AchEntry.payment_id)).all()
    if withdrawn:
        undone = case((AchEntry.kind == "retry", AchEntry.amount_cents), else_=-AchEntry.amount_cents)
        db.execute(
            posting(
                select(
                    Payment.billing_account,
                    literal("cancellation").label("kind"),
                    undone.label("amount_cents"),
                    Payment.id.label("payment_id"),
                    AchEntry.id.label("entry_id"),
                    literal(now).label("posted_at"),
                )
                .join_from(AchEntry, Payment, Payment.id == AchEntry.payment_id)
                .where(AchEntry.id.in_([row.id for row in withdrawn]))
                .order_by(AchEntry.id)
            )
        )
    return [row.payment_id for row in withdrawn]
