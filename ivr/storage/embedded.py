"""The embedded PostgreSQL: one server a folder, shared by all processes that use it, stopped by the last.

Two lock files lie beside the data. `turn` is held alone while the server is started or stopped, `users` is
shared by everybody for as long as they use it; who gets `users` alone is the last. The kernel drops the
locks of a killed process, so nothing goes stale, and a server that a killed process left is taken over by
the next user.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psycopg
from sqlalchemy import URL

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.place import SHARED, Place, find_place
from ivr.storage.server import PORT, conninfo, ensure_running, stop

DATABASE = "ivr"


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


class EmbeddedPostgres:
    """Hold the embedded PostgreSQL of the folder `var`; `with` gives the URL of its database `ivr`.

    The first holder makes and starts it, later ones (in this process or another) share it, the last stops
    it. The data lie in `var`/postgres-<major>; run by root in a folder that not every account may enter,
    under `shared`, which `announce` is told. `durable` false is for tests: a crash of the machine, though
    not of a process, may lose the data. Raises `DatabaseUnavailableError`.
    """

    def __init__(
        self,
        var: Path,
        *,
        durable: bool = True,
        shared: Path = SHARED,
        announce: Callable[[str], None] = _say,
    ) -> None:
        self._var = var
        self._durable = durable
        self._shared = shared
        self._announce = announce
        self._held: tuple[Place, int] | None = None

    def __enter__(self) -> URL:
        place = find_place(self._var, self._shared, self._announce)
        with _turn(place):
            users = _open_lock(place.beside(".users"))
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                folder = _open_database(place, durable=self._durable)
            except BaseException:
                _leave(place, users)
                raise
        self._held = (place, users)
        return URL.create(
            "postgresql+psycopg",
            username="postgres",
            database=DATABASE,
            query={"host": str(folder), "port": str(PORT)},
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            place, users = self._held
            self._held = None
            with _turn(place):
                _leave(place, users)


def forget(var: Path, *, shared: Path = SHARED) -> None:
    """Delete the embedded database of `var` for good.

    Raises `DatabaseUnavailableError` when somebody uses it.
    """
    place = find_place(var, shared, _say)
    with _turn(place):
        users = _open_lock(place.beside(".users"))
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop(place)
            shutil.rmtree(place.data, ignore_errors=True)
        except BlockingIOError:
            raise DatabaseUnavailableError(
                f"The database in {place.data} is in use: stop what uses it, then try again"
            ) from None
        finally:
            os.close(users)


def _leave(place: Place, users: int) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop(place)
    except BlockingIOError:  # others use it still
        pass
    finally:
        os.close(users)


@contextmanager
def _turn(place: Place) -> Iterator[None]:
    """Hold the right to start and stop the server; a child never inherits it."""
    lock = _open_lock(place.beside(".turn"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"{file} cannot be written ({error.strerror}): run ivr as the account that made it,"
            " set IVR_VAR to another folder, or set DATABASE_URL"
        ) from None


def _open_database(place: Place, *, durable: bool) -> Path:
    """See that the server runs and has our database; return its socket's folder."""
    for pause_seconds in (0.1, 0.5, 2.0):
        folder = ensure_running(place, durable=durable)
        try:
            _ensure_database(folder)
        except psycopg.Error as error:  # killed meanwhile, or the backend of a killed starter makes it still
            problem = str(error).strip()
            time.sleep(pause_seconds)
        else:
            return folder
    raise DatabaseUnavailableError(
        f"The embedded PostgreSQL in {place.data} does not give a database ({problem}): see"
        f" {place.beside('.log')}, or set DATABASE_URL to another server"
    )


def _ensure_database(folder: Path) -> None:
    with psycopg.connect(conninfo(folder, "postgres"), autocommit=True) as connection:
        query = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
