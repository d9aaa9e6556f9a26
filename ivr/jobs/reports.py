"""Counting the calls of days that are over, before anybody asks for a report of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ivr.calls.days import count_next_day
from ivr.calls.reports import COUNTS

if TYPE_CHECKING:
    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import MemberSettings

_EVERY_TEN_MINUTES: Final = "*/10 * * * *"


def add_report_jobs(
    app: App, engine: Engine, clock: Clock, settings: MemberSettings, *, periodic: bool
) -> None:
    """Give the worker this job. It counts one day at a time, because the bank's jobs wait for it."""

    @app.task(name="report_day", queueing_lock="report_day")
    def report_day(timestamp: int = 0) -> None:
        del timestamp
        with engine.begin() as db:
            count_next_day(db, COUNTS, settings.ivr_timezone, clock.now())

    if periodic:
        app.periodic(cron=_EVERY_TEN_MINUTES)(report_day)
