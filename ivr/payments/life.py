"""A payment's life: one table of (state, event) -> state, and the only statements that change a state.

A change names the state it expects, so two that meet at one payment cannot both happen: the later one finds
the row moved on and raises. Nothing here commits; the ledger row and the entry that belong to a change are
written in the same transaction by whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import ColumnElement, Update, and_, case, update

from ivr.base.plans import PLANS
from ivr.storage.tables import Payment, in_order_of_plans

if TYPE_CHECKING:
    from sqlalchemy import Connection

PaymentState = Literal["authorized", "held", "cancelled", "batched", "sent", "settled", "returned", "final"]
PaymentEvent = Literal[
    "hold",  # not into this file: its notice is not sent, or its day has not come
    "release",  # the reason to hold it is gone
    "cancel",  # the member withdrew before the cutoff
    "batch",  # into a file
    "send",  # the file was delivered to the bank
    "reject",  # the bank refused the file
    "settle",  # the effective entry date has passed
    "return",  # the receiver's bank sent it back
    "retry",  # presented once more after a return
    "withdraw",  # that was asked for, and is not in a file: it may not go any more
    "finish",  # nobody may return it any more
]

LIFE: Final[Mapping[tuple[PaymentState, PaymentEvent], PaymentState]] = {
    ("authorized", "hold"): "held",
    ("authorized", "cancel"): "cancelled",
    ("authorized", "batch"): "batched",
    ("held", "release"): "authorized",
    ("held", "cancel"): "cancelled",
    ("held", "batch"): "batched",
    ("batched", "send"): "sent",
    ("batched", "reject"): "authorized",
    ("batched", "return"): "returned",
    ("sent", "settle"): "settled",
    ("sent", "reject"): "authorized",
    ("sent", "return"): "returned",
    ("settled", "return"): "returned",
    ("settled", "finish"): "final",
    ("final", "return"): "returned",  # disputes that come late
    ("returned", "retry"): "batched",
    ("batched", "withdraw"): "returned",
}


# A file may still take it. An index has the payments that are pending, so that is asked too.
IS_WAITING: Final = and_(Payment.is_pending, Payment.state.in_(("authorized", "held")))

# As a file has first debits: TEL before PPD, plan by plan. By one number PostgreSQL sorts sooner than by two.
FILE_ORDER: Final = (
    case((Payment.sec_code == "TEL", 0), else_=len(PLANS)) + in_order_of_plans(Payment.plan),
    Payment.id,
)

# The kinds of entries that take a payment's money, and those that give it back.
DEBIT_KINDS: Final = ("debit", "retry")
CREDIT_KINDS: Final = ("reversal", "refund")


class WrongStateError(Exception):
    """A payment is not in a state in which this can happen to it."""


def next_state(state: PaymentState, event: PaymentEvent) -> PaymentState:
    """Return the state that `event` leads to. Raises `WrongStateError` for what is not in the table."""
    try:
        return LIFE[state, event]
    except KeyError:
        raise WrongStateError(f"a payment that is {state} cannot {event}") from None


def move(
    db: Connection, payment_id: int, state: PaymentState, event: PaymentEvent, **values: Any
) -> PaymentState:
    """Change one payment's state from `state` by `event`, set the columns in `values`, return the new state.

    Raises `WrongStateError`, having changed nothing, when the table has no such change or when the payment
    is no longer in `state`.
    """
    if not move_all(db, Payment.id == payment_id, state, event, **values):
        raise WrongStateError(f"the payment is no longer {state}")
    return next_state(state, event)


def move_all(
    db: Connection, which: ColumnElement[bool], state: PaymentState, event: PaymentEvent, **values: Any
) -> int:
    """Change every payment that is in `state` and matches `which`, in one statement; return how many.

    Raises `WrongStateError` when the table has no such change.
    """
    return db.execute(moving(which, (state,), event, **values)).rowcount


def moving(
    which: ColumnElement[bool], states: Sequence[PaymentState], event: PaymentEvent, **values: Any
) -> Update:
    """Return the statement of `move_all`, for any of several states that `event` leads to the same."""
    (new,) = {next_state(state, event) for state in states}
    return (
        update(Payment)
        .where(Payment.state.in_(states), which)
        .values(state=new, **values)
        .execution_options(synchronize_session=False)
    )
