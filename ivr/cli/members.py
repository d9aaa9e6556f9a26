"""`ivr members`: who may call."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from ivr.base.errors import NotFoundError
from ivr.cli.asking import account
from ivr.cli.files import CSV_FILE, errors_option, load_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.csvfiles import ImportResult, Progress


@click.group()
def members() -> None:
    """Load members, and let locked ones try again."""


@members.command("import")
@click.argument("file", type=CSV_FILE)
@errors_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts, errors and warnings as JSON.")
def import_file(file: Path, errors_file: Path | None, *, as_json: bool) -> int:
    """Load a members FILE (CSV): all of it, or nothing when any line is bad.

    What is only doubtful is loaded, with a warning. A new name is also that of the member's payments which
    are in no file to the bank yet.
    """
    from ivr.base.settings import load_member_settings
    from ivr.members.imports import import_members
    from ivr.payments.names import correct_names

    settings = load_member_settings()

    def load(db: Connection, now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return import_members(
            db,
            settings.hashes,
            now,
            stream,
            file_name=str(file),
            progress=progress,
            can_print=_can_print,
            renamed=partial(correct_names, db, reason=f"members file {file.name}", actor=account(), now=now),
        )

    return load_file(
        file, settings, settings.make_clock().now(), load, as_json=as_json, errors_file=errors_file
    )


def _can_print(words: str) -> bool:
    from ivr.notices.letter import can_print  # long to load, and few files need it

    return can_print(words)


@members.command()
@click.argument("member_id")
def unlock(member_id: str) -> None:
    """Forget the failed tries of MEMBER_ID (12 digits), who may call again at once. It is recorded."""
    from ivr.base.settings import load_member_settings
    from ivr.cli.setup import ready_database
    from ivr.members.verification import unlock as unlock_member

    if re.fullmatch(r"\d{12}", member_id, re.ASCII) is None:
        raise click.BadParameter("write the member's ID, 12 digits", param_hint="MEMBER_ID")
    settings = load_member_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        if not unlock_member(db, settings.hashes, member_id, account(), settings.make_clock().now()):
            raise NotFoundError(f"No member has the ID {member_id}: check the number.")
    click.echo(f"Member {member_id} may try again.")
