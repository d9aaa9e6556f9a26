"""The banks that take entries, by the Federal Reserve's directory; without one, any number will do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from sqlalchemy import bindparam, delete, exists, func, insert, select

from ivr.ach.directory import DirectoryFault, read_directory
from ivr.base.csvfiles import ImportResult, LineError
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import Bank, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

DIRECTORY_TASK: Final = "bank_directory"
RENEWED_EVERY: Final = timedelta(days=35)

_NAME: Final = PreparedStatement(
    select(
        select(Bank.name).where(Bank.routing_number == bindparam("routing_number")).scalar_subquery(),
        exists(select(Bank.routing_number)).label("has_directory"),
    )
)


def import_directory(db: Connection, now: datetime, stream: BinaryIO, *, file_name: str) -> ImportResult:
    """Replace the directory by a file's, within the caller's transaction; with any error not at all."""
    result = ImportResult()
    known = {row.routing_number: row.name for row in db.execute(select(Bank.routing_number, Bank.name))}
    banks = {}
    for each in read_directory(stream.read().decode("ascii", "replace").splitlines()):
        if isinstance(each, DirectoryFault):
            result.errors.append(LineError(file_name, each.line, each.field, "import.value", each.message))
        else:
            banks[each.routing_number] = each.name
    result.read = len(banks)
    if not banks:
        message = "no line of it is a bank's: give the directory of the Federal Reserve, as text"
        result.errors.append(LineError(file_name, 1, "", "import.value", message))
    if result.errors:
        return result
    result.added = len(banks.keys() - known.keys())
    result.unchanged = sum(known.get(number) == name for number, name in banks.items())
    result.changed = result.read - result.added - result.unchanged
    db.execute(delete(Bank))
    rows = [{"routing_number": number, "name": name, "imported_at": now} for number, name in banks.items()]
    db.execute(insert(Bank), rows)
    close_tasks(db, (DIRECTORY_TASK,), now, StaffTask.kind == DIRECTORY_TASK)
    return result


def name_of_bank(db: Connection, routing_number: str) -> str | None:
    """Return a bank's name as the directory writes it, in capitals; None where it does not know the number.

    Without a directory every name is empty. One statement.
    """
    ((name, has_directory),) = _NAME.rows(db, {"routing_number": routing_number})
    return str(name) if name else None if has_directory else ""


def directory_imported_at(db: Connection) -> datetime | None:
    """Return when the directory was imported (aware); None where there is none."""
    return db.scalar(select(func.max(Bank.imported_at)))


def watch_directory(db: Connection, now: datetime) -> None:
    """Open a task, within the caller's transaction, while the directory is older than banks come and go."""
    imported_at = directory_imported_at(db)
    if imported_at is not None and now - imported_at > RENEWED_EVERY:
        open_task(
            db,
            DIRECTORY_TASK,
            now,
            imported_date=imported_at.date().isoformat(),
            next="get the Federal Reserve's newest directory, then `ivr banks import FILE`",
        )
