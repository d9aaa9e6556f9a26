"""`ivr members import`: who may call, from a file."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.settings import load_member_settings
from ivr.cli.files import CSV_FILE, errors_option, load_file
from ivr.cli.questions import account
from ivr.members.imports import import_members
from ivr.notices.letter import can_print
from ivr.payments.names import correct_names


@click.command("import")
@click.argument("file", type=CSV_FILE)
@errors_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts, errors and warnings as JSON.")
def import_file(file: Path, errors_file: Path | None, *, as_json: bool) -> int:
    """Load a members FILE (CSV): all of it, or nothing when any line is bad.

    What is only doubtful is loaded, with a warning. A new name is also that of the member's payments which
    are in no file to the bank yet.
    """
    settings = load_member_settings()

    def load(db: Connection, now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        return import_members(
            db,
            settings.hashes,
            now,
            stream,
            file_name=str(file),
            progress=progress,
            can_print=can_print,
            renamed=partial(correct_names, db, reason=f"members file {file.name}", actor=account(), now=now),
        )

    return load_file(
        file, settings, settings.make_clock().now(), load, as_json=as_json, errors_file=errors_file
    )
