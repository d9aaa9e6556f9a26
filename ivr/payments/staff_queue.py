"""The queue that staff work through: what is open, and closing it with a note that is kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from ivr.base.errors import OperatorError
from ivr.payments.report import plain
from ivr.storage.tables import AuditEvent, BankItem, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection


def open_tasks(db: Connection) -> list[dict[str, Any]]:
    """Return what is open, oldest first, ready for `json.dumps`."""
    rows = db.execute(
        select(
            StaffTask.id.label("task_id"),
            StaffTask.kind,
            StaffTask.opened_at,
            Payment.confirmation_number,
            StaffTask.details,
        )
        .outerjoin_from(StaffTask, Payment, Payment.id == StaffTask.payment_id)
        .where(StaffTask.closed_at.is_(None))
        .order_by(StaffTask.opened_at, StaffTask.id)
    )
    return [{name: plain(value) for name, value in row.items()} for row in rows.mappings()]


def close_task(db: Connection, task_id: int, *, note: str, actor: str, now: datetime) -> None:
    """Close one task, and with it the bank item that it is about, within the caller's transaction.

    Raises `OperatorError` when no open task has this number.
    """
    closed = db.execute(
        update(StaffTask)
        .where(StaffTask.id == task_id, StaffTask.closed_at.is_(None))
        .values(closed_at=now, closed_by=actor)
        .returning(StaffTask.kind, StaffTask.bank_item_id)
    ).one_or_none()
    if closed is None:
        raise OperatorError(f"No open task has the number {task_id}: see `ivr ach queue list`.")
    db.execute(
        update(BankItem)
        .where(BankItem.id == closed.bank_item_id, BankItem.state.in_(("unmatched", "handed_over")))
        .values(state="closed")
    )
    db.execute(
        insert(AuditEvent).values(
            at=now,
            actor=actor,
            action="ach.queue.close",
            subject=str(task_id),
            details={"kind": closed.kind, "note": note},
        )
    )
