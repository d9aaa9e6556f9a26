"""The line of each version that answered a call: compiled once, as pages ask for them again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from ivr.replay.versions import VersionError, languages_kept, stored_line

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.topics.line import Line

_KEPT_MAX: Final = 8


class Lines:
    """Gives lines by their versions; `read_current` reads today's, in the languages that it is given."""

    def __init__(self, read_current: Callable[[Sequence[str] | None], Line]) -> None:
        self._read_current, self._lock = read_current, Lock()
        self._kept: dict[str, Line] = {}

    def current(self, db: Connection) -> Line:
        """Return the line as it is in this release, in the languages that are spoken."""
        return self._line("", lambda: self._read_current(languages_kept(db)))

    def of(self, db: Connection, version: str) -> Line:
        """Return the line of a version; today's where that one is gone or no longer understood."""

        def read() -> Line:
            try:
                return stored_line(db, version) or self.current(db)
            except VersionError:
                return self.current(db)

        return self._line(version, read)

    def _line(self, version: str, read: Callable[[], Line]) -> Line:
        kept = self._kept.get(version)
        if kept is None:
            kept = read()
            with self._lock:
                while len(self._kept) >= _KEPT_MAX:
                    del self._kept[next(iter(self._kept))]
                self._kept[version] = kept
        return kept
