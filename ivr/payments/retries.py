"""Presenting a debit again that was returned for insufficient funds: R01 and R09, and only if staff allow it.

Nacha operating rules on reinitiation: at most twice, within 180 days of the original settlement, the same
company and amount, `RETRY PYMT` in a batch of its own. Ours besides: only if that much is still owed on the
bill that was to be paid; the member may have paid another way meanwhile. And never what staff reversed or
refunded, any of it: to them the debit was wrong, whether or not that credit went out before the return came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, exists, func, select

from ivr.ach.banking_days import CutoffRule, next_banking_day
from ivr.ach.return_codes import RETRIES_AT_MOST, RETRY_WITHIN_DAYS, RETURN_RULES
from ivr.billing.owed import still_owed
from ivr.payments.blocks import either_blocked
from ivr.payments.life import CREDIT_KINDS, DEBIT_KINDS, move, move_all
from ivr.payments.requested import request_entry, withdraw_entries
from ivr.storage.tables import AchEntry, BillingAccount, Payment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection


RETRY_CODES: Final = tuple(code for code, rule in RETURN_RULES.items() if rule.retry == "as_is")
_STANDS: Final = ~exists().where(
    AchEntry.payment_id == Payment.id, AchEntry.kind.in_(CREDIT_KINDS)
).correlate(Payment)
_ATTEMPTS: Final = (
    select(func.count())
    .where(
        AchEntry.payment_id == Payment.id,
        AchEntry.kind == "retry",
        AchEntry.state.not_in(("rejected", "withdrawn")),
    )
    .correlate(Payment)
    .scalar_subquery()
)


def due_retries(db: Connection, rule: CutoffRule, retries: int, now: datetime) -> Sequence[int]:
    """Return the payments (ids) that may be debited again: from the banking day after they came back on.

    `retries` is how often staff allow it, 0 to 2.
    """
    returned_ones = select(Payment.id, Payment.returned_at).where(_may_be_tried_again(retries))
    today = now.astimezone(rule.zone).date()
    return [
        row.id
        for row in db.execute(returned_ones.order_by(Payment.id))
        if next_banking_day(row.returned_at.astimezone(rule.zone).date(), rule.closings) <= today
    ]


def will_be_tried_again(db: Connection, payment_id: int, retries: int) -> bool:
    """Return whether the bank will be asked once more for a returned payment, as things stand.

    `retries` is how often staff allow it. It is asked on the banking day after the return, and not if the
    bill is paid or the account blocked by then.
    """
    if not retries:
        return False
    payment = db.execute(
        select(
            Payment.rdfi_routing_number,
            Payment.account_fingerprint,
            Payment.amount_cents,
            still_owed(Payment.billing_account, Payment.authorized_at).label("still_owed_cents"),
        ).where(Payment.id == payment_id, _may_be_tried_again(retries))
    ).one_or_none()
    return payment is not None and not _is_settled(db, payment)


def _may_be_tried_again(retries: int) -> ColumnElement[bool]:
    return and_(
        Payment.state == "returned",
        Payment.return_code.in_(RETRY_CODES),
        Payment.account_number.is_not(None),
        min(retries, RETRIES_AT_MOST) > _ATTEMPTS,
        _STANDS,
    )


def _is_settled(db: Connection, payment: Any) -> bool:
    """Return whether nothing is to be asked for: less is owed on the bill, or the account takes no debits."""
    blocked = either_blocked(db, payment.rdfi_routing_number, payment.account_fingerprint)
    return blocked or payment.still_owed_cents < payment.amount_cents


def request_retry(db: Connection, rule: CutoffRule, payment_id: int, now: datetime) -> bool:
    """Ask the next cutoff to debit a returned payment again, within the caller's transaction.

    Writes nothing and returns False where `why_no_retry` has a reason.
    """
    payment = lock_for_retry(db, payment_id)
    if why_no_retry(db, rule, payment, now):
        return False
    present_again(db, payment, now)
    return True


def why_no_retry(db: Connection, rule: CutoffRule, payment: Any, now: datetime) -> str:
    """Return why a payment, as `lock_for_retry` reads it, may not be debited again; "" if it may."""
    if payment.state != "returned":
        return f"It is {payment.state}: only what came back is presented again."
    if payment.return_code not in RETRY_CODES:
        return (
            f"It came back with {payment.return_code}: only {' and '.join(RETRY_CODES)} are presented again."
        )
    if payment.attempts >= RETRIES_AT_MOST:
        return f"It was presented again {RETRIES_AT_MOST} times: no rule allows it once more."
    if payment.is_given_back:
        return "Staff gave it back, or some of it: to them the debit was wrong."
    last = payment.first_effective_date + timedelta(days=RETRY_WITHIN_DAYS)
    if rule.debit_dates(now).effective_entry_date > last:
        return f"The {RETRY_WITHIN_DAYS} days after it was first debited are over."
    if payment.account_number is None:
        return "Its account number is not kept any more."
    if payment.still_owed_cents < payment.amount_cents:
        return "Less is owed on its bill by now: it was paid another way, or that bill is none any more."
    if _is_settled(db, payment):
        return "Its account or its bank takes no debits: an earlier return says so."
    return ""


def present_again(db: Connection, payment: Any, now: datetime) -> int:
    """Request the entry that debits a locked payment again, its whole amount; return the entry's id."""
    move(db, payment.id, "returned", "retry")
    return request_entry(
        db, payment, "retry", sec_code=payment.sec_code, amount_cents=payment.amount_cents, now=now
    )


def withdraw_retries(db: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """Take back the retries (entries that match `which`) that no file has yet: their debts are owed again.

    Within the caller's transaction, which holds their payments locked; each is as it was when it came back.
    Returns how many payments.
    """
    payments = withdraw_entries(db, and_(AchEntry.kind == "retry", which), now)
    returned_ones = (
        select(AchEntry.trace_number, AchEntry.effective_entry_date)
        .where(
            AchEntry.payment_id == Payment.id, AchEntry.state == "returned", AchEntry.kind.in_(DEBIT_KINDS)
        )
        .order_by(AchEntry.id.desc())
        .limit(1)
        .correlate(Payment)
    )
    # A file that the bank refused may have named another attempt since.
    of_newest = {
        column.key: returned_ones.with_only_columns(column).scalar_subquery()
        for column in (AchEntry.trace_number, AchEntry.effective_entry_date)
    }
    return move_all(db, Payment.id.in_(payments), "batched", "withdraw", **of_newest)


def lock_for_retry(db: Connection, payment_id: int) -> Any:
    """Lock the bill as an authorization does, then the payment; return it with what a retry depends on."""
    billing_account = select(Payment.billing_account).where(Payment.id == payment_id).scalar_subquery()
    db.execute(
        select(BillingAccount.plan)
        .where(BillingAccount.billing_account == billing_account)
        .with_for_update(key_share=True)
    )
    return db.execute(_depends_on(payment_id).with_for_update(of=Payment.__table__)).one()


def reason_against_retry(db: Connection, rule: CutoffRule, payment_id: int, now: datetime) -> str:
    """Return why a payment may not be debited again as things stand, locking nothing; "" if it may."""
    return why_no_retry(db, rule, db.execute(_depends_on(payment_id)).one(), now)


def _depends_on(payment_id: int) -> Any:
    first = select(func.min(AchEntry.effective_entry_date)).where(
        AchEntry.payment_id == payment_id, AchEntry.kind == "debit", AchEntry.state == "returned"
    )
    return select(
        Payment.__table__,
        first.scalar_subquery().label("first_effective_date"),
        still_owed(Payment.billing_account, Payment.authorized_at).label("still_owed_cents"),
        _ATTEMPTS.label("attempts"),
        (~_STANDS).label("is_given_back"),
    ).where(Payment.id == payment_id)
