"""The voice app with faults on request: a WSGI entry for tests only.

A request that carries the header `Ivr-Fault: ACT PLACE` meets one fault, once. Steps are the request's
statements and commits, counted from 1 in the order they are sent:

    before:N  during:N  after:N     the N-th step: not sent yet; sent, not answered; answered
    before:commit … after:commit    the first COMMIT
    answer                          the reply is ready and not sent

    kill-worker  kill-backend  kill-postmaster    SIGKILL
    end-backend                                   SIGTERM, as an administrator ends one
    freeze                                        SIGSTOP to the server and the backend
    fail                                          an ordinary error in our own code
    hold=PATH                                     wait until somebody opens the FIFO for writing and closes it

The header `Ivr-Deadline` sets another deadline, in seconds, for its request.

Every reply says in `Ivr-Steps` what the request sent and in `Ivr-Worker` which process served it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from ivr.base.clock import SystemClock
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_settings
from ivr.storage.engine import database_url, make_engine
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.patience import Patience
from ivr.voice.serving import serve_line

ROOT = Path(__file__).resolve().parents[2]
POSTMASTER_PID_FILE = "TEST_POSTMASTER_PID_FILE"
QUIET_SECONDS = 0.2  # tests bring the database back at once


class InjectedError(Exception):
    """A fault of our own code."""


class Faults:
    """Counts the steps of the request being served and lets its fault happen. One thread, one request."""

    def __init__(self, engine: Engine) -> None:
        self._act = self._place = ""
        self._steps: list[str] = []
        self._in_flight: psycopg.Connection[Any] | None = None
        event.listen(engine, "before_cursor_execute", self._before_statement)
        event.listen(engine, "after_cursor_execute", self._after_statement)
        dialect: Any = engine.dialect
        self._plain_commit = dialect.do_commit
        dialect.do_commit = self._commit
        self._plain_wait = psycopg.Connection.wait
        psycopg.Connection.wait = self._wait_of()  # type: ignore[method-assign]

    def begin(self, header: str) -> None:
        """Forget the last request; `header` is this one's `Ivr-Fault`."""
        self._act, _, self._place = header.partition(" ")
        self._steps = []
        self._in_flight = None

    @property
    def steps(self) -> str:
        """What the request has sent so far, in order: `S` a statement, `C` a COMMIT."""
        return "".join(self._steps)

    def reach(self, where: str, connection: psycopg.Connection[Any] | None = None) -> None:
        """Let the fault happen if this is its place."""
        number = len(self._steps)
        names = {where, f"{where}:{number}"}
        if self._steps == [*["S"] * (number - 1), "C"]:
            names.add(f"{where}:commit")
        if self._place in names:
            act, self._act, self._place = self._act, "", ""
            perform(act, connection)

    def _before_statement(self, db: Any, *_rest: object) -> None:
        self._before("S", db.connection.driver_connection)

    def _after_statement(self, db: Any, *_rest: object) -> None:
        self.reach("after", db.connection.driver_connection)

    def _commit(self, connection: Any) -> None:
        driver = getattr(connection, "driver_connection", connection)
        self._before("C", driver)
        self._plain_commit(connection)
        self.reach("after", driver)

    def _before(self, step: str, connection: psycopg.Connection[Any]) -> None:
        self._steps.append(step)
        self.reach("before", connection)
        self._in_flight = connection

    def _wait_of(self) -> Callable[..., Any]:
        plain, faults = self._plain_wait, self

        def wait(self: psycopg.Connection[Any], generator: Any, *args: Any, **kwargs: Any) -> Any:
            if self is faults._in_flight:
                generator = faults._sent_first(generator, self)
            return plain(self, generator, *args, **kwargs)

        return wait

    def _sent_first(
        self, generator: Generator[Any, Any, Any], connection: psycopg.Connection[Any]
    ) -> Generator[Any, Any, Any]:
        """Run the driver's own generator; once it has sent, and before it listens, the fault may happen."""
        try:
            wanted = next(generator)
        except StopIteration as stopped:
            return stopped.value
        self._in_flight = None
        self.reach("during", connection)
        try:
            while True:
                wanted = generator.send((yield wanted))
        except StopIteration as stopped:
            return stopped.value


def perform(act: str, connection: psycopg.Connection[Any] | None) -> None:
    """Let one fault happen."""
    if act == "fail":
        raise InjectedError
    name, _, argument = act.partition("=")
    if name == "hold":
        with Path(argument).open("rb") as gate:
            gate.read()
    elif name == "kill-worker":
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        backend = None if connection is None else connection.info.backend_pid
        postmaster = int(Path(os.environ[POSTMASTER_PID_FILE]).read_bytes().split(b"\n")[0])
        for sign, process in {
            "kill-backend": [(signal.SIGKILL, backend)],
            "end-backend": [(signal.SIGTERM, backend)],
            "kill-postmaster": [(signal.SIGKILL, postmaster)],
            "freeze": [(signal.SIGSTOP, postmaster), (signal.SIGSTOP, backend)],
        }[name]:
            with contextlib.suppress(ProcessLookupError):  # dead already, with a server that died before
                if process is not None:
                    os.kill(process, sign)
                    wait_until_stopped(process, sign)


def wait_until_stopped(process: int, sign: signal.Signals) -> None:
    """Return once a process that was told to stop has: it may do a little more first, even a whole COMMIT."""
    state = "R"
    while sign == signal.SIGSTOP and state not in {"T", "Z", ""}:
        listed = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
        )
        state = listed.stdout.strip()[:1]


def make_app() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Put the app together as production does, with hooks."""
    settings = load_settings()
    configure_logs()
    engine = make_engine(database_url(settings.database_url))
    line = compile_line(read_line_files(ROOT, settings.ivr_languages))
    patience = Patience(engine, quiet_seconds=QUIET_SECONDS)
    usual_seconds = patience.deadline_seconds
    app = serve_line(
        settings, engine, line, SystemClock(), SecretRandomness(), patience=patience, keeps_connection=True
    )
    faults = Faults(engine)

    def faulty(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told = [("Ivr-Steps", faults.steps), ("Ivr-Worker", str(os.getpid()))]
            return start_response(status, [*headers, *told], *rest)

        patience.deadline_seconds = float(environ.get("HTTP_IVR_DEADLINE", usual_seconds))
        faults.begin(environ.get("HTTP_IVR_FAULT", ""))
        reply = list(app(environ, started))
        faults.reach("answer")
        return reply

    return faulty
