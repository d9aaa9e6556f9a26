"""Keeping what must be kept and forgetting what must be forgotten: evidence is sealed, retention applied."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Final

import structlog

from ivr.jobs.verification_watch import watch_failures
from ivr.payments.banks import watch_directory
from ivr.payments.evidence import seal_evidence
from ivr.payments.retention import Retention, apply_retention

if TYPE_CHECKING:
    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import MemberSettings

_EVERY_MINUTE: Final = "* * * * *"
_EVERY_HOUR: Final = "7 * * * *"
_log = structlog.get_logger()


def seal_days_before(engine: Engine, settings: MemberSettings, now: datetime) -> int:
    """Seal the evidence of every payment authorized before today, by the bank's clock; return how many."""
    today = datetime.combine(now.astimezone(settings.ivr_timezone).date(), time(), settings.ivr_timezone)
    with engine.begin() as db:
        return seal_evidence(db, settings.hashes, now, today)


def run_retention(engine: Engine, settings: MemberSettings, now: datetime) -> Retention:
    """Apply the retention rules, and say loudly when they do not hold."""
    done = apply_retention(engine, now, settings.ivr_evidence_years)
    if not done.proven:
        _log.error(
            "retention_not_proven",
            account_numbers_overdue=done.account_numbers_overdue,
            evidence_missing=done.evidence_missing,
            counters_overdue=done.counters_overdue,
        )
    return done


def add_retention_jobs(
    app: App, engine: Engine, clock: Clock, settings: MemberSettings, *, periodic: bool
) -> None:
    """Give the worker these jobs. Keeping comes every hour and finds nothing to do but once a day."""

    @app.task(name="seal_evidence", queueing_lock="seal_evidence")
    def seal(timestamp: int = 0) -> None:
        del timestamp
        seal_days_before(engine, settings, clock.now())

    @app.task(name="retention", queueing_lock="retention")
    def retention(timestamp: int = 0) -> None:
        del timestamp
        run_retention(engine, settings, clock.now())
        with engine.begin() as db:
            watch_directory(db, clock.now())

    @app.task(name="verification_failures", queueing_lock="verification_failures")
    def failures(timestamp: int = 0) -> None:
        del timestamp
        watch_failures(engine, clock.now())

    if periodic:
        app.periodic(cron=_EVERY_MINUTE)(failures)
        for task in (seal, retention):
            app.periodic(cron=_EVERY_HOUR)(task)
