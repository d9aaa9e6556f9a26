"""What Twilio tells of a text message after it took it: delivered, or not.

A callback may come late, twice, out of order, before the answer to the request that sent the message, or
never. The first word about the end of a message stands. That it was accepted stays the proof of the notice;
one that was not delivered goes out by the next channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, or_, select, update

from ivr.notices.channels import TASKS, send_soon
from ivr.payments.tasks import close_tasks
from ivr.storage.tables import Notice, NoticeAttempt, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

MESSAGE_SID: Final = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")

_UNFINISHED: Final = ("sending", "unknown", "accepted")
_STATES: Final[Mapping[str, str]] = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
    "partially_delivered": "undelivered",  # half a notice is none
}


def note_delivery(
    db: Connection,
    now: datetime,
    *,
    message_sid: str,
    status: str,
    attempt_id: int | None = None,
    error_code: str = "",
) -> bool:
    """Note what became of a message, in the caller's transaction; return whether anything was new.

    `attempt_id` is what our own request put into the callback's address: it finds an attempt whose answer
    never came. An unknown message or status changes nothing.
    """
    state = _STATES.get(status)
    if state is None:
        return False
    known = NoticeAttempt.provider_reference == message_sid
    if attempt_id is not None:
        named = and_(NoticeAttempt.id == attempt_id, NoticeAttempt.provider_reference.is_(None))
        known = or_(known, named)
    attempt = db.execute(
        select(NoticeAttempt.id, NoticeAttempt.notice_id, NoticeAttempt.state)
        .where(NoticeAttempt.channel == "sms", known)
        .order_by(NoticeAttempt.id)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if attempt is None or attempt.state not in _UNFINISHED or attempt.state == state:
        return False
    db.execute(
        update(NoticeAttempt)
        .where(NoticeAttempt.id == attempt.id)
        .values(
            state=state,
            finished_at=now,
            provider_reference=message_sid,
            detail=f"error {error_code}" if re.fullmatch(r"\d{1,6}", error_code) else None,
        )
    )
    if attempt.state != "accepted":  # the answer to the request never came, or has not come yet
        _accepted(db, attempt.id, attempt.notice_id, now)
    if state == "undelivered":
        send_soon(db, attempt.notice_id)
    return True


def _accepted(db: Connection, attempt_id: int, notice_id: int, now: datetime) -> None:
    """Call a notice sent whose newest attempt was accepted after all: its words are those kept."""
    newest = select(func.max(NoticeAttempt.id)).where(NoticeAttempt.notice_id == notice_id)
    sent = db.execute(
        update(Notice)
        .where(
            Notice.id == notice_id,
            Notice.state.in_(("pending", "failed")),
            newest.scalar_subquery() == attempt_id,
        )
        .values(state="sent", sent_at=now, channel="sms")
        .returning(Notice.id)
    ).scalar_one_or_none()
    if sent is not None:
        close_tasks(db, TASKS, now, StaffTask.notice_id == sent)
