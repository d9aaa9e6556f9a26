"""Taking one member out of the line, between two files that have everybody."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from ivr.storage.audit import record_event
from ivr.storage.tables import Member

if TYPE_CHECKING:
    from sqlalchemy import Connection


def withdraw(db: Connection, member_id: str, *, actor: str, now: datetime) -> bool | None:
    """Withdraw a member: whoever calls in that name is unknown, until a members file has them again.

    What was authorized before goes to the bank all the same. `now` is aware UTC, `actor` the staff member's
    name for the audit trail. Returns whether the member still stood; None, with nothing recorded, where there
    is no such member.
    """
    before = db.execute(
        select(Member.withdrawn_at).where(Member.member_id == member_id).with_for_update()
    ).one_or_none()
    if before is None:
        return None
    stood = before.withdrawn_at is None
    if stood:
        db.execute(update(Member).where(Member.member_id == member_id).values(withdrawn_at=now))
        record_event(db, "members.withdraw", member_id, {}, actor=actor, now=now)
    return stood
