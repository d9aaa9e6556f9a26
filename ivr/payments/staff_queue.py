"""The queue that staff work through: what is open, and closing it with a note that is kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, true, tuple_, update
from sqlalchemy.orm import aliased

from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.payments.approvals import APPROVAL_TASK
from ivr.payments.report import plain
from ivr.storage.audit import record_event
from ivr.storage.tables import BankItem, Payment, StaffTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection


def open_tasks(db: Connection, after_id: int | None = None, count: int | None = None) -> list[dict[str, Any]]:
    """Return what is open, oldest first, ready for `json.dumps`.

    Up to `count` of them (None: all), from after the task `after_id` on (None: the oldest).
    """
    key = tuple_(StaffTask.opened_at, StaffTask.id)
    after = aliased(StaffTask)
    later = key > select(after.opened_at, after.id).where(after.id == after_id).scalar_subquery()
    rows = db.execute(
        select(
            StaffTask.id.label("task_id"),
            StaffTask.kind,
            StaffTask.opened_at,
            Payment.confirmation_number,
            StaffTask.details,
            StaffTask.taken_by,
            StaffTask.notes,
        )
        .outerjoin_from(StaffTask, Payment, Payment.id == StaffTask.payment_id)
        .where(StaffTask.closed_at.is_(None), true() if after_id is None else later)
        .order_by(StaffTask.opened_at, StaffTask.id)
        .limit(count)
    )
    return [{name: plain(value) for name, value in row.items()} for row in rows.mappings()]


_LIST: Final = (
    ListColumn("ID", 4, at_right=True),
    ListColumn("OPENED", 20),
    ListColumn("KIND", 22),
    ListColumn("NUMBER", 11),
    ListColumn("WHAT IT IS, AND WHAT NEXT"),
)


def task_listing(tasks: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> Listing:
    """Return what `open_tasks` returned as a list for people, times by the clock of `zone`."""
    return listing(
        _LIST,
        (
            (
                str(task["task_id"]),
                local_time(task["opened_at"], zone),
                task["kind"],
                task["confirmation_number"] or "-" * 11,
                ", ".join(
                    f"{name}: {value}" for name, value in task["details"].items() if value not in ("", 0)
                ),
            )
            for task in tasks
        ),
    )


def take_task(db: Connection, task_id: int, *, actor: str, now: datetime) -> None:
    """Write down that `actor` looks after a task. Raises `NotFoundError` for one that is not open."""
    _change(db, task_id, taken_by=actor)
    record_event(db, "ach.queue.take", str(task_id), {}, actor=actor, now=now)


def note_task(db: Connection, task_id: int, *, note: str, actor: str, now: datetime) -> None:
    """Add a note to a task that stays open. Raises `NotFoundError` for one that is not."""
    written = [{"at": now.isoformat(), "by": actor, "note": note}]
    _change(db, task_id, notes=StaffTask.notes.concat(written))
    record_event(db, "ach.queue.note", str(task_id), {"note": note}, actor=actor, now=now)


def _change(db: Connection, task_id: int, **values: Any) -> None:
    is_open = (StaffTask.id == task_id, StaffTask.closed_at.is_(None))
    changed = db.execute(update(StaffTask).where(*is_open).values(values))
    if not changed.rowcount:
        raise _no_such_task(task_id)


def _no_such_task(task_id: int) -> NotFoundError:
    return NotFoundError(f"No open task has the number {task_id}: see `ivr ach queue list`.")


def close_task(db: Connection, task_id: int, *, note: str, actor: str, now: datetime) -> None:
    """Close one task, and with it the bank item that it is about, within the caller's transaction.

    Raises `NotFoundError` when no open task has this number, `OperatorError` for what somebody asked for.
    """
    closed = db.execute(
        update(StaffTask)
        .where(StaffTask.id == task_id, StaffTask.closed_at.is_(None))
        .values(closed_at=now, closed_by=actor)
        .returning(StaffTask.kind, StaffTask.bank_item_id)
    ).one_or_none()
    if closed is None:
        raise _no_such_task(task_id)
    if closed.kind == APPROVAL_TASK:
        raise OperatorError(
            f"Task {task_id} waits for a second pair of eyes: approve or refuse it on the payment's page."
        )
    db.execute(
        update(BankItem)
        .where(BankItem.id == closed.bank_item_id, BankItem.state.in_(("unmatched", "handed_over")))
        .values(state="closed")
    )
    record_event(
        db, "ach.queue.close", str(task_id), {"kind": closed.kind, "note": note}, actor=actor, now=now
    )
