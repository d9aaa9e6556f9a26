"""`ivr serve`: web server, worker, console and embedded database, children of one command, none left behind.

The socket is bound first, so a taken port is one sentence. Every child has a process group of its own, so
that Ctrl-C reaches only this process. On Linux the kernel ends the children when this process is killed;
they hold the embedded database themselves, and the last of them stops it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, Any, Final

from ivr.base.errors import EXIT_NO, SettingsError

STOP_SECONDS = 8.0
AGAIN_SECONDS = 0.5
AGAIN_SECONDS_MAX = 8.0
SOUND_SECONDS = 30.0  # a process that lived this long starts again at once
_LOOK_SECONDS = 0.05
_BIND_REMEDIES: Final[Mapping[int, str]] = {
    errno.EADDRINUSE: "stop what uses it (another demo?), or set PORT to another one",
    errno.EADDRNOTAVAIL: "set IVR_HOST to an address of this machine, or leave it out",
    errno.EACCES: "set PORT to one above 1023, or let this account have it",
}
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def bind(host: str, port: int, setting: str = "PORT") -> socket.socket:
    """Return a socket bound to `host` and `port` (0: any). Raises `SettingsError` when that cannot be.

    `setting` is what another port is given by.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(
            f"{host} is not an address to serve on ({error.strerror}): give another --host."
        ) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        remedy = _BIND_REMEDIES.get(error.errno or 0, "set IVR_HOST or PORT to another one")
        remedy = remedy.replace("PORT", setting)
        raise SettingsError(f"Port {port} on {host} cannot be had ({error.strerror}): {remedy}.") from None
    return bound


@dataclass
class Child:
    """A child process: how it is started, and the one that runs now."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    descriptors: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float | None = None
    pause_seconds: float = AGAIN_SECONDS
    reader: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it in a process group of its own; what it writes comes out on our standard error."""
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 (our own interpreter)
            self.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environ,
            pass_fds=self.descriptors,
            process_group=0,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 (our threads hold no lock over a fork)
        )
        self.started_at = time.monotonic()
        self.reader = threading.Thread(target=_copy_lines, args=(self.name, self.process.stdout), daemon=True)
        self.reader.start()

    @property
    def status(self) -> int | None:
        """The exit status once it has ended, None while it runs or before it was started."""
        return None if self.process is None else self.process.poll()

    def start_again(self) -> None:
        """Start it again once it has ended, whatever it ended with: after a pause, longer each time."""
        now = time.monotonic()
        if self.status is None:
            return
        if self.due_at is None:
            if now - self.started_at >= SOUND_SECONDS:
                self.pause_seconds = AGAIN_SECONDS
            self.due_at = now + self.pause_seconds
            self.pause_seconds = min(2 * self.pause_seconds, AGAIN_SECONDS_MAX)
        elif now >= self.due_at:
            self.due_at = None
            self.start()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process, or SIGKILL to its whole group."""
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)  # also after its end: what it started may live on
            else:
                self.process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass


def _die_with(parent: int) -> None:
    """In the child, before it runs: have the kernel end it when the parent dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died before we could say so
            os._exit(1)


def _copy_lines(name: str, lines: IO[bytes] | None) -> None:
    """Copy a child's lines to standard error: log lines with its name, sentences for people as they are."""
    for line in lines or ():
        prefix = f"{name:<6} | " if line.startswith(b"{") else ""
        with suppress(OSError, ValueError):  # nobody reads us any more; the child must not block all the same
            sys.stderr.write(prefix + line.decode("utf-8", "replace"))
            sys.stderr.flush()


def _gunicorn(name: str, module: str, app: str, bound: socket.socket, environ: Mapping[str, str]) -> Child:
    """Return the child that serves an app on a bound socket."""
    serving = ("-m", "gunicorn", "--config", f"python:{module}", "--bind", f"fd://{bound.fileno()}", app)
    return Child(name, [sys.executable, *serving], environ, [bound.fileno()])


class Supervisor:
    """Runs the web server, the worker and, on a socket of its own, the console.

    Until a signal comes or the web server ends; the others start again.
    """

    def __init__(
        self, bound: socket.socket, environ: Mapping[str, str], console: socket.socket | None = None
    ) -> None:
        self._bound = bound
        self.web = _gunicorn("web", "ivr.gunicorn", "ivr.wsgi:voice", bound, environ)
        self.others = [Child("worker", [sys.executable, "-m", "ivr.cli.main", "worker"], environ)]
        if console is not None:
            served = _gunicorn("console", "ivr.gunicorn_console", "ivr.wsgi:console", console, environ)
            self.others.append(served)
        self._stop = threading.Event()

    def run(self, ready: Callable[[], None]) -> int:
        """Serve; `ready` is called once the line answers. Returns the exit status: 0 after a signal."""
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            return self._run(ready)
        finally:
            self._end_children()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _run(self, ready: Callable[[], None]) -> int:
        self.web.start()
        if self._wait_until_it_answers():
            for child in self.others:
                child.start()
            ready()
        while not self._stop.wait(_LOOK_SECONDS):
            if self.web.status is not None:
                return self.web.status if self.web.status > 0 else EXIT_NO
            for child in self.others:
                child.start_again()
        return 0

    def _wait_until_it_answers(self) -> bool:
        """Ask for /health once; the answer comes when the first web worker runs. False if none will."""
        with socket.create_connection(local_address(self._bound)) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            while self.web.status is None and not self._stop.is_set():
                if select.select([connection], [], [], _LOOK_SECONDS)[0]:
                    return True
        return False

    def _end_children(self) -> None:
        children = (self.web, *self.others)
        for child in children:
            child.tell(signal.SIGTERM)
        give_up_at = time.monotonic() + STOP_SECONDS
        while any(child.process and child.status is None for child in children):
            if time.monotonic() > give_up_at:
                break
            time.sleep(_LOOK_SECONDS)
        for child in children:
            child.tell(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
            if child.reader is not None:
                child.reader.join(timeout=1)


def local_address(bound: socket.socket) -> tuple[Any, ...]:
    """Return the address under which this machine reaches a bound socket."""
    host, *rest = bound.getsockname()
    return ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), *rest)  # noqa: S104 (bound by whoever asked for it)
