"""`ivr accounts`: what is known of billing accounts besides their bills."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.settings import load_database_settings
from ivr.billing.accounts import ACCOUNT_COLUMNS, import_accounts
from ivr.cli.files import CSV_FILE, file_options, load_file


@click.group()
def accounts() -> None:
    """Load which help members get with the premium, and how a plan that ended can come back."""


@accounts.command("import")
@click.argument("file", type=CSV_FILE)
@file_options(lambda: ACCOUNT_COLUMNS)
def import_file(file: Path, **how: Any) -> int:
    """Load an accounts FILE (CSV): all of it, or nothing when any line is bad. The next caller hears it."""
    settings = load_database_settings()

    def load(db: Connection, _now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return import_accounts(db, stream, file_name=str(file), progress=progress)

    return load_file(file, settings, settings.make_clock().now(), load, **how)
