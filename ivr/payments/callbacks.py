"""Who wants to be called back: one row for staff a caller and day, however often they ask."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from ivr.payments.tasks import open_task
from ivr.storage.advisory_locks import CALLBACKS, hold_in_transaction
from ivr.storage.tables import StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.hours import Part

CALLBACK_TASK: Final = "call_back"


def ask_for_callback(
    db: Connection, now: datetime, *, phone: str, day: date, part: Part, language: str, member_id: str
) -> None:
    """Put a call back before staff. Who asks again for the same day changes the part of it, and no more.

    `phone` is in E.164; `member_id` is empty for who was not verified.
    """
    hold_in_transaction(db, CALLBACKS, int(phone.removeprefix("+")))
    about = {"phone": phone, "day": day.isoformat()}
    asked = db.execute(
        select(StaffTask.id, StaffTask.closed_at, StaffTask.details).where(
            StaffTask.kind == CALLBACK_TASK, StaffTask.details.contains(about)
        )
    ).first()
    details: dict[str, Any] = {**about, "part": part, "language": language, "member": member_id}
    if asked is None:
        open_task(db, CALLBACK_TASK, now, **details)
    elif asked.closed_at is None:
        kept = asked.details["member"] or member_id
        db.execute(
            update(StaffTask).where(StaffTask.id == asked.id).values(details={**details, "member": kept})
        )
