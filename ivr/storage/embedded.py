"""The embedded PostgreSQL: one server a folder, shared by all processes that use it, stopped by the last.

Two lock files lie beside the data. `turn` is held alone while the server is started or stopped, `users` is
shared by everybody for as long as they use it; who gets `users` alone is the last. The kernel drops the
locks of a killed process, so nothing goes stale, and a server that a killed process left is taken over by
the next user. What a process forks uses its parent's server and holds nothing (`locks.py`).

A server that goes away under its users is started again by the next one who comes, or within a second by a
user that keeps it up.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psycopg
import structlog
from sqlalchemy import URL

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.locks import LockFile
from ivr.storage.place import SHARED, Site, find_place
from ivr.storage.server import PORT, conninfo, ensure_running, is_up, stop

DATABASE = "ivr"
_LOOK_SECONDS = 0.5
_LOOK_SECONDS_MAX = 30.0  # between tries that fail

_log = structlog.get_logger()


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


class EmbeddedPostgres:
    """Hold the embedded PostgreSQL of the folder `var`; `with` gives the URL of its database `ivr`.

    The first holder makes and starts it, later ones (in this process or another) share it, the last stops
    it. The data lie in `var`/postgres-<major>; run by root in a folder that not every account may enter,
    under `shared`, which `announce` is told. `durable` false is for tests: a crash of the machine, though
    not of a process, may lose the data. With `keep_up`, a thread starts the server again when it goes away.
    In a child that this process forks, leaving does nothing. Raises `DatabaseUnavailableError`.
    """

    def __init__(
        self,
        var: Path,
        *,
        durable: bool = True,
        shared: Path = SHARED,
        announce: Callable[[str], None] = _say,
        keep_up: bool = False,
    ) -> None:
        self._var = var
        self._durable = durable
        self._shared = shared
        self._announce = announce
        self._keep_up = keep_up
        self._held: tuple[Site, LockFile] | None = None
        self._watch: tuple[threading.Thread, threading.Event] | None = None

    def __enter__(self) -> URL:
        place = find_place(self._var, self._shared, self._announce)
        with _turn(place):
            users = _open_lock(place.beside(".users"))
            try:
                users.share()
                folder = _open_database(place, durable=self._durable)
            except BaseException:
                _leave(place, users)
                raise
        self._held = (place, users)
        if self._keep_up:
            self._start_watch(place)
        return URL.create(
            "postgresql+psycopg",
            username="postgres",
            database=DATABASE,
            query={"host": str(folder), "port": str(PORT)},
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        held, self._held = self._held, None
        if held is None or not held[1].is_ours:  # a fork's copy of a holder, ended with the child
            return
        place, users = held
        if self._watch is not None:
            watch, told = self._watch
            told.set()
            watch.join()
        with _turn(place):
            _leave(place, users)

    def _start_watch(self, place: Site) -> None:
        told = threading.Event()
        watch = threading.Thread(
            target=_keep_up, args=(place, told), kwargs={"durable": self._durable}, daemon=True
        )
        self._watch = (watch, told)
        watch.start()


def forget(var: Path, *, shared: Path = SHARED) -> None:
    """Delete the embedded database of `var` for good.

    Raises `DatabaseUnavailableError` when somebody uses it.
    """
    place = find_place(var, shared, _say)
    with _turn(place):
        users = _open_lock(place.beside(".users"))
        try:
            if not users.try_to_take():
                raise DatabaseUnavailableError(
                    f"The database in {place.data} is in use: stop what uses it, then try again"
                )
            stop(place)
            shutil.rmtree(place.data, ignore_errors=True)
        finally:
            users.release()


def _keep_up(place: Site, told: threading.Event, *, durable: bool) -> None:
    """Look at the server until `told`, and start it again when it went away; never make one anew."""
    pause_seconds = _LOOK_SECONDS
    while not told.wait(pause_seconds):
        if is_up(place):
            continue
        try:
            with _turn(place):
                ensure_running(place, durable=durable, make=False)
        except (DatabaseUnavailableError, OSError) as error:
            pause_seconds = min(2 * pause_seconds, _LOOK_SECONDS_MAX)
            _log.error("embedded_database_gone", problem=str(error))
        else:
            pause_seconds = _LOOK_SECONDS
            _log.warning("embedded_database_restarted")


def _leave(place: Site, users: LockFile) -> None:
    try:
        if users.try_to_take():
            stop(place)
    finally:
        users.release()


@contextmanager
def _turn(place: Site) -> Iterator[None]:
    """Hold the right to start and stop the server."""
    lock = _open_lock(place.beside(".turn"))
    try:
        lock.take()
        yield
    finally:
        lock.release()


def _open_lock(file: Path) -> LockFile:
    try:
        return LockFile(file)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"{file} cannot be written ({error.strerror}): run ivr as the account that made it,"
            " set IVR_VAR to another folder, or set DATABASE_URL"
        ) from None


def _open_database(place: Site, *, durable: bool) -> Path:
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
