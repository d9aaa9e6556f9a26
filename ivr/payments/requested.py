"""Entries asked for after the first debit: the next cutoff takes them into its file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert

from ivr.ach.records import transaction_code
from ivr.storage.tables import AchEntry, LedgerEntry

if TYPE_CHECKING:
    from sqlalchemy import Connection

RequestedKind = Literal["retry", "reversal", "refund"]


def request_entry(
    db: Connection, payment: Any, kind: RequestedKind, *, sec_code: str, amount_cents: int, now: datetime
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
            created_at=now,
        )
        .returning(AchEntry.id)
    ).scalar_one()
    db.execute(
        insert(LedgerEntry).values(
            billing_account=payment.billing_account,
            kind=kind,
            amount_cents=-amount_cents if is_debit else amount_cents,
            payment_id=payment.id,
            entry_id=entry_id,
            posted_at=now,
        )
    )
    return entry_id
