"""A cutoff that nobody ran is told by who looks at the bank's side: a dead worker says nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from ivr.base.settings import DatabaseSettings
from ivr.base.words import counted
from ivr.payments.batches import count_waiting
from ivr.payments.cutoffs import cutoff_rule, overdue_cutoffs
from ivr.payments.report import plain
from ivr.storage.heartbeats import WORKER, last_seen


def overdue(db: Connection, settings: DatabaseSettings, now: datetime) -> dict[str, Any]:
    """Return the cutoffs that should have been run and were not, and when the worker was last seen, as JSON.

    One that nothing waits for is none of them.
    """
    cutoffs = overdue_cutoffs(db, cutoff_rule(settings), now)
    is_missed = bool(cutoffs) and count_waiting(db, cutoffs[-1]) > 0
    return {
        "overdue_cutoffs": [plain(cutoff) for cutoff in cutoffs if is_missed],
        "worker_seen_at": plain(last_seen(db, WORKER)),
    }


def tell_overdue(found: dict[str, Any], settings: DatabaseSettings) -> None:
    """Say on standard error what `overdue` found, where there is something to do."""

    def local(instant: str) -> str:
        return f"{datetime.fromisoformat(instant).astimezone(settings.ivr_timezone):%Y-%m-%d %H:%M}"

    cutoffs, seen = found["overdue_cutoffs"], found["worker_seen_at"]
    if cutoffs:
        since = f" and {counted(len(cutoffs) - 1, 'later one')}" if len(cutoffs) > 1 else ""
        worker = f"the worker was last seen on {local(seen)}" if seen else "no worker was ever seen"
        click.echo(
            f"Nobody ran the cutoff of {local(cutoffs[0])}{since}: {worker}."
            " Start it, or run `ivr ach cutoff`.",
            err=True,
        )
