"""Payments already made, as the line tells them: the answer to a dropped call, and to paying twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, select

from ivr.storage.tables import Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_RECENT: Final = 5
_UNDONE: Final = ("cancelled", "returned")


@dataclass(frozen=True, slots=True)
class RecentPayment:
    """A payment as a caller may hear it again."""

    confirmation_number: str
    amount_cents: int
    plan: str
    authorized_at: datetime
    effective_entry_date: date
    account_last4: str


_PAYMENTS: Final = select(
    Payment.confirmation_number,
    Payment.amount_cents,
    Payment.plan,
    Payment.authorized_at,
    Payment.effective_entry_date,
    Payment.account_last4,
)
_RECENT: Final = (
    _PAYMENTS.where(
        Payment.member_id == bindparam("member_id"),
        Payment.authorized_at >= bindparam("since"),
        Payment.state.not_in(_UNDONE),
    )
    .order_by(Payment.authorized_at.desc(), Payment.id.desc())
    .limit(MOST_RECENT)
)
_OF_CALL: Final = _PAYMENTS.where(Payment.call_sid == bindparam("call_sid")).order_by(Payment.seq)
_SAME: Final = select(
    exists().where(
        Payment.billing_account == bindparam("billing_account"),
        Payment.amount_cents == bindparam("amount_cents"),
        Payment.authorized_at >= bindparam("day_start"),
        Payment.state.not_in(_UNDONE),
    )
)


def recent_payments(db: Connection, member_id: str, since: datetime) -> tuple[RecentPayment, ...]:
    """Return the member's newest payments authorized at or after `since`, newest first, five at most.

    Cancelled and returned ones are left out: they will not be debited. One statement.
    """
    return _read(db.execute(_RECENT, {"member_id": member_id, "since": since}).all())


def payments_of_call(db: Connection, call_sid: str) -> tuple[RecentPayment, ...]:
    """Return every payment authorized in a call, in the order of its turns. One statement."""
    return _read(db.execute(_OF_CALL, {"call_sid": call_sid}).all())


def same_payment_today(db: Connection, billing_account: str, amount_cents: int, day_start: datetime) -> bool:
    """Tell whether this bill was already paid with this amount since `day_start`, the bank's midnight."""
    parameters = {"billing_account": billing_account, "amount_cents": amount_cents, "day_start": day_start}
    return bool(db.execute(_SAME, parameters).scalar_one())


def _read(rows: Any) -> tuple[RecentPayment, ...]:
    return tuple(RecentPayment(*row) for row in rows)
