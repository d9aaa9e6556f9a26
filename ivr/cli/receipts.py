"""`ivr receipts`: money that came by another way than this line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.settings import load_database_settings
from ivr.billing.receipts import RECEIPT_COLUMNS, import_receipts
from ivr.cli.files import CSV_FILE, file_options, load_file


@click.group()
def receipts() -> None:
    """Load what members paid by mail, at a counter, by their bank, or online."""


@receipts.command("import")
@click.argument("file", type=CSV_FILE)
@file_options(lambda: RECEIPT_COLUMNS)
def import_file(file: Path, **how: Any) -> int:
    """Load a receipts FILE (CSV): all of it, or nothing when any line is bad. The next caller hears it."""
    settings = load_database_settings()

    def load(db: Connection, now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return import_receipts(db, now, stream, file_name=str(file), progress=progress)

    return load_file(file, settings, settings.make_clock().now(), load, **how)
