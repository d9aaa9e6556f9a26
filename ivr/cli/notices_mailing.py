"""`ivr notices mailed` and `ivr notices returned`: what the mail house and the post office tell."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.settings import load_database_settings
from ivr.cli.files import CSV_FILE, errors_option, load_file
from ivr.cli.questions import account, written_plain
from ivr.notices.mailing import note_mailed, note_returned
from ivr.start import ready_database


@click.command()
@click.argument("manifest", type=CSV_FILE)
@click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it was mailed (default: today)."
)
@errors_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts and errors as JSON.")
def mailed(manifest: Path, day: datetime | None, errors_file: Path | None, *, as_json: bool) -> int:
    """Note the letters of MANIFEST as mailed: a manifest of the outbox, without the pieces that were not.

    A column mailed_date gives a piece a day of its own. A payment that waited for its letter goes.
    """
    settings = load_database_settings()
    now = settings.make_clock().now().astimezone(settings.ivr_timezone)

    def load(db: Connection, now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return note_mailed(
            db,
            stream,
            file_name=manifest.name,
            mailed_date=(day or now).date(),
            actor=account(),
            now=now,
            progress=progress,
        )

    return load_file(manifest, settings, now, load, as_json=as_json, errors_file=errors_file)


@click.command()
@click.argument("confirmation_number")
@click.option(
    "--by", "channel", type=click.Choice(["letter", "email"]), required=True, help="What came back."
)
@click.option("--tells", "kind", help="Which of several, by what it tells: authorized, returned …")
def returned(confirmation_number: str, channel: Literal["letter", "email"], kind: str | None) -> None:
    """Note that a letter came back or an e-mail bounced: the next channel is used, and staff have a task."""
    settings = load_database_settings()
    number = written_plain(confirmation_number)
    with ready_database(settings) as engine, engine.begin() as db:
        now = settings.make_clock().now()
        told = note_returned(db, number, channel=channel, kind=kind, actor=account(), now=now)
    click.echo(f"{number}: the {channel} that tells {told} came back. `ivr ach queue list` says what to do.")
