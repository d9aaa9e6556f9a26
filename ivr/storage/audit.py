"""The audit trail's one writer: what staff changed, who did it, when. Rows are never changed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from ivr.storage.tables import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


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
    events = [
        {"at": now, "actor": actor, "action": action, "subject": subject, "details": dict(details)}
        for subject, details in subjects
    ]
    if events:
        db.execute(insert(AuditEvent), events)
