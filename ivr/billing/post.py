"""The ledger's one writer: what is owed more, or less, and by what. Rows are never changed or removed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert

from ivr.storage.tables import LedgerEntry

if TYPE_CHECKING:
    from sqlalchemy import Connection, Insert, Select

Posted = Literal[
    "bill", "correction", "payment", "receipt", "cancellation", "return", "retry", "reversal", "refund"
]


def post(
    db: Connection,
    kind: Posted,
    billing_account: str,
    amount_cents: int,
    now: datetime,
    *,
    payment_id: int,
    entry_id: int | None = None,
) -> None:
    """Post, in the caller's transaction, what a payment or one of its entries does to what is owed.

    `amount_cents` is positive where more is owed by it.
    """
    db.execute(
        insert(LedgerEntry).values(
            billing_account=billing_account,
            kind=kind,
            amount_cents=amount_cents,
            payment_id=payment_id,
            entry_id=entry_id,
            posted_at=now,
        )
    )


def posting(rows: Select[Any]) -> Insert:
    """Return the statement that posts every row of `rows`, whose columns are named as the ledger's."""
    return insert(LedgerEntry).from_select(rows.selected_columns.keys(), rows)
