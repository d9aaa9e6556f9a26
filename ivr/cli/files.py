"""Loading a CSV file: progress while it is read, then counts or every bad line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from ivr.base.errors import EXIT_NO

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.csvfiles import ImportResult, Progress
    from ivr.base.settings import DatabaseSettings

CSV_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

Load = Callable[["Connection", datetime, BinaryIO, "Progress"], "ImportResult"]


def load_file(file: Path, settings: DatabaseSettings, now: datetime, load: Load, *, as_json: bool) -> int:
    """Load `file` in one transaction, which an error in any line undoes; print what became of it.

    Returns the exit status: 1 when a line was bad.
    """
    from ivr.cli.setup import ready_database

    bar = click.progressbar(  # draws nothing where nobody looks
        length=file.stat().st_size,
        label=f"Reading {file.name}",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    )
    read_bytes = 0

    def progress(bytes_read: int) -> None:
        nonlocal read_bytes
        bar.update(bytes_read - read_bytes)
        read_bytes = bytes_read

    with ready_database(settings) as engine, file.open("rb") as stream, bar, engine.connect() as db:
        result = load(db, now, stream, progress)
        if result.errors:
            db.rollback()
        else:
            db.commit()
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    for error in result.errors:
        where = f"{error.file}:{error.line}: " + (f"{error.field}: " if error.field else "")
        click.echo(f"{where}{error.message}", err=True)
    if result.errors:
        click.echo(f"Nothing was loaded: correct {len(result.errors)} errors, then try again.", err=True)
        return EXIT_NO
    if not as_json:
        click.echo(
            f"{result.read} read: {result.added} added, {result.changed} changed,"
            f" {result.unchanged} unchanged"
        )
    return 0
