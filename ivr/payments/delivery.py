"""Bringing a file to the bank: the same bytes under the same name, however often it takes.

A file is delivered under its row's lock, so two workers never send it at once. When a try is cut off, the
next one finds a temporary file and writes it anew, or finds the whole file and only notes that it is sent.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import Engine, select, update

from ivr.base.errors import OperatorError
from ivr.base.keys import UnsealError
from ivr.payments.life import move_all
from ivr.payments.origination import file_context
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.tables import AchEntry, AchFile, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyRing

UNDELIVERED_TASK: Final = "file_not_delivered"
PART: Final = ".part"  # what a temporary name ends with: banks are told to leave such files alone


class NotDeliveredError(OperatorError):
    """A file did not reach the bank this time; the next try sends the same bytes under the same name."""


class NameTakenError(NotDeliveredError):
    """Another file lies under that name: a person must see what it is. Nothing was overwritten."""


class Destination(Protocol):
    """Where files go."""

    def place(self, name: str) -> str:
        """Return where a file of that name lies, for people to read."""
        ...

    def deliver(self, name: str, content: bytes) -> None:
        """Put a file there, whole or not at all; do nothing when it lies there already.

        Raises `NotDeliveredError`, and `NameTakenError` when another file has the name.
        """
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine from which somebody takes the files to the bank."""

    folder: Path

    def place(self, name: str) -> str:
        """Return the file's path."""
        return str(self.folder / name)

    def deliver(self, name: str, content: bytes) -> None:
        """Write the file for its owner only, under a temporary name until it is on the disk."""
        try:
            self._deliver(name, content)
        except OSError as error:
            raise NotDeliveredError(
                f"{self.place(name)} cannot be written ({error.strerror}): make IVR_ACH_OUT a folder this"
                " account can write."
            ) from None

    def _deliver(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target, part = self.folder / name, self.folder / (name + PART)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, target)  # unlike a rename it never replaces what lies there
        except FileExistsError:
            if target.read_bytes() != content:
                raise NameTakenError(
                    f"Another file lies at {target}: see what it is and move it away."
                ) from None
        finally:
            part.unlink()
        self._settle_folder()

    def _settle_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def undelivered_files(db: Connection) -> Sequence[int]:
    """Return the ids of the files that are written and not yet with the bank, oldest first."""
    return db.scalars(select(AchFile.id).where(AchFile.state == "written").order_by(AchFile.id)).all()


def deliver_file(
    engine: Engine, keys: KeyRing, destination: Destination, file_id: int, now: datetime
) -> bool:
    """Bring one file to the bank and move its payments on to `sent`; False when there is nothing to do.

    Nothing to do is: it was delivered or rejected, or another worker is at it. Raises `NotDeliveredError`
    after telling staff once; the file stays as it is, for the next try.
    """
    try:
        with engine.begin() as db:
            file = db.execute(
                select(AchFile.name, AchFile.content)
                .where(AchFile.id == file_id, AchFile.state == "written")
                .with_for_update(skip_locked=True)
            ).one_or_none()
            if file is None:
                return False
            destination.deliver(file.name, _opened(keys, file.name, file.content))
            _mark_sent(db, file_id, now)
    except NotDeliveredError as error:
        with engine.begin() as db:
            open_task(db, UNDELIVERED_TASK, now, file_id=file_id, problem=str(error))
        raise
    return True


def _opened(keys: KeyRing, name: str, content: bytes) -> bytes:
    try:
        return keys.open(content, file_context(name))
    except UnsealError as error:
        raise NotDeliveredError(f"The stored file {name} cannot be opened: {error}.") from None


def _mark_sent(db: Connection, file_id: int, now: datetime) -> None:
    batched = (AchEntry.file_id == file_id) & (AchEntry.state == "batched")
    debits = select(AchEntry.payment_id).where(batched, AchEntry.kind.in_(("debit", "retry")))
    move_all(db, Payment.id.in_(debits), "batched", "send")
    db.execute(update(AchEntry).where(batched).values(state="sent"))
    db.execute(update(AchFile).where(AchFile.id == file_id).values(state="sent", sent_at=now))
    close_tasks(db, (UNDELIVERED_TASK,), now, StaffTask.details["file_id"].as_integer() == file_id)
