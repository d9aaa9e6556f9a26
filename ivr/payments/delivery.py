"""Bringing a file to the bank: the same bytes under the same name, and never again what may have arrived.

One at a time brings a file: a lock of the database's says so, which ends with its connection. The bytes go
up under a temporary name that banks leave alone, as often as it takes. Just before the file gets its own
name, that is written down and committed. Whoever dies after that leaves a question, not a file to be sent
again: the next try asks the folder or the server, and where neither can tell, staff ask the bank.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from sqlalchemy import Engine, bindparam, select, update

from ivr.ach.banking_days import SETTLEMENT_ZONE
from ivr.base.errors import OperatorError
from ivr.base.keys import UnsealError
from ivr.payments.life import DEBIT_KINDS, move_all
from ivr.payments.origination import file_context
from ivr.payments.tasks import BY_THE_LINE, close_tasks, open_task
from ivr.storage.advisory_locks import FILES, held_alone, hold_in_transaction
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import AchEntry, AchFile, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyRing

UNDELIVERED_TASK: Final = "file_not_delivered"
DOUBT_TASK: Final = "file_perhaps_delivered"
LATE_TASK: Final = "file_late"
FILE_TASKS: Final = (UNDELIVERED_TASK, DOUBT_TASK, LATE_TASK)
ENCRYPTED: Final = ".age"  # what the name of an encrypted file ends with
PART: Final = ".part"  # what a temporary name ends with: banks are told to leave such files alone

# Prepared: the content comes in binary, which as text would be twice as long.
_WRITTEN: Final = PreparedStatement(
    select(AchFile.__table__).where(AchFile.id == bindparam("file_id"), AchFile.state == "written")
)

Whereabouts = Literal["there", "not_there", "unknown"]


class NotDeliveredError(OperatorError):
    """A file did not reach the bank this time; the next try sends the same bytes under the same name."""

    task = UNDELIVERED_TASK
    follows = "The worker tries again every minute."


class NameTakenError(NotDeliveredError):
    """Another file lies under that name: staff must see what it is. Nothing was overwritten."""


class PerhapsDeliveredError(NotDeliveredError):
    """Nobody can tell if the file reached the bank: it is not sent again before staff say so."""

    task = DOUBT_TASK
    follows = "Nothing is sent before somebody says so."


class LateFileError(NotDeliveredError):
    """The day on which the file's debits were to take effect has come: staff decide."""

    task = LATE_TASK
    follows = "Nothing is sent before somebody says so."


class Destination(Protocol):
    """Where files go."""

    def place(self, name: str) -> str:
        """Return where a file of that name lies, for people to read."""
        ...

    def deliver(self, name: str, content: bytes, before_naming: Callable[[], None]) -> None:
        """Put a file there, whole or not at all; do nothing when it lies there already.

        `before_naming` is called before the step that gives the file its name. Raises `NotDeliveredError`
        when the file certainly did not get it, `NameTakenError` when another file has it, and
        `PerhapsDeliveredError` when nobody can tell.
        """
        ...

    def look(self, name: str, content: bytes) -> Whereabouts:
        """Tell what became of a delivery that was broken off as the file got its name.

        `unknown` also where a file that was taken away leaves no trace. Raises `NotDeliveredError` when the
        place cannot be asked now, and `NameTakenError` when another file has the name.
        """
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine from which somebody takes the files to the bank."""

    folder: Path

    def place(self, name: str) -> str:
        """Return the file's path."""
        return str(self.folder / name)

    def deliver(self, name: str, content: bytes, before_naming: Callable[[], None]) -> None:
        """Write the file for its owner only, under a temporary name until it is on the disk."""
        target, part = self._paths(name)
        with self._told(name, NotDeliveredError):
            self._write(part, content)
        before_naming()
        with self._told(name, NotDeliveredError):
            if not _linked(part, target):
                part.unlink(missing_ok=True)
                self._check(target, content)
        with self._told(name, PerhapsDeliveredError):
            part.unlink(missing_ok=True)
            self._settle_folder()

    def look(self, name: str, content: bytes) -> Whereabouts:
        """Look for the file; one that is not there may have been taken to the bank, or never have been."""
        target, part = self._paths(name)
        with self._told(name, NotDeliveredError):
            if target.exists():
                self._check(target, content)
                return "there"
            # Two names of one file: it had the other one, and somebody has moved that away.
            return "there" if part.exists() and part.stat().st_nlink > 1 else "unknown"

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / name, self.folder / (name + PART)

    @contextmanager
    def _told(self, name: str, error: type[NotDeliveredError]) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise error(
                f"{self.place(name)} cannot be written ({problem.strerror}): make IVR_ACH_OUT a folder this"
                " account can write."
            ) from None

    def _check(self, target: Path, content: bytes) -> None:
        if target.read_bytes() != content:
            raise NameTakenError(f"Another file lies at {target}: see what it is and move it away.")

    def _write(self, part: Path, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _settle_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _linked(part: Path, target: Path) -> bool:
    """Give a file its name; False when there is one of that name. Unlike a rename it never replaces one."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    return True


def undelivered_files(db: Connection) -> Sequence[int]:
    """Return the ids of the files that are written and not yet with the bank, oldest first."""
    return db.scalars(select(AchFile.id).where(AchFile.state == "written").order_by(AchFile.id)).all()


def deliver_file(
    engine: Engine,
    keys: KeyRing,
    destination: Destination,
    file_id: int,
    now: datetime,
    *,
    recipients: Sequence[str] = (),
    although_late: bool = False,
) -> bool:
    """Bring one file to the bank and move its payments on to `sent`; False when there is nothing to do.

    With `recipients`, public keys of age, it goes out encrypted to them, as `delivered_name` calls it.
    Nothing to do is: it was delivered or rejected, or another worker is at it. Raises `NotDeliveredError`
    after telling staff once; its kind says whether the next try sends the file, or staff decide. A file
    whose effective date has come leaves only `although_late`.
    """
    try:
        with held_alone(engine, FILES, file_id) as db:
            return db is not None and _deliver(
                db, keys, destination, file_id, now, recipients, although_late=although_late
            )
    except NotDeliveredError as error:
        with engine.begin() as db:
            open_task(db, error.task, now, file_id=file_id, problem=str(error))
        raise


def hold_delivery(db: Connection, file_id: int) -> None:
    """Let nobody deliver a file until the transaction ends; a delivery at this moment ends first."""
    hold_in_transaction(db, FILES, file_id)


def _deliver(  # noqa: PLR0917 (as below)
    db: Connection,
    keys: KeyRing,
    destination: Destination,
    file_id: int,
    now: datetime,
    recipients: Sequence[str],
    *,
    although_late: bool,
) -> bool:
    with db.begin():
        written = _WRITTEN.rows(db, {"file_id": file_id})
    if not written:
        return False
    (file,) = written
    name, content = file.name, _opened(keys, file.name, file.content)
    if recipients or file.encrypted is not None:
        name, content = name + ENCRYPTED, _encrypted(db, file, recipients, content)
    if file.naming_at is None or not _is_there(db, destination, file_id, name, content):
        if not although_late:
            _check_in_time(file, now)
        _bring(db, destination, file_id, name, content, now)
    with db.begin():
        mark_sent(db, file_id, now)
    return True


def delivered_name(name: str, recipients: Sequence[str]) -> str:
    """Return the name under which a file goes out."""
    return name + ENCRYPTED if recipients else name


def _encrypted(db: Connection, file: Any, recipients: Sequence[str], content: bytes) -> bytes:
    """Return what goes out. Each time it would be other bytes: once it may be there it stays."""
    if file.encrypted is not None and (file.naming_at is not None or not recipients):
        return bytes(file.encrypted)
    from pyrage import encrypt, x25519  # noqa: PLC0415 (only who has a recipient needs the library)

    encrypted: bytes = encrypt(content, [x25519.Recipient.from_str(key) for key in recipients])
    with db.begin():
        db.execute(update(AchFile).where(AchFile.id == file.id).values(encrypted=encrypted))
    return encrypted


def _bring(  # noqa: PLR0917 (as above)
    db: Connection, destination: Destination, file_id: int, name: str, content: bytes, now: datetime
) -> None:
    """Send the bytes; return when the file has its name at the bank."""
    try:
        destination.deliver(name, content, lambda: _note_naming(db, file_id, now))
    except PerhapsDeliveredError:
        if not _is_there(db, destination, file_id, name, content):
            raise NotDeliveredError(
                f"{destination.place(name)} did not get its name: it is sent again."
            ) from None
    except NotDeliveredError:
        _note_naming(db, file_id, None)
        raise


def _is_there(db: Connection, destination: Destination, file_id: int, name: str, content: bytes) -> bool:
    """Ask what became of a delivery that was broken off. Raises `PerhapsDeliveredError`."""
    found = destination.look(name, content)
    if found == "unknown":
        raise PerhapsDeliveredError(
            f"{name} was on its way to {destination.place(name)} when its delivery was broken off, and"
            " nothing there tells if it arrived. Ask the bank: if it has it,"
            f" `ivr ach sent {name}`; if not, `ivr ach resend {name}`."
        )
    if found == "not_there":
        _note_naming(db, file_id, None)
    return found == "there"


def _note_naming(db: Connection, file_id: int, at: datetime | None) -> None:
    with db.begin():
        db.execute(update(AchFile).where(AchFile.id == file_id).values(naming_at=at))


def _check_in_time(file: Any, now: datetime) -> None:
    """Stop a file whose debits would take effect later than its members were told."""
    if now.astimezone(SETTLEMENT_ZONE).date() >= file.effective_entry_date:
        raise LateFileError(
            f"{file.name} did not reach the bank before {file.effective_entry_date}, the day its debits were"
            f" to take effect. Ask the bank if it still takes it: `ivr ach resend {file.name}` sends it as it"
            f" is; `ivr ach reject {file.name} --reason late` puts what is in it into the next file."
        )


def _opened(keys: KeyRing, name: str, content: bytes) -> bytes:
    try:
        return keys.open(content, file_context(name))
    except UnsealError as error:
        raise NotDeliveredError(f"The stored file {name} cannot be opened: {error}.") from None


def mark_sent(db: Connection, file_id: int, now: datetime, *, by: str = BY_THE_LINE) -> None:
    """Note, within the caller's transaction, that the bank has a file; its tasks are closed."""
    batched = (AchEntry.file_id == file_id) & (AchEntry.state == "batched")
    debits = select(AchEntry.payment_id).where(batched, AchEntry.kind.in_(DEBIT_KINDS))
    move_all(db, Payment.id.in_(debits), "batched", "send")
    db.execute(update(AchEntry).where(batched).values(state="sent"))
    db.execute(update(AchFile).where(AchFile.id == file_id).values(state="sent", sent_at=now, naming_at=None))
    close_tasks(db, FILE_TASKS, now, StaffTask.details["file_id"].as_integer() == file_id, by=by)
