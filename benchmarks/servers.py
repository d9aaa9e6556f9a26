"""gunicorn under the line's own settings, and the processor time of whole process trees."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """The run cannot give true numbers; says why."""


@dataclass(frozen=True)
class Server:
    """A gunicorn that answers on `port` of this machine. `name` stands in the tables."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    node: str | None = None  # the only node it answers from; None: whatever the script says


@contextmanager
def serving(
    name: str,
    app: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    node: str | None = None,
    config: str = "python:ivr.gunicorn",
    worker_class: str | None = None,
) -> Iterator[Server]:
    """Run `app` under gunicorn until the block ends; `wait_until_open` tells when it answers.

    `worker_class`: gunicorn's name of it; None: the configuration's.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", config, "--bind", f"127.0.0.1:{port}", app]
    if worker_class is not None:
        command[-1:-1] = ["--worker-class", worker_class]
    started = {"PATH": os.defpath, **environment}
    with running(name, command, folder=ROOT, environment=started, port=port, log=log, node=node) as server:
        yield server


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    port: int,
    log: Path,
    node: str | None,
) -> Iterator[Server]:
    """Run what answers on `port` until the block ends."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield Server(name, port, child, log, node)
        finally:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_until_open(server: Server) -> None:
    """Wait until the server takes connections. Raises `BenchmarkError` when it does not come to that."""
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if server.process.poll() is not None:
            raise BenchmarkError(
                f"{server.name} ended with status {server.process.returncode}: see {server.log}"
            )
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchmarkError(f"{server.name} did not open its port within {START_SECONDS} s: see {server.log}")


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def tree_cpu_seconds(root: int) -> float:
    """Return the processor time that a process, its living descendants and its ended children have used.

    Looks again while children end: one that ended meanwhile may be counted neither as living nor as ended.
    """
    while True:
        before, seconds = _ended_ticks(root), sum(map(_own_seconds, _tree(root)))
        if _ended_ticks(root) == before:
            return seconds + before / _TICKS


def _tree(root: int) -> list[int]:
    """Return a process and its descendants."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parents.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += parents.get(pid, ())
    return found


def _ended_ticks(pid: int) -> int:
    """Return the time of the children that a process has heard the end of."""
    fields = _stat(pid)
    return int(fields[13]) + int(fields[14])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _own_seconds(pid: int) -> float:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except OSError:  # it has just ended, and its parent will count it
        return 0.0
