"""The audit trail's one writer: what staff saw and did, who it was, when. Rows are never changed or removed.

Whoever works for a browser names its address once, for the connection: `told_from`. It stands in the details
of every event recorded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from ivr.storage.tables import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_FROM: Final = "audit_from"


def told_from(db: Connection, address: str) -> Connection:
    """Have every event that is recorded on this connection name the address it comes from."""
    return db.execution_options(**{_FROM: address})


def record_event(
    db: Connection, action: str, subject: str, details: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Record, in the caller's transaction, that `actor` did `action` to `subject`."""
    record_events(db, action, [(subject, details)], actor=actor, now=now)


def record_events(
    db: Connection,
    action: str,
    subjects: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Record one action on many subjects, each with its details (JSON; never a secret), in one statement."""
    address = db.get_execution_options().get(_FROM)
    whence = {} if address is None else {"from_address": address}
    events = [
        {"at": now, "actor": actor, "action": action, "subject": subject, "details": {**details, **whence}}
        for subject, details in subjects
    ]
    if events:
        db.execute(insert(AuditEvent), events)
