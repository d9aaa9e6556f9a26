"""When a process of the line last said that it is at work: a dead one says nothing, so others look here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from ivr.storage.tables import Heartbeat

if TYPE_CHECKING:
    from sqlalchemy import Connection

WORKER: Final = "worker"


def beat(db: Connection, name: str, now: datetime) -> None:
    """Note that the process `name` is at work at `now` (aware UTC), within the caller's transaction."""
    seen = postgresql.insert(Heartbeat).values(name=name, seen_at=now)
    db.execute(seen.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"seen_at": now}))


def last_seen(db: Connection, name: str) -> datetime | None:
    """Return when the process `name` was last at work; None if it never was."""
    return db.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))
