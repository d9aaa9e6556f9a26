"""What a process does that brings the waiting files to the bank's SFTP server. Who plays the server kills it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from support.money import settings_with

from ivr.jobs.bank import deliver_files
from ivr.storage.engine import NO_LIMITS, database_url, make_engine


def deliver(url: str, now: datetime, environ: Mapping[str, str]) -> None:
    """Bring the files, with these settings."""
    engine = make_engine(database_url(url), limits=NO_LIMITS, pool_size=1)
    deliver_files(engine, settings_with(**environ), now)
