"""What is still owed on the bills that were there when a payment was made: newer bills are another matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import aliased

from ivr.storage.tables import LedgerEntry

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def still_owed(billing_account: Any, known_at: Any) -> ColumnElement[int]:
    """Return an expression, in cents: what an account owes but for bills first posted after `known_at`.

    Payments cover the oldest bills first, so a bill that came later is the last to be paid. Both arguments
    may be columns of an enclosing statement.
    """
    entry, bill = aliased(LedgerEntry), aliased(LedgerEntry)
    known_months = select(bill.coverage_month).where(
        bill.billing_account == entry.billing_account, bill.kind == "bill", bill.posted_at <= known_at
    )
    is_newer = entry.kind.in_(("bill", "correction")) & entry.coverage_month.not_in(known_months)
    total = cast(func.coalesce(func.sum(entry.amount_cents), 0), BigInteger)
    return (
        select(total)
        .where(entry.billing_account == billing_account, ~func.coalesce(is_newer, False))
        .scalar_subquery()
    )
