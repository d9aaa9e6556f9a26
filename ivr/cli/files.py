"""Loading a CSV file: progress while it is read, then counts, or what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import Column, ImportResult, Progress, describe
from ivr.base.errors import EXIT_NO, OperatorError
from ivr.base.settings import DatabaseSettings
from ivr.base.words import counted
from ivr.cli.bad_lines import each_line, summary
from ivr.start import database_name, ready_database

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
CSV_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
errors_option = click.option(
    "--errors",
    "errors_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every error and every warning to this file, a line each.",
)

_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the counts, errors and warnings as JSON."
)
_dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be loaded, and load nothing.")
_rows_option = click.option(
    "--expect-rows",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="Load nothing unless the file has so many rows: a file may come in half.",
)


# A file that came in half would withdraw the other half.
WITHDRAWN_PERCENT_MAX = 5


def complete_options(means: str) -> Callable[[Any], Any]:
    """Return a decorator that lets a command take a file which has all there are; `means` says of what."""

    def decorate(command: Any) -> Any:
        command = click.option(
            "--yes", is_flag=True, help=f"Withdraw more than {WITHDRAWN_PERCENT_MAX} % of what there is."
        )(command)
        return click.option("--complete", is_flag=True, help=means)(command)

    return decorate


def file_options(columns: Callable[[], Mapping[str, Column]]) -> Callable[[Any], Any]:
    """Return a decorator that gives a command the options of every file that comes in."""

    def print_columns(context: click.Context, _parameter: click.Parameter, value: object) -> None:
        if value:
            click.echo("\n".join(describe(columns())))
            context.exit()

    columns_option = click.option(
        "--columns",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=print_columns,
        help="Print what each column must hold, and exit.",
    )

    def decorate(command: Any) -> Any:
        for option in (_json_option, errors_option, _rows_option, _dry_run_option, columns_option):
            command = option(command)
        return command

    return decorate


Load = Callable[["Connection", datetime, BinaryIO, "Progress"], "ImportResult"]


def load_file(
    file: Path,
    settings: DatabaseSettings,
    now: datetime,
    load: Load,
    *,
    as_json: bool,
    errors_file: Path | None,
    dry_run: bool = False,
    expect_rows: int | None = None,
    yes: bool = False,
) -> int:
    """Load `file` in one transaction, which an error in any line undoes; print what became of it.

    A `dry_run` is undone as well, and so is a file that has not `expect_rows` rows, and without `yes` one
    that would withdraw much of what there is.

    Errors and warnings are told by kind, and each with its line in `errors_file`, where there is one.
    Returns the exit status: 1 when a line was bad; a warning changes nothing.
    """
    refusal = partial(_refusal, file, expect_rows=expect_rows, yes=yes)
    result = _load(file, settings, now, load, lambda read: not dry_run and refusal(read) is None)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    if errors_file is not None:
        _write_down(errors_file, result)
    for sentence in summary(result.errors):
        click.echo(sentence, err=True)
    for sentence in summary(result.warnings):
        click.echo(f"warning: {sentence}", err=True)
    refused = refusal(result)
    if refused is not None:
        click.echo(f"Nothing was loaded: {refused}", err=True)
        return EXIT_NO
    if not as_json:
        withdrawn = "" if result.withdrawn is None else f", {result.withdrawn} withdrawn"
        click.echo(
            f"{result.read} read: {result.added} added, {result.changed} changed,"
            f" {result.unchanged} unchanged{withdrawn}"
        )
    if dry_run:
        click.echo(f"A dry run: nothing was loaded into {database_name(settings)}.", err=True)
    return 0


def _refusal(file: Path, result: ImportResult, *, expect_rows: int | None, yes: bool) -> str | None:
    """Say why what was read of a file is not to stay, and what to do; None where it is."""
    if result.errors:
        return f"correct {counted(len(result.errors), 'error')}, then try again."
    if expect_rows not in {None, result.read}:
        return f"{file} has {counted(result.read, 'row')}, not {expect_rows:,}; ask for a whole one."
    withdrawn, stood = result.withdrawn or 0, result.stood or 0
    if withdrawn * 100 > WITHDRAWN_PERCENT_MAX * stood and not yes:
        return (
            f"{withdrawn:,} of {stood:,} are not in {file}, more than {WITHDRAWN_PERCENT_MAX} %;"
            " give --yes if they are all to be withdrawn."
        )
    return None


def _load(
    file: Path,
    settings: DatabaseSettings,
    now: datetime,
    load: Load,
    stays: Callable[[ImportResult], bool],
) -> ImportResult:
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
        if stays(result):
            db.commit()
        else:
            db.rollback()
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
