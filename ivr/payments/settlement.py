"""What time does to a debit: it settles on its effective entry date, and is final when nobody may return it.

Both are asked of the entries, so that whatever was missed is done the next time, and a second time nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, select, update

from ivr.ach.banking_days import SETTLEMENT_ZONE, add_banking_days, is_banking_day, next_banking_day
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.holds import release_held
from ivr.payments.life import DEBIT_KINDS, move_all
from ivr.storage.tables import AchEntry, AchFile, Notice, Payment

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

# The Federal Reserve settles what was sent the day before at 8:30 by its own clock, wherever the line is.
SETTLEMENT_TIME: Final = time(8, 30)
# A consumer may dispute a debit for 60 calendar days after it settled (R05, R07, R10, R11); the return is
# with us by the opening of the second banking day after that, and a day's import may be late.
DISPUTE_DAYS: Final = 60
DISPUTE_BANKING_DAYS: Final = 3


def settlement_at(effective: date, sent_at: datetime, closings: Collection[date]) -> datetime:
    """Return when a debit settles (aware UTC) that takes effect on `effective` and left at `sent_at`.

    One that left on its effective date or later settles on the next banking day after it left.
    """
    sent = sent_at.astimezone(SETTLEMENT_ZONE).date()
    day = effective if sent < effective else next_banking_day(sent, closings)
    if not is_banking_day(day, closings):  # a closing that nobody knew of when the file was made
        day = next_banking_day(day, closings)
    return datetime.combine(day, SETTLEMENT_TIME, SETTLEMENT_ZONE).astimezone(UTC)


def final_at(settled_at: datetime, closings: Collection[date]) -> datetime:
    """Return from when on nobody may return a debit that settled at `settled_at`, both aware UTC."""
    last_day = settled_at.astimezone(SETTLEMENT_ZONE).date() + timedelta(days=DISPUTE_DAYS)
    day = add_banking_days(last_day, DISPUTE_BANKING_DAYS, closings)
    return datetime.combine(day, time(), SETTLEMENT_ZONE).astimezone(UTC)


def settle(db: Connection, closings: Collection[date], now: datetime) -> int:
    """Move on every sent entry whose settlement has come, with its payment; return how many entries."""
    sent = (
        select(AchFile.id, AchFile.effective_entry_date, AchFile.sent_at)
        .where(
            AchFile.state == "sent",
            AchFile.id.in_(select(AchEntry.file_id).where(AchEntry.is_moving, AchEntry.state == "sent")),
        )
        .order_by(AchFile.id)
        .with_for_update()
    )
    settled = 0
    for file in db.execute(sent).all():
        at = settlement_at(file.effective_entry_date, file.sent_at, closings)
        if at <= now:
            entries = (AchEntry.file_id == file.id) & (AchEntry.state == "sent")
            move_all(db, Payment.id.in_(_payments(entries)), "sent", "settle", settled_at=at)
            settled += _move_entries(db, entries, "settled")
    return settled


def finish(db: Connection, closings: Collection[date], now: datetime) -> int:
    """Make final every settled entry, with its payment, that nobody may return any more; return how many."""
    old = (
        select(AchFile.id, AchFile.effective_entry_date, AchFile.sent_at)
        .where(
            AchFile.state == "sent",
            AchFile.id.in_(
                select(AchEntry.file_id).where(
                    AchEntry.is_moving,
                    AchEntry.state == "settled",
                    AchEntry.effective_entry_date < (now - timedelta(days=DISPUTE_DAYS)).date(),
                )
            ),
        )
        .order_by(AchFile.id)
        .with_for_update()
    )
    finished = 0
    for file in db.execute(old).all():
        at = settlement_at(file.effective_entry_date, file.sent_at, closings)
        if final_at(at, closings) <= now:
            entries = (AchEntry.file_id == file.id) & (AchEntry.state == "settled")
            move_all(db, Payment.id.in_(_payments(entries)), "settled", "finish")
            finished += _move_entries(db, entries, "final")
    return finished


def release(db: Connection, now: datetime) -> int:
    """Let go of the payments that were held for their notice, once it is sent; return how many."""
    told = exists().where(CURRENT_NOTICE, Notice.state == "sent")
    return release_held(db, (Payment.hold_reason == "notice") & told, now)


def _payments(entries: Any) -> Any:
    return select(AchEntry.payment_id).where(entries, AchEntry.kind.in_(DEBIT_KINDS))


def _move_entries(db: Connection, entries: Any, state: str) -> int:
    moved = update(AchEntry).where(entries).values(state=state).execution_options(synchronize_session=False)
    return db.execute(moved).rowcount
