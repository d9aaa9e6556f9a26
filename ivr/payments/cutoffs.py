"""The bank's cutoffs: which have come and are not done, and the one lock under which each is done once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql

from ivr.ach.banking_days import CutoffRule, PickUps
from ivr.payments.life import IS_WAITING
from ivr.storage.tables import AchCutoff, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.settings import DatabaseSettings

OVERDUE: Final = timedelta(minutes=5)  # a worker runs each within a minute or two


def cutoff_rule(settings: DatabaseSettings) -> CutoffRule:
    """Return when the bank's day ends, and when letters are mailed, by the settings."""
    span = settings.ivr_letters_pickup
    pick_ups = PickUps(frozenset(span.weekdays), time(*divmod(span.opens_minutes, 60)))
    return CutoffRule(settings.ivr_cutoff, settings.ivr_timezone, settings.ivr_closings, pick_ups)


def due_cutoffs(db: Connection, rule: CutoffRule, now: datetime) -> tuple[datetime, ...]:
    """Return every cutoff (aware UTC) that has come by `now` and is not finished, the oldest first.

    They follow the last one that was finished, a cutoff each banking day, however long nobody looked. Before
    the first one ever, they begin with the earliest that a payment waits for.
    """
    last = last_finished(db)
    waiting = select(func.min(Payment.cutoff_at)).where(IS_WAITING)
    first = db.scalar(waiting) if last is None else rule.next_cutoff(last)
    due = []
    while first is not None and first <= now:
        due.append(first)
        first = rule.next_cutoff(first)
    return tuple(due)


def overdue_cutoffs(db: Connection, rule: CutoffRule, now: datetime) -> tuple[datetime, ...]:
    """Return the due cutoffs that came so long ago that no worker can be at work, the oldest first."""
    return due_cutoffs(db, rule, now - OVERDUE)


def last_finished(db: Connection) -> datetime | None:
    """Return the newest cutoff that was finished; None before the first."""
    return db.scalar(select(func.max(AchCutoff.cutoff_at)).where(AchCutoff.finished_at.is_not(None)))


def take_cutoff(db: Connection, cutoff: datetime) -> bool:
    """Lock a cutoff until the transaction ends; False when it was finished before, perhaps just now."""
    db.execute(
        postgresql.insert(AchCutoff)
        .values(cutoff_at=cutoff)
        .on_conflict_do_nothing(index_elements=[AchCutoff.cutoff_at])
    )
    row = select(AchCutoff.finished_at).where(AchCutoff.cutoff_at == cutoff).with_for_update()
    return db.execute(row).scalar_one() is None


def finish_cutoff(db: Connection, cutoff: datetime, now: datetime) -> None:
    """Note that a cutoff is done; it is never done again."""
    db.execute(update(AchCutoff).where(AchCutoff.cutoff_at == cutoff).values(finished_at=now))
