"""A lock on a file that belongs to the process which took it, and to nothing which that process forks.

flock(2) gives a lock to an open file, and a fork shares its parent's open files: a child that upgrades the
lock upgrades its parent's, one that fails to do so drops it, one that lives on keeps it. So a child closes
its copies at once, before any of its own code runs, and an inherited `LockFile` does nothing there.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from weakref import WeakSet

_no_fork = threading.Lock()  # held while a file is opened, so that no child gets a copy nobody knows of


class LockFile:
    """An open lock file, not locked yet. Raises `OSError` when `file` cannot be opened or made."""

    def __init__(self, file: Path) -> None:
        with _no_fork:
            self._descriptor: int | None = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _opened.add(self)

    @property
    def is_ours(self) -> bool:
        """Whether this process opened it and has not released it."""
        return self._descriptor is not None

    def share(self) -> None:
        """Take the lock together with everybody else who shares it; wait for who has it alone."""
        self._lock(fcntl.LOCK_SH)

    def take(self) -> None:
        """Take the lock alone, however long that takes."""
        self._lock(fcntl.LOCK_EX)

    def try_to_take(self) -> bool:
        """Take the lock alone and tell if that was possible; if somebody else has it, it is released."""
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()  # the failed try may have dropped a share of it already
            return False
        return True

    def release(self) -> None:
        """Let go of the lock and close the file; again, or in a child, nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _lock(self, operation: int) -> None:
        if self._descriptor is None:
            raise ValueError("this lock is released, or another process's")
        fcntl.flock(self._descriptor, operation)


_opened: WeakSet[LockFile] = WeakSet()


def _disown() -> None:
    _no_fork.release()
    for lock in list(_opened):
        lock.release()
    _opened.clear()


os.register_at_fork(before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_disown)
