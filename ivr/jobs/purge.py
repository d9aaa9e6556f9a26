"""Retention: 24 hours after a call, what was said and keyed in it is forgotten; what happened is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, update

from ivr.storage.tables import Call, Turn

KEPT = timedelta(hours=24)
LONGEST_CALL = timedelta(minutes=60)  # relay's limit, the longer of the two


def purge_calls(engine: Engine, now: datetime, *, batch_size: int = 200) -> int:
    """Forget replies, keyed digits and dialog state of every call that ended 24 hours before `now`.

    A call whose end was never reported counts as ended when it could last no longer; it is closed. Each
    batch is a transaction of its own, and a call that somebody holds is left for the next time, so two of
    these may run at once. Returns the number of calls.
    """
    purged = 0
    while count := _purge_batch(engine, now, batch_size):
        purged += count
    return purged


def _purge_batch(engine: Engine, now: datetime, batch_size: int) -> int:
    due = (
        select(Call.call_sid)
        .where(
            ~Call.purged,
            Call.started_at <= now - KEPT,  # no call ends before it starts: this one is indexed
            func.coalesce(Call.ended_at, Call.started_at + LONGEST_CALL) <= now - KEPT,
        )
        .order_by(Call.started_at)
        .limit(batch_size)
        .with_for_update(skip_locked=True)
    )
    with engine.begin() as connection:
        calls = connection.scalars(due).all()
        if calls:
            connection.execute(
                update(Turn).where(Turn.call_sid.in_(calls), Turn.reply.is_not(None)).values(reply=None)
            )
            connection.execute(
                update(Call)
                .where(Call.call_sid.in_(calls))
                .values(secrets=None, state="{}", status="closed", purged=True)
            )
    return len(calls)
