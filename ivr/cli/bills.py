"""`ivr bills`: what members owe."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.settings import MemberSettings, load_member_settings
from ivr.billing.imports import BILL_COLUMNS, import_bills
from ivr.cli.files import CSV_FILE, file_options, load_file


@click.group()
def bills() -> None:
    """Load bills."""


@bills.command("import")
@click.argument("file", type=CSV_FILE)
@click.option(
    "--as-of",
    metavar="MOMENT",
    help="When the file was true, such as 2026-12-17T18:00 (in IVR_TIMEZONE unless it says otherwise)."
    " Callers hear it with their balance.  [default: now]",
)
@file_options(lambda: BILL_COLUMNS)
def import_file(file: Path, as_of: str | None, **how: Any) -> int:
    """Load a bills FILE (CSV): all of it, or nothing when any line is bad."""
    settings = load_member_settings()
    now = settings.make_clock().now()
    as_of_at = now if as_of is None else _moment(as_of, settings, now)

    def load(db: Connection, at: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return import_bills(
            db, settings.hashes, at, stream, as_of_at=as_of_at, file_name=str(file), progress=progress
        )

    return load_file(file, settings, now, load, **how)


def _moment(text: str, settings: MemberSettings, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a moment as 2026-12-17T18:00", param_hint="--as-of") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.ivr_timezone)
    if moment > now:
        raise click.BadParameter("that moment has not come yet", param_hint="--as-of")
    return moment
