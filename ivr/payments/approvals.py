"""The second pair of eyes: what moves money is asked for by one of staff and done on another's word.

What is asked for lies in the queue of tasks until somebody else approves or refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ivr.base.errors import NotFoundError, OperatorError
from ivr.payments.find import find
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.audit import record_event
from ivr.storage.tables import Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

APPROVAL_TASK: Final = "approval"
_NEXT: Final = "somebody else looks at the payment in the console, and approves or refuses it there"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked for: `action` is release, refund, reverse or retry, `details` what it takes."""

    task_id: int
    action: str
    details: Mapping[str, Any]
    asked_by: str
    asked_at: datetime


def wanted_of(db: Connection, payment_id: int) -> Wanted | None:
    """Return what waits for a second pair of eyes at a payment, None where nothing does."""
    row = db.execute(_WANTED.where(StaffTask.payment_id == payment_id)).one_or_none()
    return None if row is None else _wanted(row)


def ask_approval(
    db: Connection, *, confirmation_number: str, action: str, actor: str, now: datetime, **details: Any
) -> None:
    """Ask for an action, within the caller's transaction. Raises `OperatorError` where one is asked for."""
    payment = find(db, confirmation_number, Payment.id, lock=True)
    if wanted_of(db, payment.id) is not None:
        raise OperatorError(
            f"Something is asked for of payment {confirmation_number} already: look at that first."
        )
    open_task(
        db,
        APPROVAL_TASK,
        now,
        payment_id=payment.id,
        action=action,
        asked_by=actor,
        next=_NEXT,
        **details,
    )
    record_event(db, "payments.ask", str(payment.id), {"action": action, **details}, actor=actor, now=now)


def decide(
    db: Connection, confirmation_number: str, *, task_id: int, approves: bool, actor: str, now: datetime
) -> Wanted:
    """Close what is asked for of a payment and return it; whoever approves does it in this transaction.

    `task_id` is what was looked at. Raises `NotFoundError` where nothing is asked for, `OperatorError` where
    something else is by now, and for who approves their own wish.
    """
    payment = find(db, confirmation_number, Payment.id, lock=True)
    wanted = wanted_of(db, payment.id)
    if wanted is None:
        raise NotFoundError(f"Nothing is asked for of payment {confirmation_number}: somebody was first.")
    if wanted.task_id != task_id:
        raise OperatorError("Something else is asked for by now: load the page again, and look at that.")
    if approves and wanted.asked_by == actor:
        raise OperatorError("You asked for it yourself: it takes somebody else to approve it.")
    close_tasks(db, (APPROVAL_TASK,), now, StaffTask.id == wanted.task_id, by=actor)
    record_event(
        db,
        "payments.approve" if approves else "payments.refuse",
        str(payment.id),
        {"action": wanted.action, "asked_by": wanted.asked_by},
        actor=actor,
        now=now,
    )
    return wanted


_WANTED: Final = select(StaffTask.id, StaffTask.details, StaffTask.opened_at).where(
    StaffTask.kind == APPROVAL_TASK, StaffTask.closed_at.is_(None)
)


def _wanted(row: Any) -> Wanted:
    asked = ("action", "asked_by", "next")
    details = {name: value for name, value in row.details.items() if name not in asked}
    return Wanted(row.id, row.details["action"], details, row.details["asked_by"], row.opened_at)
