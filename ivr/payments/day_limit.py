"""How many payments a member may authorize by phone in one day, over all bills, until staff lift it.

Without an end, who keys one account number after another learns from what comes back which of them exist, and
each that comes back counts against the line at its bank. What was cancelled or came back since counts too.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ScalarSelect, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql

from ivr.storage.audit import record_event
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import LiftedLimit, Member, Payment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

# Two bills, each paid in two parts (what is past due, then the rest), and each once more after a slip.
PAYMENTS_PER_DAY: Final = 6

# How many payments of `member_id` count at `day_start`: those since then, or since staff lifted the limit.
COUNTED: Final[ScalarSelect[Any]] = (
    select(func.count())
    .select_from(Payment)
    .outerjoin(LiftedLimit, LiftedLimit.member_id == Payment.member_id)
    .where(
        Payment.member_id == bindparam("member_id"),
        Payment.authorized_at >= bindparam("day_start"),
        or_(LiftedLimit.lifted_at.is_(None), Payment.authorized_at > LiftedLimit.lifted_at),
    )
    .scalar_subquery()
)
_COUNT: Final = PreparedStatement(select(COUNTED))


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight (aware) at which the day of `now` (aware) began by the clock of `zone`."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def may_pay(db: Connection, member_id: str, since: datetime) -> bool:
    """Return whether a member may authorize one more payment on the day that began at `since` (aware)."""
    counted = _COUNT.scalar(db, {"member_id": member_id, "day_start": since})
    return bool(counted < PAYMENTS_PER_DAY)


def lift_limit(db: Connection, member_id: str, *, actor: str, now: datetime) -> bool:
    """Count a member's payments of this day anew from `now`, and record who did it.

    `actor` is the staff member's name for the audit trail. Returns whether there is such a member; without
    one nothing is changed or recorded.
    """
    if db.scalar(select(Member.member_id).where(Member.member_id == member_id)) is None:
        return False
    lifted = postgresql.insert(LiftedLimit).values(member_id=member_id, lifted_at=now)
    db.execute(lifted.on_conflict_do_update(index_elements=[LiftedLimit.member_id], set_={"lifted_at": now}))
    record_event(db, "members.lift_limit", member_id, {"payments": PAYMENTS_PER_DAY}, actor=actor, now=now)
    return True
