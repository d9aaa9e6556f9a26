"""What staff must look at: opened once however often a job finds it, closed by whoever settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, insert, or_, select, update

from ivr.storage.tables import StaffTask

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

BY_THE_LINE: Final = "ivr"  # a job closed it: what it was about is no more


def open_task(
    db: Connection,
    kind: str,
    now: datetime,
    *,
    payment_id: int | None = None,
    bank_item_id: int | None = None,
    notice_id: int | None = None,
    **details: Any,
) -> None:
    """Put something before staff, unless the same thing lies there already.

    The same is: of the same kind, about the same payment, bank item and notice, with the same `details`
    (JSON; never a secret).
    """
    same = select(StaffTask.id).where(
        StaffTask.kind == kind,
        StaffTask.closed_at.is_(None),
        StaffTask.payment_id.is_not_distinct_from(payment_id),
        StaffTask.bank_item_id.is_not_distinct_from(bank_item_id),
        StaffTask.notice_id.is_not_distinct_from(notice_id),
        StaffTask.details == details,
    )
    if db.execute(same.limit(1)).first() is None:
        db.execute(
            insert(StaffTask).values(
                kind=kind,
                payment_id=payment_id,
                bank_item_id=bank_item_id,
                notice_id=notice_id,
                details=details,
                opened_at=now,
            )
        )


def follow_task(
    db: Connection,
    kind: str,
    now: datetime,
    *,
    payment_id: int,
    notice_id: int | None = None,
    **details: Any,
) -> None:
    """Keep one open task of this kind about a payment (and one of its notices), with the newest `details`.

    They are JSON, and never a secret.
    """
    followed = db.execute(
        update(StaffTask)
        .where(
            StaffTask.kind == kind,
            StaffTask.payment_id == payment_id,
            StaffTask.notice_id.is_not_distinct_from(notice_id),
            StaffTask.closed_at.is_(None),
        )
        .values(details=details)
    )
    if not followed.rowcount:
        open_task(db, kind, now, payment_id=payment_id, notice_id=notice_id, **details)


def close_tasks(
    db: Connection, kinds: Collection[str], now: datetime, *which: ColumnElement[bool], by: str = BY_THE_LINE
) -> int:
    """Close the open tasks of these kinds that match any of `which`; return how many."""
    statement = (
        update(StaffTask)
        .where(StaffTask.kind.in_(kinds), StaffTask.closed_at.is_(None), or_(*which))
        .values(closed_at=now, closed_by=by)
        .execution_options(synchronize_session=False)
    )
    return db.execute(statement).rowcount
