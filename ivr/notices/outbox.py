"""The print outbox: a folder that a print shop empties, with a manifest a day that says what must be in it.

A letter is in the outbox when the day's manifest lists it, which happens last: what is not listed is not to
be printed, and what is listed is never written again, even when the shop has taken it away.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TextIO

from ivr.notices.carriers import CarrierAnswer
from ivr.notices.letter import Letter

_COLUMNS: Final = ("file", "sha256", "pages", "language", "confirmation_number")


@dataclass(frozen=True, slots=True)
class PrintOutbox:
    """Letters waiting to be printed, in `folder`, which only its owner can read."""

    folder: Path

    def put(
        self, letter: Letter, *, confirmation_number: str, language: str, day: date, copy: int = 1
    ) -> CarrierAnswer:
        """Write one letter and its line of the day's manifest durably; the same letter twice is one.

        `copy` counts the letters of one payment whose dates changed. `reference` is the
        file's name. An outbox that cannot be written to is tried again later.
        """
        name = f"{day.isoformat()}-{confirmation_number}{f'-{copy}' if copy > 1 else ''}.pdf"
        digest = hashlib.sha256(letter.pdf).hexdigest()
        line = (name, digest, str(letter.pages), language, confirmation_number)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._manifest(day) as manifest:
                known = list(csv.reader(manifest))
                listed = _listed(known, name, confirmation_number)
                if listed is None:
                    self._write(name, letter.pdf)
                    _append(manifest, [line] if known else [_COLUMNS, line])
                    self._sync_folder()
        except OSError as error:
            return CarrierAnswer("later", detail=f"the outbox cannot be written: {error.strerror}")
        return CarrierAnswer("accepted", reference=name, sha256=listed or digest)

    @contextmanager
    def _manifest(self, day: date) -> Iterator[TextIO]:
        """Open a day's manifest to read and append; one writes at a time, in this process or another."""
        path = self.folder / f"{day.isoformat()}-manifest.csv"
        path.touch(mode=0o600)
        with path.open("a+", newline="", encoding="utf-8") as manifest:
            fcntl.flock(manifest, fcntl.LOCK_EX)
            manifest.seek(0)
            yield manifest

    def _write(self, name: str, content: bytes) -> None:
        draft = self.folder / f".{name}.{os.getpid()}"
        try:
            draft.touch(mode=0o600)
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _listed(rows: list[list[str]], name: str, confirmation_number: str) -> str | None:
    """Return the digest that a manifest lists a file with; a line that was cut short lists nothing."""
    whole = (row for row in rows if len(row) == len(_COLUMNS))
    return next((row[1] for row in whole if (row[0], row[-1]) == (name, confirmation_number)), None)


def _append(manifest: TextIO, rows: list[tuple[str, ...]]) -> None:
    """Add whole lines at the end; a line that a full disk cut short is ended first."""
    manifest.seek(0)
    text = manifest.read()
    out = io.StringIO(newline="")
    out.write("\n" if text and not text.endswith("\n") else "")
    csv.writer(out, lineterminator="\n").writerows(rows)
    manifest.write(out.getvalue())
    manifest.flush()
    os.fsync(manifest.fileno())
