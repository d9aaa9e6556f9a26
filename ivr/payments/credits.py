"""Giving money back: a reversal of an entry that was wrong, or a refund. Never both for the same money.

A reversal says that the debit should not have been: only for a duplicate or a wrong amount, receiver or date,
with the receiver's bank within five banking days of settlement, whole, under the debit's own SEC code. A
refund is new money to the same account, any part of what was paid, as a PPD credit: TEL carries none.
Source: Nacha operating rules on reversing entries and on TEL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import func, select

from ivr.ach.banking_days import REVERSAL_BANKING_DAYS, SETTLEMENT_ZONE, CutoffRule, last_reversal_date
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount
from ivr.payments.blocks import either_blocked
from ivr.payments.find import find
from ivr.payments.later_notices import LaterKind, promise_later
from ivr.payments.life import CREDIT_KINDS
from ivr.payments.requested import Requested, request_entry
from ivr.storage.audit import record_event
from ivr.storage.tables import AchEntry, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

REVERSAL_REASONS: Final = ("duplicate", "wrong_amount", "wrong_receiver", "wrong_date")

CreditKind = Literal["reversal", "refund"]
_TOLD_AS: Final[dict[CreditKind, LaterKind]] = {"reversal": "reversed", "refund": "refunded"}
_ACTIONS: Final = {"reversal": "payments.reverse", "refund": "payments.refund"}
_STANDING: Final = ("requested", "batched", "sent", "settled", "final")
_NOT_DEBITED: Final = {
    "authorized": "It is not debited yet: cancel it.",
    "held": "It is not debited yet: cancel it.",
    "cancelled": "It was cancelled: nothing was debited.",
    "batched": "Its debit is on its way to the bank: wait until it has settled.",
    "sent": "Its debit is with the bank: wait until it has settled.",
    "returned": "The bank sent it back: nothing was debited.",
}


def reverse(
    db: Connection,
    rule: CutoffRule,
    *,
    confirmation_number: str,
    reason: str,
    actor: str,
    now: datetime,
) -> Requested:
    """Ask the next cutoff to reverse a settled debit, within the caller's transaction.

    `reason` is one of `REVERSAL_REASONS`. Raises `OperatorError` that says what can be done instead when the
    payment is not debited, when five banking days are over, or when some of it was given back before.
    """
    payment = find(db, confirmation_number, Payment.__table__, lock=True)
    _check_debited(payment)
    effective = rule.debit_dates(now).effective_entry_date
    settled = payment.settled_at.astimezone(SETTLEMENT_ZONE).date()
    if effective > last_reversal_date(payment.settled_at, rule.closings):
        raise OperatorError(
            f"Payment {confirmation_number} settled on {settled}; a reversal has to be with the bank within"
            f" {REVERSAL_BANKING_DAYS} banking days. Refund it instead."
        )
    if _given_back_cents(db, payment.id):
        raise OperatorError(f"Payment {confirmation_number} was given back before, or some of it.")
    wanted = _Wanted("reversal", payment.sec_code, payment.amount_cents, effective, {"reason": reason})
    return _request(db, payment, wanted, actor, now)


def refund(
    db: Connection,
    rule: CutoffRule,
    *,
    confirmation_number: str,
    amount_cents: int | None,
    actor: str,
    now: datetime,
) -> Requested:
    """Ask the next cutoff to give back a settled payment, or some of it, within the caller's transaction.

    Without `amount_cents`, all that was not given back before. Raises `OperatorError` that says what can be
    done instead when the payment is not debited, or when that much of it is not left.
    """
    payment = find(db, confirmation_number, Payment.__table__, lock=True)
    _check_debited(payment)
    left = payment.amount_cents - _given_back_cents(db, payment.id)
    wanted = left if amount_cents is None else amount_cents
    if not 0 < wanted <= left:
        raise OperatorError(
            f"Of payment {confirmation_number} ${format_amount(left)} can be given back: no more, and"
            " something."
        )
    effective = rule.debit_dates(now).effective_entry_date
    return _request(db, payment, _Wanted("refund", "PPD", wanted, effective, {}), actor, now)


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: CreditKind
    sec_code: str
    amount_cents: int
    effective_entry_date: date
    details: dict[str, str]  # for the audit trail


def _check_debited(payment: Any) -> None:
    if payment.state in _NOT_DEBITED:
        raise OperatorError(
            f"Payment {payment.confirmation_number} cannot be given back. {_NOT_DEBITED[payment.state]}"
        )


def _given_back_cents(db: Connection, payment_id: int) -> int:
    """Return what went back or is on its way; a credit that the bank returned is with us again."""
    given = select(func.coalesce(func.sum(AchEntry.amount_cents), 0)).where(
        AchEntry.payment_id == payment_id,
        AchEntry.kind.in_(CREDIT_KINDS),
        AchEntry.state.in_(_STANDING),
    )
    return int(db.execute(given).scalar_one())


def _request(db: Connection, payment: Any, wanted: _Wanted, actor: str, now: datetime) -> Requested:
    """Write the entry for the next file, what is owed again, and who asked for it."""
    if payment.account_number is None or either_blocked(
        db, payment.rdfi_routing_number, payment.account_fingerprint
    ):
        raise OperatorError(
            f"The account of payment {payment.confirmation_number} is not kept any more, or takes nothing of"
            " ours. Give the money back by check."
        )
    entry_id = request_entry(
        db,
        payment,
        wanted.kind,
        sec_code=wanted.sec_code,
        amount_cents=wanted.amount_cents,
        now=now,
        reason=wanted.details.get("reason"),
    )
    # The receiver is told of a reversal, and why, before it settles (Nacha rules on reversing entries).
    promise_later(db, _TOLD_AS[wanted.kind], now, {entry_id: payment.id})
    details = {"amount_cents": wanted.amount_cents, "entry_id": entry_id, **wanted.details}
    record_event(db, _ACTIONS[wanted.kind], str(payment.id), details, actor=actor, now=now)
    return Requested(
        payment.confirmation_number,
        wanted.kind,
        wanted.amount_cents,
        payment.plan,
        payment.account_last4,
        wanted.effective_entry_date,
    )
