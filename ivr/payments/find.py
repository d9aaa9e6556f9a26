"""A payment by its confirmation number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select

from ivr.base.errors import NotFoundError
from ivr.payments.confirmation_numbers import is_cancellation_number
from ivr.storage.tables import Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection


def find(db: Connection, confirmation_number: str, *columns: Any, lock: bool = False) -> Row[Any]:
    """Return `columns` of the payment with this number, its row locked with `lock`.

    Raises `NotFoundError` for an unknown number.
    """
    statement = select(*columns).where(Payment.confirmation_number == confirmation_number)
    payment = db.execute(statement.with_for_update() if lock else statement).one_or_none()
    if payment is None:
        raise unknown_payment(confirmation_number)
    return payment


def unknown_payment(confirmation_number: str) -> NotFoundError:
    """Return what says that no payment has this number, and which number it may be instead."""
    kind = " That is a cancellation number." if is_cancellation_number(confirmation_number) else ""
    return NotFoundError(f"No payment has the confirmation number {confirmation_number}: check it.{kind}")
