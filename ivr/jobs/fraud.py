"""Looking for fraud: often enough that staff can hold a payment before its cutoff, and before each cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from ivr.payments import fraud

if TYPE_CHECKING:
    from datetime import datetime

    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock

_EVERY_TEN_MINUTES: Final = "*/10 * * * *"

_log = structlog.get_logger()


def watch_fraud(engine: Engine, now: datetime) -> None:
    """Open a task for each new finding, and write a line to the log for them."""
    with engine.begin() as db:
        found = fraud.watch_fraud(db, now)
    if found:
        _log.warning("fraud_found", findings=len(found), rules=sorted({each.rule for each in found}))


def add_fraud_jobs(app: App, engine: Engine, clock: Clock, *, periodic: bool) -> None:
    """Give the worker this job."""

    @app.task(name="fraud_watch", queueing_lock="fraud_watch")
    def watch(timestamp: int = 0) -> None:
        del timestamp
        watch_fraud(engine, clock.now())

    if periodic:
        app.periodic(cron=_EVERY_TEN_MINUTES)(watch)
