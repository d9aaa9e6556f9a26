"""Loading a CSV file: progress while it is read, then counts, or what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.errors import EXIT_NO, OperatorError
from ivr.base.settings import DatabaseSettings
from ivr.base.words import counted
from ivr.cli.bad_lines import each_line, summary
from ivr.start import ready_database

CSV_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
errors_option = click.option(
    "--errors",
    "errors_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every error and every warning to this file, a line each.",
)

Load = Callable[["Connection", datetime, BinaryIO, "Progress"], "ImportResult"]


def load_file(
    file: Path,
    settings: DatabaseSettings,
    now: datetime,
    load: Load,
    *,
    as_json: bool,
    errors_file: Path | None,
) -> int:
    """Load `file` in one transaction, which an error in any line undoes; print what became of it.

    Errors and warnings are told by kind, and each with its line in `errors_file`, where there is one.
    Returns the exit status: 1 when a line was bad; a warning changes nothing.
    """
    result = _load(file, settings, now, load)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    if errors_file is not None:
        _write_down(errors_file, result)
    for sentence in summary(result.errors):
        click.echo(sentence, err=True)
    for sentence in summary(result.warnings):
        click.echo(f"warning: {sentence}", err=True)
    if result.errors:
        errors = counted(len(result.errors), "error")
        click.echo(f"Nothing was loaded: correct {errors}, then try again.", err=True)
        return EXIT_NO
    if not as_json:
        click.echo(
            f"{result.read} read: {result.added} added, {result.changed} changed,"
            f" {result.unchanged} unchanged"
        )
    return 0


def _load(file: Path, settings: DatabaseSettings, now: datetime, load: Load) -> ImportResult:
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
    return result


def _write_down(errors_file: Path, result: ImportResult) -> None:
    try:
        with errors_file.open("w", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in each_line(result.errors))
            out.writelines(f"warning: {line}\n" for line in each_line(result.warnings))
    except OSError as error:
        raise OperatorError(
            f"{errors_file} cannot be written ({error.strerror}): give --errors another file."
        ) from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file that was asked for. Raises `OperatorError`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OperatorError(f"{path}: cannot be written ({error.strerror}): name another file") from None
