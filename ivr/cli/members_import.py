"""`ivr members import`: who may call, from a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import Column, ImportResult, Progress
from ivr.base.settings import load_member_settings
from ivr.cli.files import CSV_FILE, complete_options, file_options, load_file
from ivr.cli.questions import account
from ivr.members.imports import import_members, member_columns
from ivr.notices.letter import can_print
from ivr.payments.names import correct_names
from ivr.storage.audit import record_event


def _columns() -> Mapping[str, Column]:
    return member_columns(datetime.now(UTC).date())


@click.command("import")
@click.argument("file", type=CSV_FILE)
@complete_options("FILE has everybody: who is not in it is withdrawn, and nobody to the line.")
@file_options(_columns)
def import_file(file: Path, *, complete: bool, **how: Any) -> int:
    """Load a members FILE (CSV): all of it, or nothing when any line is bad.

    What is only doubtful is loaded, with a warning. A new name is also that of the member's payments which
    are in no file to the bank yet.
    """
    settings = load_member_settings()

    def load(db: Connection, now: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        result = import_members(
            db,
            settings.hashes,
            now,
            stream,
            file_name=str(file),
            progress=progress,
            complete=complete,
            can_print=can_print,
            renamed=partial(correct_names, db, reason=f"members file {file.name}", actor=account(), now=now),
        )
        if result.withdrawn:
            details = {"members": result.withdrawn}
            record_event(db, "members.withdraw", file.name, details, actor=account(), now=now)
        return result

    return load_file(file, settings, settings.make_clock().now(), load, **how)
