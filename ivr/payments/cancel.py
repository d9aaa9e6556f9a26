"""Cancelling: a payment that is in no file yet is taken back, with a number of its own to hold on to.

The clock has no say in it: a file that was not made when it should have been holds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from psycopg.errors import LockNotAvailable
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from ivr.base.errors import OperatorError
from ivr.billing.post import post
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.confirmation_numbers import DRAWS, draw_cancellation_number
from ivr.payments.find import find
from ivr.payments.holds import HELD_TASK
from ivr.payments.later_notices import promise_later
from ivr.payments.life import LIFE, PaymentState, move
from ivr.payments.tasks import close_tasks
from ivr.storage.audit import record_event
from ivr.storage.tables import Notice, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.randomness import Randomness

_COLUMNS: Final = (
    Payment.id,
    Payment.state,
    Payment.amount_cents,
    Payment.plan,
    Payment.billing_account,
    Payment.cancellation_number,
)
_REFUND: Final = "If the money must come back, it can be refunded once it is debited."
_INSTEAD: Final = {
    "cancelled": "It was cancelled before; its cancellation number is {number}.",
    "batched": f"Its debit is in a file for the bank. {_REFUND}",
    "sent": f"Its debit is with the bank. {_REFUND}",
    "settled": f"It has been debited. {_REFUND}",
    "returned": "The bank sent it back: nothing is left to cancel.",
    "final": f"It has been debited. {_REFUND}",
}


class TooLateError(OperatorError):
    """A payment that cannot be cancelled any more; `state` is the one it is in."""

    def __init__(self, message: str, state: PaymentState) -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A payment that was taken back; `amount_cents` is owed again."""

    confirmation_number: str
    cancellation_number: str
    amount_cents: int
    plan: str
    cancelled_at: datetime


def cancel(
    db: Connection,
    randomness: Randomness,
    *,
    confirmation_number: str,
    actor: str,
    now: datetime,
    told: Literal["cancelled", "not_debited"] = "cancelled",
) -> Cancelled:
    """Cancel a payment within the caller's transaction: state, ledger and audit trail.

    It can be done until a file holds the payment, whatever time it is; a cutoff at work at this moment ends
    first, or it is too late where that takes longer than a lock may be waited for. Its notice is withdrawn
    unless it went out; another tells that it is cancelled.
    Raises `TooLateError` that says what can be done instead, `OperatorError` for an unknown number.
    """
    payment = _locked(db, confirmation_number)
    if (payment.state, "cancel") not in LIFE:
        raise _too_late(payment)
    number = _free_number(db, randomness)
    move(
        db,
        payment.id,
        payment.state,
        "cancel",
        cancelled_at=now,
        cancellation_number=number,
        hold_reason=None,
    )
    _write_down(db, payment, number, actor, now)
    promise_later(db, told, now, {payment.id: payment.id})
    return Cancelled(confirmation_number, number, payment.amount_cents, payment.plan, now)


def _locked(db: Connection, confirmation_number: str) -> Any:
    """Lock a payment and return it; nobody but a cutoff keeps one locked for longer than is waited for."""
    try:
        with db.begin_nested():
            return find(db, confirmation_number, *_COLUMNS, lock=True)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise TooLateError(
            "This payment cannot be cancelled now: it is being written into a file for the bank.", "batched"
        ) from None


def _too_late(payment: Any) -> TooLateError:
    instead = _INSTEAD[payment.state].format(number=payment.cancellation_number)
    return TooLateError(f"This payment cannot be cancelled any more. {instead}", payment.state)


def _free_number(db: Connection, randomness: Randomness) -> str:
    for _ in range(DRAWS):
        number = draw_cancellation_number(randomness)
        if db.scalar(select(Payment.id).where(Payment.cancellation_number == number)) is None:
            return number
    raise RuntimeError(f"{DRAWS} cancellation numbers in a row were taken")


def _write_down(
    db: Connection,
    payment: Any,
    number: str,
    actor: str,
    now: datetime,
) -> None:
    post(db, "cancellation", payment.billing_account, payment.amount_cents, now, payment_id=payment.id)
    db.execute(
        update(Notice)
        .where(CURRENT_NOTICE, Payment.id == payment.id, Notice.state == "pending")
        .values(state="withdrawn")
    )
    close_tasks(db, (HELD_TASK,), now, StaffTask.payment_id == payment.id, by=actor)
    details = {"cancellation_number": number, "from": payment.state}
    record_event(db, "payments.cancel", str(payment.id), details, actor=actor, now=now)
