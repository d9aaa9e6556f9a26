"""Payments already made, as the line tells them: the answer to a dropped call, and to paying twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select, true

from ivr.billing.owed import still_owed
from ivr.payments.guests import IS_GUESTS
from ivr.payments.life import CREDIT_KINDS, PaymentState
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import AchEntry, Call, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_RECENT: Final = 5
MOST_RETURNED: Final = 4
MOST_WAITING: Final = 4
_UNDONE: Final = ("cancelled", "returned")

# How a payment stands, as its member is told. Only the first two are in no file yet.
Stands = Literal["planned", "on_hold", "at_bank", "went_through", "given_back", "came_back", "cancelled"]
_STANDS: Final[Mapping[PaymentState, Stands]] = {
    "authorized": "planned",
    "held": "on_hold",
    "batched": "at_bank",
    "sent": "at_bank",
    "settled": "went_through",
    "final": "went_through",
    "returned": "came_back",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class RecentPayment:
    """A payment as a caller may hear it again."""

    confirmation_number: str
    amount_cents: int
    plan: str
    authorized_at: datetime
    effective_entry_date: date
    account_last4: str


@dataclass(frozen=True, slots=True)
class ReturnedPayment:
    """A payment that came back from the bank and that its member still owes."""

    amount_cents: int
    plan: str
    authorized_at: datetime
    return_code: str
    is_guests: bool


@dataclass(frozen=True, slots=True)
class PaymentMade:
    """A payment of the last twelve months; `debit_date` is from when on its money is or was to be taken."""

    confirmation_number: str
    amount_cents: int
    plan: str
    authorized_at: datetime
    debit_date: date
    stands: Stands
    return_code: str | None
    is_guests: bool


@dataclass(frozen=True, slots=True)
class UnfinishedPayment:
    """What a member had chosen to pay in a call that dropped: nothing of the bank is kept of it.

    `pay_day` is the day it was to be taken, as YYYY-MM-DD, empty for as soon as can be.
    """

    plan: str
    billing_account: str
    amount_cents: int
    pay_day: str


@dataclass(frozen=True, slots=True)
class PaymentsToTell:
    """What a caller hears of unasked. Those of `waiting` are none of `recent`.

    `unfinished` is the payment that the member's last call was about, where it dropped before a yes to it and
    nothing was paid of that bill since it began.
    """

    recent: tuple[RecentPayment, ...]
    waiting: tuple[RecentPayment, ...]
    returned: tuple[ReturnedPayment, ...]
    unfinished: UnfinishedPayment | None = None


_DROPPED: Final = frozenset({"hangup", "fallback"})  # how calls end that no goodbye ends
_TOLD: Final = 6  # of the columns: those of a payment, below
_PAYMENTS: Final = select(
    Payment.confirmation_number,
    Payment.amount_cents,
    Payment.plan,
    Payment.authorized_at,
    Payment.effective_entry_date,
    Payment.account_last4,
)
_IS_RETURNED: Final = Payment.state == "returned"
# Its cutoff left it behind, and it will not be debited when its member was told: but for one that only waits
# for the day that was spoken.
_IS_WAITING: Final = (Payment.state == "held") & (Payment.hold_reason != "date")
_IS_TOLD: Final = and_(
    Payment.member_id == bindparam("member_id"),
    or_(
        (Payment.authorized_at >= bindparam("recent_since")) & Payment.state.not_in(_UNDONE),
        _IS_WAITING,
        _IS_RETURNED
        & (Payment.returned_at >= bindparam("returned_since"))
        & (still_owed(Payment.billing_account, Payment.authorized_at) > 0),
    ),
)
_LAST_CALL: Final = (
    select(
        Call.state.label("call_state"),
        Call.end.label("call_end"),
        select(func.array_agg(Payment.billing_account))
        .where(Payment.member_id == Call.member_id, Payment.authorized_at >= Call.started_at)
        .correlate(Call)
        .scalar_subquery()
        .label("paid_since"),  # by a later call, too, whose end may not be known yet
    )
    .where(
        Call.member_id == bindparam("member_id"),
        Call.status == "closed",
        Call.ended_at >= bindparam("dropped_since"),
    )
    .order_by(Call.ended_at.desc())
    .limit(1)
    .subquery()
)
_ALWAYS: Final = select(literal(1).label("one")).subquery()
# All in one statement: it belongs to the turn in which a caller is verified, and that one has many.
_TO_TELL: Final = PreparedStatement(
    _PAYMENTS.add_columns(
        _IS_WAITING.label("is_waiting"),
        _IS_RETURNED.label("is_returned"),
        Payment.return_code,
        IS_GUESTS.label("is_guests"),
        *_LAST_CALL.columns,
    )
    .select_from(_ALWAYS.outerjoin(Payment, _IS_TOLD).outerjoin(_LAST_CALL, true()))
    .order_by(Payment.authorized_at.desc(), Payment.id.desc())
)
_GIVEN_BACK: Final = exists().where(
    AchEntry.payment_id == Payment.id,
    AchEntry.kind.in_(CREDIT_KINDS),
    AchEntry.state.not_in(("withdrawn", "rejected", "returned")),
)
_MADE: Final = (
    select(
        Payment.confirmation_number,
        Payment.amount_cents,
        Payment.plan,
        Payment.authorized_at,
        func.greatest(Payment.effective_entry_date, Payment.not_before_date).label("debit_date"),
        Payment.state,
        Payment.hold_reason,
        Payment.return_code,
        IS_GUESTS.label("is_guests"),
        _GIVEN_BACK.label("is_given_back"),
    )
    .where(Payment.member_id == bindparam("member_id"), Payment.authorized_at >= bindparam("since"))
    .order_by(Payment.authorized_at.desc(), Payment.id.desc())
    .offset(bindparam("place"))
    .limit(1)
)
_OF_CALL: Final = _PAYMENTS.where(Payment.call_sid == bindparam("call_sid")).order_by(Payment.seq)
_SAME: Final = PreparedStatement(
    select(
        exists().where(
            Payment.billing_account == bindparam("billing_account"),
            Payment.amount_cents == bindparam("amount_cents"),
            Payment.authorized_at >= bindparam("day_start"),
            Payment.state.not_in(_UNDONE),
        )
    )
)


def payments_to_tell(
    db: Connection,
    member_id: str,
    *,
    recent_since: datetime,
    returned_since: datetime,
    dropped_since: datetime,
) -> PaymentsToTell:
    """Return the member's payments that a caller hears of unasked, newest first. One statement.

    Recent ones were authorized at or after `recent_since` and are not undone, five at most. Waiting ones are
    held, whenever they were authorized, four at most. Returned ones came back at or after `returned_since`
    while their bill is not paid since, four at most. Of those that guests made for the member only these are
    told: the others' numbers are the guests'. The unfinished one is that of the member's last call,
    where it ended at or after `dropped_since` and the caller, or the line, was gone before the end.
    """
    since = {"recent_since": recent_since, "returned_since": returned_since, "dropped_since": dropped_since}
    found = _TO_TELL.rows(db, {"member_id": member_id, **since})
    rows = [row for row in found if row.confirmation_number is not None]
    own = [row for row in rows if not row.is_guests]
    return PaymentsToTell(
        recent=_read(row[:_TOLD] for row in own if not row.is_returned and not row.is_waiting)[:MOST_RECENT],
        waiting=_read(row[:_TOLD] for row in own if row.is_waiting)[:MOST_WAITING],
        returned=tuple(
            ReturnedPayment(
                amount_cents=row.amount_cents,
                plan=row.plan,
                authorized_at=row.authorized_at,
                return_code=row.return_code,
                is_guests=row.is_guests,
            )
            for row in rows
            if row.is_returned
        )[:MOST_RETURNED],
        unfinished=_unfinished(found[0]) if found[0].call_end in _DROPPED else None,
    )


def _unfinished(row: Any) -> UnfinishedPayment | None:
    """Return what the call of a row had chosen to pay and nobody paid since it began, if anything."""
    slots = json.loads(row.call_state).get("slots", {})
    if "amount" not in slots or slots["billing_account"] in (row.paid_since or ()):
        return None
    return UnfinishedPayment(
        slots["plan"], slots["billing_account"], int(slots["amount"]), slots.get("pay_day", "")
    )


def payment_made(db: Connection, member_id: str, *, since: datetime, place: int) -> PaymentMade | None:
    """Return one of the payments authorized at or after `since`, the newest at `place` 0. One statement.

    None behind the last.
    """
    row = db.execute(_MADE, {"member_id": member_id, "since": since, "place": place}).one_or_none()
    if row is None:
        return None
    stands: Stands = _STANDS[row.state]
    if row.hold_reason == "date":
        stands = "planned"  # it waits for nothing but the day that was spoken
    elif stands == "went_through" and row.is_given_back:
        stands = "given_back"
    return PaymentMade(
        confirmation_number=row.confirmation_number,
        amount_cents=row.amount_cents,
        plan=row.plan,
        authorized_at=row.authorized_at,
        debit_date=row.debit_date,
        stands=stands,
        return_code=row.return_code,
        is_guests=row.is_guests,
    )


def payments_of_call(db: Connection, call_sid: str) -> tuple[RecentPayment, ...]:
    """Return every payment authorized in a call, in the order of its turns. One statement."""
    return _read(db.execute(_OF_CALL, {"call_sid": call_sid}).all())


def same_payment_today(db: Connection, billing_account: str, amount_cents: int, day_start: datetime) -> bool:
    """Return whether this bill was already paid with this amount since `day_start`, the bank's midnight."""
    parameters = {"billing_account": billing_account, "amount_cents": amount_cents, "day_start": day_start}
    return bool(_SAME.scalar(db, parameters))


def _read(rows: Any) -> tuple[RecentPayment, ...]:
    return tuple(RecentPayment(*row) for row in rows)
