"""What follows from returns without anybody asking: debits tried again, and rates watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.rates import warn_of_rates
from ivr.payments.retries import due_retries, request_retry

if TYPE_CHECKING:
    from datetime import datetime

    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import OriginationSettings

_EVERY_TEN_MINUTES: Final = "*/10 * * * *"

_log = structlog.get_logger()


def request_due_retries(engine: Engine, settings: OriginationSettings, now: datetime) -> int:
    """Ask for every retry that is due and allowed, a transaction each; return how many."""
    rule = cutoff_rule(settings)
    with engine.connect() as db:
        due = due_retries(db, rule, settings.ivr_retries, now)
    requested = 0
    for payment_id in due:
        with engine.begin() as db:
            requested += request_retry(db, rule, payment_id, now)
    return requested


def watch_rates(engine: Engine, settings: OriginationSettings, now: datetime) -> None:
    """Tell staff and the log, once a day, of rates that are on their way to a limit."""
    with engine.begin() as db:
        warnings = warn_of_rates(db, now.astimezone(settings.ivr_timezone).date(), now)
    for warning in warnings:
        _log.warning("return_rate", **warning)


def add_return_jobs(
    app: App, engine: Engine, clock: Clock, settings: OriginationSettings, *, periodic: bool
) -> None:
    """Give the worker these jobs."""

    @app.task(name="retries", queueing_lock="retries")
    def retries(timestamp: int = 0) -> None:
        del timestamp
        requested = request_due_retries(engine, settings, clock.now())
        if requested:
            _log.info("retries_requested", entries=requested)

    @app.task(name="return_rates", queueing_lock="return_rates")
    def rates(timestamp: int = 0) -> None:
        del timestamp
        watch_rates(engine, settings, clock.now())

    if periodic:
        app.periodic(cron=_EVERY_TEN_MINUTES)(retries)
        app.periodic(cron=_EVERY_TEN_MINUTES)(rates)
