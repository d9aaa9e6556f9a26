"""Locks are silent, so somebody watches: what fails on the whole line is told to staff and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import select, update

from ivr.members.locks import line_failures
from ivr.members.verification import LINE_FAILURES, LINE_HOUR
from ivr.payments.tasks import open_task
from ivr.storage.tables import StaffTask

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

FAILURES_TASK: Final = "verification_failures"

_log = structlog.get_logger()


def watch_failures(engine: Engine, now: datetime) -> None:
    """Keep one open task while a hundred verifications an hour fail, and write one line to the log for it.

    An open task follows the worst hour. One that staff closed is not opened again within the hour.
    """
    with engine.begin() as db:
        counted = line_failures(db, now - LINE_HOUR)
        if counted.failures < LINE_FAILURES:
            return
        details: dict[str, Any] = {
            "failures_in_an_hour": counted.failures,
            "numbers": counted.numbers,
            "limit": LINE_FAILURES,
            "next": "see which members are locked (`ivr members locked`): somebody may be guessing",
        }
        newest = db.execute(
            select(StaffTask.id, StaffTask.closed_at, StaffTask.details)
            .where(StaffTask.kind == FAILURES_TASK)
            .order_by(StaffTask.id.desc())
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if newest is not None and newest.closed_at is None:
            if counted.failures > newest.details["failures_in_an_hour"]:
                db.execute(update(StaffTask).where(StaffTask.id == newest.id).values(details=details))
            return
        if newest is not None and now - newest.closed_at < LINE_HOUR:
            return
        open_task(db, FAILURES_TASK, now, **details)
    _log.warning("verification_failures", failures=counted.failures, numbers=counted.numbers)
