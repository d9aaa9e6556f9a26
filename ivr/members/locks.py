"""Locks that nobody hears, for the staff who must see them: who is locked, letting them in, how many fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, delete, func, or_, select, true

from ivr.members.facts import MEMBER_ID_DIGITS
from ivr.members.verification import (
    FAILURES_WITHOUT_SUCCESS,
    RECENT,
    RECENT_FAILURES,
    are_locking,
    keyed_id_hash,
)
from ivr.storage.audit import record_event, record_events
from ivr.storage.tables import BillingAccount, Member, VerificationCounter

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from ivr.base.keys import KeyedHash

SWEPT_AFTER: Final = RECENT
_PROOF_AFTER: Final = SWEPT_AFTER + timedelta(hours=2)  # the sweep comes every hour
_ROWS_AT_ONCE: Final = 500
_UNLOCK: Final = "members.unlock"


@dataclass(frozen=True, slots=True)
class LockedMember:
    """A member who is locked: since when, for how many failures, until when (None: until staff unlock)."""

    member_id: str
    locked_at: datetime
    failures: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Locked:
    """Everybody who is locked, and how many numbers that were no member's when they were keyed."""

    members: tuple[LockedMember, ...]
    unknown_numbers: int


@dataclass(frozen=True, slots=True)
class LineFailures:
    """Failed verifications of the whole line, the newest five of a person or number, and of how many."""

    failures: int
    numbers: int


_OF_A_MEMBER: Final = func.length(VerificationCounter.counted_on) == MEMBER_ID_DIGITS
_FOR_GOOD: Final = VerificationCounter.failures_since_success >= FAILURES_WITHOUT_SUCCESS


def _is_locked(now: datetime) -> ColumnElement[bool]:
    oldest_of_five = VerificationCounter.recent_failures_at[1]
    by_five = (func.cardinality(VerificationCounter.recent_failures_at) >= RECENT_FAILURES) & (
        oldest_of_five > now - RECENT
    )
    return _FOR_GOOD | by_five


def locked(db: Connection, now: datetime) -> Locked:
    """Return who is locked at `now` (aware UTC), whoever was locked first comes first."""
    rows = db.execute(
        select(VerificationCounter.__table__, _OF_A_MEMBER.label("of_a_member"))
        .where(_is_locked(now))
        .order_by(VerificationCounter.locked_at, VerificationCounter.counted_on)
    ).all()
    members = tuple(
        LockedMember(row.counted_on, row.locked_at, row.failures_since_success, _until(row))
        for row in rows
        if row.of_a_member
    )
    return Locked(members, len(rows) - len(members))


def lock_of(db: Connection, member_id: str, now: datetime) -> LockedMember | None:
    """Return the lock of a member at `now` (aware UTC), None for who is not locked."""
    row = db.execute(
        select(VerificationCounter.__table__).where(
            _is_locked(now), VerificationCounter.counted_on == member_id
        )
    ).one_or_none()
    if row is None:
        return None
    return LockedMember(row.counted_on, row.locked_at, row.failures_since_success, _until(row))


def _until(row: Any) -> datetime | None:
    if row.failures_since_success >= FAILURES_WITHOUT_SUCCESS:
        return None
    until: datetime = row.recent_failures_at[0] + RECENT
    return until


def unlock(db: Connection, hashes: KeyedHash, member_id: str, actor: str, now: datetime) -> bool | None:
    """Forget the failures of a member, whatever was keyed, and record who did it.

    `actor` is the staff member's name for the audit trail. Returns whether the member was locked; None when
    there is no such member: nothing is changed or recorded then.
    """
    accounts = db.execute(
        select(Member.member_id, Member.phone, BillingAccount.billing_account)
        .outerjoin(BillingAccount, BillingAccount.member_id == Member.member_id)
        .where(Member.member_id == member_id)
    ).all()
    if not accounts:
        return None
    ids = {member_id, *(each for row in accounts for each in (row.phone, row.billing_account) if each)}
    counters = [member_id, *(keyed_id_hash(hashes, each) for each in ids)]
    cleared = db.execute(
        delete(VerificationCounter)
        .where(VerificationCounter.counted_on.in_(counters))
        .returning(VerificationCounter.failures_since_success, VerificationCounter.recent_failures_at)
    ).all()
    recent = [at for row in cleared for at in row.recent_failures_at]
    was_locked = are_locking(sum(row.failures_since_success for row in cleared), recent, now)
    details = {"counters_cleared": len(cleared), "was_locked": was_locked}
    record_event(db, _UNLOCK, member_id, details, actor=actor, now=now)
    return was_locked


def unlock_since(db: Connection, since: datetime, actor: str, now: datetime) -> Locked:
    """Unlock everybody whose lock began at `since` (aware) or later, and record it for each member.

    Returns who was locked; what nobody's number had failed is forgotten too.
    """
    were = locked(db, now)
    chosen = tuple(member for member in were.members if member.locked_at >= since)
    unknown = db.execute(
        delete(VerificationCounter).where(
            _is_locked(now), ~_OF_A_MEMBER, VerificationCounter.locked_at >= since
        )
    ).rowcount
    db.execute(
        delete(VerificationCounter).where(
            VerificationCounter.counted_on.in_([member.member_id for member in chosen])
        )
    )
    details = {"since": since.isoformat(), "was_locked": True}
    record_events(db, _UNLOCK, ((member.member_id, details) for member in chosen), actor=actor, now=now)
    record_event(
        db,
        "members.unlock_since",
        since.isoformat(),
        {"members": len(chosen), "unknown_numbers": unknown},
        actor=actor,
        now=now,
    )
    return Locked(chosen, unknown)


def line_failures(db: Connection, since: datetime) -> LineFailures:
    """Count what failed after `since` (aware). One statement, over the counters that failed since."""
    recent = func.unnest(VerificationCounter.recent_failures_at)
    each = recent.table_valued("failed_at", name="each").render_derived()
    row = db.execute(
        select(func.count(), func.count(VerificationCounter.counted_on.distinct()))
        .select_from(VerificationCounter)
        .join(each, true())
        .where(VerificationCounter.last_failure_at > since, each.c.failed_at > since)
    ).one()
    return LineFailures(*row)


def sweep_counters(db: Connection, now: datetime) -> int:
    """Forget, within the caller's transaction, up to 500 counters that cannot matter; return how many.

    That is a day after the last failure where nothing was counted since a success, or where the number is
    nobody's. What locks for good stays.
    """
    due = (
        _past(now - SWEPT_AFTER, VerificationCounter.last_failure_at.is_(None))
        .limit(_ROWS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return db.execute(
        delete(VerificationCounter).where(VerificationCounter.counted_on.in_(due.scalar_subquery()))
    ).rowcount


def unswept_counters(db: Connection, now: datetime) -> int:
    """Return how many counters are kept two hours and more after they should have been forgotten."""
    return db.execute(select(func.count()).select_from(_past(now - _PROOF_AFTER).subquery())).scalar_one()


def _past(before: datetime, *also: ColumnElement[bool]) -> Select[Any]:
    """Select the counters that matter no more; `also` are further ways to be old enough."""
    return select(VerificationCounter.counted_on).where(
        or_(VerificationCounter.last_failure_at <= before, *also),
        (VerificationCounter.failures_since_success == 0) | (~_OF_A_MEMBER & ~_FOR_GOOD),
    )
