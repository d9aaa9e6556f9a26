"""`ivr banks`: the directory of the banks that take entries."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import Connection, func, select

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.errors import EXIT_NO
from ivr.base.settings import load_database_settings
from ivr.base.words import counted
from ivr.cli.files import CSV_FILE, errors_option, load_file
from ivr.payments.banks import RENEWED_EVERY, directory_imported_at, import_directory
from ivr.start import ready_database
from ivr.storage.tables import Bank


@click.group()
def banks() -> None:
    """Load and look at the directory of the banks that take entries."""


@banks.command("import")
@click.argument("file", type=CSV_FILE)
@errors_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts and errors as JSON.")
def import_file(file: Path, errors_file: Path | None, *, as_json: bool) -> int:
    """Load the Federal Reserve's directory from FILE, in place of the one before, or nothing of it.

    From then on a routing number that it does not know takes no payment: the caller is asked for another
    account, twice, then led to a person.
    """
    settings = load_database_settings()

    def load(db: Connection, now: datetime, stream: BinaryIO, _progress: Progress) -> ImportResult:
        return import_directory(db, now, stream, file_name=str(file))

    return load_file(
        file, settings, settings.make_clock().now(), load, as_json=as_json, errors_file=errors_file
    )


@banks.command()
def status() -> int:
    """Print how many banks the directory has and since when; 1 when it is old or there is none."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        number = db.scalar(select(func.count()).select_from(Bank)) or 0
        imported_at = directory_imported_at(db)
    if imported_at is None:
        click.echo("no directory: any routing number with a right check digit is taken", err=True)
        return EXIT_NO
    age = settings.make_clock().now() - imported_at
    click.echo(f"{counted(number, 'bank')}, imported {counted(age.days, 'day')} ago")
    if age <= RENEWED_EVERY:
        return 0
    click.echo("It is old: get the newest one, then `ivr banks import FILE`.", err=True)
    return EXIT_NO
