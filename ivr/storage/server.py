"""One PostgreSQL server process: make its data folder, find it, start it, stop it.

Whoever calls these holds the cluster's `turn` lock (`embedded.py`), so nobody else starts or stops it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psycopg

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.place import MAJOR, SOCKET_NAME, Site, socket_folder

PORT = 5432  # names the socket's file; nothing listens on it
_ANSWER_SECONDS = 60.0  # recovery after a crash may take this long
_STOP_SECONDS = 10.0
# Before each try. "Shared memory block still in use": orphaned backends of a killed server are still leaving.
_PAUSES_SECONDS = (0.0, 0.25, 0.5, 1.0)
_LOOK_AGAIN_SECONDS = 0.01
# Nothing is inherited: a stray PGPORT moves the socket, an LC_ALL that is not installed makes initdb fail.
_ENVIRONMENT = {"PATH": os.defpath}


class _StartFailedError(Exception):
    """A start that may go better the next time; says what PostgreSQL's log says."""


def ensure_running(place: Site, *, durable: bool, make: bool = True) -> Path:
    """See that the server of `place` answers, and return the folder of its socket.

    A server that runs already is taken as it is, but for one that is stopping: that is replaced. `durable`
    false trades safety against a crash of the machine for speed; with `make` false there must be a cluster
    already. Raises `DatabaseUnavailableError`.
    """
    if not make and not place.data.exists():
        raise DatabaseUnavailableError(
            f"The embedded PostgreSQL's folder {place.data} is gone: put it back, or a backup of it"
        )
    _make_data(place)
    for pause_seconds in _PAUSES_SECONDS:
        time.sleep(pause_seconds)
        folder = _running_socket_folder(place)
        if folder is not None:
            return folder
        _clear(place)
        try:
            return _start(place, durable=durable)
        except _StartFailedError as error:
            problem = str(error)
    raise DatabaseUnavailableError(
        f"The embedded PostgreSQL does not start ({problem}): see {place.beside('.log')},"
        " or set DATABASE_URL to another server"
    )


def is_up(place: Site) -> bool:
    """Return whether the server of `place` runs and is not stopping; it may be starting, and is not asked."""
    pid_file = place.data / "postmaster.pid"
    return _is_server(_named_pid(pid_file), place) and not _is_stopping(pid_file)


def stop(place: Site) -> None:
    """Stop the server of `place`, if one runs, and wait until it is gone."""
    pid = _named_pid(place.data / "postmaster.pid")
    if pid is not None and _is_server(pid, place):
        _end(pid)
    folder = socket_folder(place)
    if folder != place.data:
        with contextlib.suppress(OSError):
            folder.rmdir()


def conninfo(folder: Path, database: str) -> str:
    """Return libpq's connection string for a database on the socket in `folder`."""
    return psycopg.conninfo.make_conninfo(
        host=str(folder), port=PORT, user="postgres", dbname=database, connect_timeout=2
    )


def _make_data(place: Site) -> None:
    """Make the data folder, all at once: an initdb whose starter is killed leaves nothing that counts."""
    for leftover in place.data.parent.glob(f"{place.data.name}.new.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if place.data.exists():
        _check_data(place)
        return
    folder = place.beside(f".new.{os.getpid()}")
    try:
        folder.mkdir(0o700)
        if place.account is not None:
            os.chown(folder, place.account.user_id, place.account.group_id)
        with place.beside(".log").open("wb") as log:
            child = _spawn(
                place,
                (
                    str(place.programs / "initdb"),
                    f"--pgdata={folder}",
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--encoding=UTF8", "--username=postgres", "--auth=trust", "--no-sync"),
                ),
                log,
            )
            try:
                status = child.wait()
            except BaseException:
                _end(child.pid, signal.SIGKILL)
                raise
        if status != 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise DatabaseUnavailableError(
                f"The embedded PostgreSQL's folder {place.data} cannot be made"
                f" ({_last_line(place.beside('.log'))}): set DATABASE_URL, or IVR_VAR to another folder"
            )
        folder.rename(place.data)
    except OSError as error:
        raise DatabaseUnavailableError(
            f"The embedded PostgreSQL's folder {place.data} cannot be made ({error}):"
            " set IVR_VAR to a folder you may write to, or set DATABASE_URL"
        ) from None


def _check_data(place: Site) -> None:
    found = place.data.stat()
    if found.st_uid != place.owner:
        raise DatabaseUnavailableError(
            f"The embedded PostgreSQL's folder {place.data} belongs to another account:"
            " run ivr as the account that made it, set IVR_VAR to another folder, or set DATABASE_URL"
        )
    try:
        version = (place.data / "PG_VERSION").read_text("ascii").strip()
    except OSError:
        version = "nothing"
    if version != str(MAJOR):
        raise DatabaseUnavailableError(
            f"The folder {place.data} holds {version}, not a PostgreSQL {MAJOR} cluster: move it away"
        )


def _running_socket_folder(place: Site) -> Path | None:
    """Return the socket's folder of the server that runs, or None if none does.

    A server that lives but does not answer yet is waited for, one that is stopping is seen out: after
    SIGTERM it would wait for its last client. Life is not a pid: only a process that is a PostgreSQL
    in our folder counts, and only its answer to a query makes it a running server.
    """
    pid_file = place.data / "postmaster.pid"
    pid = _named_pid(pid_file)
    if not _is_server(pid, place):
        # A damaged pid file may still have a living server; the socket's lock file names it as well.
        forgotten = _named_pid(socket_folder(place) / f"{SOCKET_NAME}.lock")
        if forgotten is not None and _is_server(forgotten, place):
            _end(forgotten)
        return None
    began_at = time.monotonic()
    while pid is not None and _is_server(pid, place):
        with contextlib.suppress(OSError, IndexError):
            folder = Path(os.fsdecode(pid_file.read_bytes().split(b"\n")[4]))
            if folder.is_absolute() and _answers(folder, place):
                return folder
        waited_seconds = time.monotonic() - began_at
        if waited_seconds > _STOP_SECONDS and _is_stopping(pid_file):
            _end(pid)
            return None
        if waited_seconds > _ANSWER_SECONDS:
            raise DatabaseUnavailableError(
                f"A PostgreSQL runs in {place.data} (process {pid}) but does not answer:"
                " end it, then try again"
            )
        time.sleep(_LOOK_AGAIN_SECONDS)
    return None


def _answers(folder: Path, place: Site) -> bool:
    try:
        with psycopg.connect(conninfo(folder, "postgres"), autocommit=True) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
            return row is not None and Path(row[0]).samefile(place.data)
    except (psycopg.OperationalError, OSError):
        return False


def _clear(place: Site) -> None:
    """Remove what a dead server left: PostgreSQL refuses to start over a pid file that names a living pid."""
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    folder = socket_folder(place)
    (folder / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
    (folder / SOCKET_NAME).unlink(missing_ok=True)


def _start(place: Site, *, durable: bool) -> Path:
    folder = socket_folder(place)
    quoted = str(folder).replace('"', '""')
    settings = [
        "listen_addresses=",
        f'unix_socket_directories="{quoted}"',
        "unix_socket_permissions=0700",
        "max_connections=100",
        "shared_buffers=32MB",
        "log_checkpoints=off",
        "log_error_verbosity=terse",  # a DETAIL line quotes the row
    ]
    if not durable:
        settings += ["fsync=off", "full_page_writes=off"]
    arguments = [str(place.programs / "postgres"), "-D", str(place.data), "-p", str(PORT)]
    for setting in settings:
        arguments += ["-c", setting]
    with place.beside(".log").open("wb") as log:
        child = _spawn(place, arguments, log)
    try:
        give_up_at = time.monotonic() + _ANSWER_SECONDS
        while child.poll() is None and time.monotonic() < give_up_at:
            if _answers(folder, place):
                # It outlives us if others use it; Popen would warn about a child it still counts as its own.
                child.returncode = 0
                return folder
            time.sleep(_LOOK_AGAIN_SECONDS)
    except BaseException:
        _end(child.pid)
        child.returncode = 0
        raise
    if child.returncode is None:
        _end(child.pid)
        child.returncode = 0
    raise _StartFailedError(_last_line(place.beside(".log")))


def _spawn(place: Site, arguments: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL's in a process group of its own, so that Ctrl-C does not reach it."""
    try:
        return subprocess.Popen(  # noqa: S603 (our own programs, no shell)
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT,
            cwd="/",
            umask=0o077,
            process_group=0,
            user=None if place.account is None else place.account.user_id,
            group=None if place.account is None else place.account.group_id,
            extra_groups=None if place.account is None else (),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseUnavailableError(
            f"The embedded PostgreSQL in {place.programs} cannot be run ({error}): set DATABASE_URL"
        ) from None


def _named_pid(file: Path) -> int | None:
    """Return the process id in the first line of PostgreSQL's lock file; None if there is none to read."""
    try:
        pid = int(file.read_bytes().split(b"\n")[0])
    except (OSError, ValueError):
        return None
    return pid if pid > 1 else None


def _is_stopping(pid_file: Path) -> bool:
    """Return whether a server has been told to end: it says so in the eighth line of its pid file."""
    try:
        return pid_file.read_bytes().split(b"\n")[7].strip() == b"stopping"
    except (OSError, IndexError):
        return False


def _is_server(pid: int | None, place: Site) -> bool:
    """Return whether `pid` is a living PostgreSQL; where the system shows it, one of this very cluster."""
    name, state = _process(pid) if pid is not None else ("", "")
    if name != "postgres" or state == "Z":
        return False
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return Path(f"/proc/{pid}/cwd").samefile(place.data)
    except OSError:
        return False


def _process(pid: int) -> tuple[str, str]:
    """Return a process's program name and state letter (Z: zombie), empty when there is no such process."""
    if Path("/proc/self/stat").exists():
        try:
            line = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return "", ""
        name, _, rest = line.partition("(")[2].rpartition(")")
        return name, rest.split()[0]
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, name = answer.stdout.strip().partition(" ")
    return Path(name.strip()).name, state[:1]


def _end(pid: int, first: signal.Signals = signal.SIGINT) -> None:
    """End a server and wait until it is gone: SIGINT ends connections, SIGQUIT waits for nothing."""
    for sign in (first, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        give_up_at = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < give_up_at:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if _process(pid)[1] in ("", "Z"):
                return
            time.sleep(_LOOK_AGAIN_SECONDS)


def _last_line(log: Path) -> str:
    """Return the last thing PostgreSQL complained of."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    complaints = [line for line in lines if "FATAL" in line or "ERROR" in line or "error:" in line]
    return (complaints or lines or ["it says nothing"])[-1].strip()
