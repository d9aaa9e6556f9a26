"""Staff have a returned debit presented again, or take that back while no file holds it.

The rules are those of `ivr.payments.retries`; `IVR_RETRIES` says what happens without staff. The notice of
the return said that the amount is owed, so another tells that the bank is asked once more, and no file takes
the retry before that one is sent (a letter: mailed).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ivr.base.errors import OperatorError
from ivr.payments.find import find
from ivr.payments.holds import HELD_TASK
from ivr.payments.later_notices import promise_later
from ivr.payments.requested import Requested
from ivr.payments.retries import lock_for_retry, present_again, why_no_retry, withdraw_retries
from ivr.payments.tasks import close_tasks
from ivr.storage.audit import record_event
from ivr.storage.tables import AchEntry, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.ach.banking_days import CutoffRule


def retry(
    db: Connection, rule: CutoffRule, *, confirmation_number: str, actor: str, now: datetime
) -> Requested:
    """Ask the next cutoff to debit a returned payment again, within the caller's transaction.

    Raises `OperatorError` that says why that may not be, `NotFoundError` for an unknown number.
    """
    payment = lock_for_retry(db, find(db, confirmation_number, Payment.id).id)
    reason = why_no_retry(db, rule, payment, now)
    if reason:
        raise OperatorError(f"Payment {confirmation_number} cannot be presented again. {reason}")
    entry_id = present_again(db, payment, now)
    promise_later(db, "retried", now, {entry_id: payment.id})
    details = {"amount_cents": payment.amount_cents, "entry_id": entry_id}
    record_event(db, "payments.retry", str(payment.id), details, actor=actor, now=now)
    return Requested(
        confirmation_number,
        "retry",
        payment.amount_cents,
        payment.plan,
        payment.account_last4,
        rule.debit_dates(now).effective_entry_date,
    )


def withdraw(db: Connection, *, confirmation_number: str, actor: str, now: datetime) -> None:
    """Take back a retry that no file holds yet, within the caller's transaction: the amount is owed again.

    Raises `OperatorError` where nothing waits to be presented again.
    """
    payment_id = lock_for_retry(db, find(db, confirmation_number, Payment.id).id).id
    if not withdraw_retries(db, AchEntry.payment_id == payment_id, now):
        raise OperatorError(
            f"No retry of payment {confirmation_number} waits for a file: there is none, or the bank has it."
        )
    close_tasks(db, (HELD_TASK,), now, StaffTask.payment_id == payment_id, by=actor)
    record_event(db, "payments.withdraw", str(payment_id), {}, actor=actor, now=now)
