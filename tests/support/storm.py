"""Bad minutes for a line as the Procfile serves it: one gunicorn, its own embedded PostgreSQL, nothing in front.

Callers act as Twilio does: fifteen seconds for a webhook, fifteen more for the fallback, then Twilio's own
apology. Who is told that nothing is known calls back, and pays if not told of the payment. Beside them web
workers are killed, ended and replaced, connections to the database cut, tables locked, and connections held open
by clients that say nothing, half of something, or all of it slowly.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from support.served_line import PUBLIC_URL, Caller, Exchange, keyed, said, wait_until

from ivr.base.clock import SystemClock
from ivr.base.settings import Settings, load_settings
from ivr.billing.samples import SampleMember, generate
from ivr.sandbox.members import load_members
from ivr.simulator.lines import TWILIO_TIMEOUT_SECONDS
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.migrate import upgrade

CALLERS = 12  # three for each worker: whoever stands third in a queue of such as wait waits the longest
THINK_SECONDS_MAX = 0.6
CALLS_BACK = 3  # at once; later again, like everybody who was not told how it ended
IDLE_CONNECTIONS = 8
LOCK_SECONDS_MAX = 25.0
# What a caller does who wants to pay in full, by the prompt that asks.
ACTIONS = {
    "language-option": "1",
    "main-menu": "1",
    "verify-member-id": "{member_id}",
    "verify-ssn": "{ssn_last4}",
    "verify-birth": "{date_of_birth}",
    "dropped-call-menu": "1",
    "amount-one": "1",
    "bank-ready": "1",
    "bank-routing-ask": "021000021",
    "bank-routing-read-back": "1",
    "bank-account-ask": "1234567890#",
    "bank-account-again": "1234567890#",
    "authorization-ask": "yes",
}
ACTS = {"kill worker": 4, "end worker": 4, "end backend": 4, "reload": 1, "kill backend": 1}


@dataclass
class Seen:
    """What came of it all. `apologies` are Twilio's own, after its fallback had no answer either."""

    calls: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    silences: list[float] = field(default_factory=list)
    apologies: list[tuple[Exchange, Exchange]] = field(default_factory=list)

    @property
    def waited_too_long(self) -> list[float]:
        """The silences of callers that were longer than Twilio's patience."""
        return [seconds for seconds in self.silences if seconds >= TWILIO_TIMEOUT_SECONDS]

    def as_text(self) -> str:
        """Return it as a line to read."""
        silences = sorted(self.silences)
        middle, late = silences[len(silences) // 2], silences[len(silences) * 99 // 100]
        return (
            f"{len(silences):,} turns, {dict(self.calls)}, {dict(self.acts)}; seconds of silence: median "
            f"{middle:.2f}, p99 {late:.2f}, most {silences[-1]:.2f}; {len(self.waited_too_long)} over Twilio's "
            f"patience, {len(self.apologies)} apologies"
        )


class OpenLine:
    """A line served by the Procfile's own command in a folder of its own."""

    def __init__(self, folder: Path, *, members: int) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._environment = {
            "IVR_DEMO": "yes",
            "IVR_VAR": str(folder / "var"),
            "PORT": str(self.port),
            "PUBLIC_URL": PUBLIC_URL,
            "WEB_CONCURRENCY": "4",
        }
        self.settings: Settings = load_settings(self._environment)
        self.connect_url = f"http://127.0.0.1:{self.port}"
        self.exchanges: list[Exchange] = []
        today = datetime.now(UTC).astimezone(self.settings.ivr_timezone).date()
        one_bill = (each for each in generate(members * 2, today) if len(each.billing_accounts) == 1)
        self.members = [replace(each, language="en-US", extra_time=False) for each in one_bill]
        # Nobody but the web process may hold the database while it serves: here it is only filled.
        with EmbeddedPostgres(self.settings.ivr_var) as self.url:
            self.engine: Engine = make_engine(self.url, limits=NO_LIMITS, application_name="test")
            upgrade(self.engine)
            with self.engine.begin() as db:
                load_members(db, self.settings, self.members, SystemClock())
            self.engine.dispose()
        self._log = (folder / "web.log").open("wb")
        self._web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:ivr.gunicorn", "ivr.wsgi:voice"],
            env={**os.environ, **self._environment},
            cwd=folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    def stop(self) -> str:
        """Stop it and return what it logged."""
        self.engine.dispose()
        self._web.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._web.wait(timeout=30)
        with suppress(ProcessLookupError):
            os.killpg(self._web.pid, signal.SIGKILL)
        self._web.wait()
        self._log.close()
        return (self.folder / "web.log").read_text("utf-8", "replace")

    def health(self) -> str:
        """Return what `/health` says, its status first."""
        try:
            with urllib.request.urlopen(f"{self.connect_url}/health", timeout=5) as reply:
                return f"{reply.status} {reply.read().decode()}"
        except OSError as error:
            return str(error)

    def workers(self) -> list[int]:
        """Return the web workers there are."""
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        return [int(pid) for pid, parent, args in rows if int(parent) == self._web.pid and "gunicorn" in args]

    def signal_worker(self, sign: signal.Signals, draw: random.Random) -> None:
        """Signal any one of the workers."""
        with suppress(ProcessLookupError, IndexError):
            os.kill(draw.choice(self.workers()), sign)

    def reload(self) -> None:
        """Tell the master to begin with new workers, as a deploy does."""
        self._web.send_signal(signal.SIGHUP)

    def connection(self) -> psycopg.Connection:
        """Connect to the database without limits."""
        return psycopg.connect(connection_arguments(self.url, limits=NO_LIMITS))

    def signal_backend(self, sign: signal.Signals, draw: random.Random) -> None:
        """Signal any one of the database's processes that serve the web."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'ivr voice'"
        with suppress(psycopg.Error, ProcessLookupError, IndexError), self.connection() as db:
            os.kill(draw.choice([pid for (pid,) in db.execute(query)]), sign)

    def at_rest(self) -> bool:
        """Return whether nothing that was asked of the database is under way."""
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ivr voice' AND state <> 'idle'"
        )
        with self.engine.connect() as db:
            return db.exec_driver_sql(query).scalar_one() == 0


@contextmanager
def open_line(*, members: int) -> Iterator[OpenLine]:
    """Serve a line until the end; its log is shown when something went wrong."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    folder.chmod(0o755)  # the database's account must come in
    try:
        line = OpenLine(folder, members=members)
        try:
            wait_until(lambda: line.health().startswith("200"))
            yield line
        finally:
            sys.stdout.write(line.stop()[-20_000:])
    finally:
        shutil.rmtree(folder)


class Storm:
    """Everything at once, for so many seconds; the same draws for the same seed."""

    def __init__(self, line: OpenLine, *, seconds: float, seed: int) -> None:
        self.line = line
        self.seen = Seen()
        self._seconds = seconds
        self._draws = random.Random(seed)
        self._waiting = deque(line.members)
        self._over = threading.Event()

    def rage(self) -> Seen:
        """Run it to its end; errors of any part are raised."""
        parts: list[Callable[[random.Random], None]] = [self._acts, self._locks, self._idlers]
        parts += [self._callers] * CALLERS
        with ThreadPoolExecutor(len(parts)) as threads:
            started = [threads.submit(part, random.Random(self._draws.random())) for part in parts]
            self._over.wait(self._seconds)
            self._over.set()
            for each in started:
                each.result()
        return self.seen

    # Callers.

    def _callers(self, draw: random.Random) -> None:
        while not self._over.is_set():
            member = self._waiting.popleft()
            end = self.pay(member, lambda: self._over.wait(draw.uniform(0, THINK_SECONDS_MAX)))
            if end == "unknown":
                self._waiting.append(member)

    def pay(self, member: SampleMember, think: Callable[[], object] = lambda: None) -> str:
        """Call until the bill is paid or the line says that it was not; return how that ended."""
        end = "unknown"
        for _ in range(1 + CALLS_BACK):
            think()  # nobody dials at once: while the line turns callers away, each would end in no time
            end = self._call(Caller(self.line, member), think)
            if end != "unknown":
                break
        self.seen.calls[end] += 1
        return end

    def _call(self, caller: Caller, think: Callable[[], object]) -> str:
        """Place one call and return its end, a value of `ENDS`."""
        facts = {
            "member_id": caller.member.member_id,
            "ssn_last4": caller.member.ssn_last4,
            "date_of_birth": caller.member.date_of_birth_keyed,
        }
        reply = self._heard(caller, "/voice/answer", {})
        while reply is not None:
            prompts = [prompt.partition(".")[0].partition("[")[0] for prompt in reply.prompts]
            for prompt, end in ENDS.items():
                if prompt in prompts:
                    caller.hang_up()
                    return end
            if prompts[-1] not in ACTIONS:
                raise AssertionError(f"nobody wrote what to do at {prompts}")
            action = ACTIONS[prompts[-1]].format(**facts)
            think()
            caller.seq += 1
            heard = said("yes") if action == "yes" else keyed(action)
            reply = self._heard(caller, f"/voice/turn/{caller.seq}", heard)
        caller.hang_up()
        return "unknown"

    def _heard(self, caller: Caller, path: str, extra: dict[str, str]) -> Exchange | None:
        """Post a turn as Twilio does; None after its own apology."""
        first = caller.post(path, extra)
        if first.status == 200:
            self.seen.silences.append(first.seconds)
            return first
        second = caller.fallback()
        self.seen.silences.append(second.heard_at - first.asked_at)
        if second.status == 200:
            return second
        self.seen.apologies.append((first, second))
        return None

    # What hits the line.

    def _acts(self, draw: random.Random) -> None:
        """Begin with each act once, then any of them."""
        names = list(ACTS)
        while not self._over.wait(draw.uniform(0.7, 2.7)):
            name = names.pop() if names else draw.choices(list(ACTS), list(ACTS.values()))[0]
            self.seen.acts[name] += 1
            match name:
                case "kill worker":
                    self.line.signal_worker(signal.SIGKILL, draw)
                case "end worker":
                    self.line.signal_worker(signal.SIGTERM, draw)
                case "end backend":
                    self.line.signal_backend(signal.SIGTERM, draw)
                case "kill backend":
                    self.line.signal_backend(signal.SIGKILL, draw)
                case "reload":
                    self.line.reload()

    def _locks(self, draw: random.Random) -> None:
        """Take a table away, for seconds up to 25; the first time at once, and both kinds in turn."""
        longest = min(LOCK_SECONDS_MAX, self._seconds / 3)
        tables = ["calls", "payments"]
        pause = 1.0
        while not self._over.wait(pause):
            tables.reverse()
            with suppress(psycopg.OperationalError), self.line.connection() as db:  # a crash ends it as well
                db.execute(f"LOCK TABLE {tables[0]} IN ACCESS EXCLUSIVE MODE")
                self.seen.acts[f"lock {tables[0]}"] += 1
                self._over.wait(draw.uniform(longest / 2, longest))
                db.rollback()
            pause = draw.uniform(longest / 2, longest)

    def _idlers(self, _draw: random.Random) -> None:
        """Hold connections open: idle, half a head, a slow body; one that is cut is opened again."""
        head = b"POST /voice/turn/1 HTTP/1.1\r\nHost: line\r\nContent-Length: 2000\r\n"
        kinds = ((b"", b""), (head, b""), (head + b"\r\n", b"x"))
        held = [_Held(self.line.port, *kinds[number % len(kinds)]) for number in range(IDLE_CONNECTIONS)]
        while not self._over.wait(0.5):
            self.seen.acts["idle connection"] += sum(each.hold() for each in held)
        for each in held:
            each.close()


class _Held:
    """One client that holds a connection: it says something at first, and a little more again and again."""

    def __init__(self, port: int, first: bytes, more: bytes) -> None:
        self._port = port
        self._first = first
        self._more = more
        self._connection: socket.socket | None = None

    def hold(self) -> bool:
        """Say a little more, or begin anew where the line has hung up; return whether it is a new connection."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(("127.0.0.1", self._port), 1)
                self._connection.setblocking(False)
                self._connection.sendall(self._first)
                return True
            with suppress(BlockingIOError):
                if not self._connection.recv(4096):
                    self.close()
                    return False
            self._connection.sendall(self._more)
        except OSError:
            self.close()
        return False

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


# How a call ends, by what was said; the first that was counts.
ENDS = {
    "confirmation": "paid",
    "trouble-payment": "paid",
    "recent-payment": "told",
    "trouble-no-payment": "none",
    "trouble-unknown": "unknown",
    "trouble-not-now": "unknown",
    "call-over": "unknown",
    "call-unknown": "unknown",
    "authorization-changed": "changed",
    "balance-on-its-way": "told",
    "finish-menu": "told",
}


def wait_for_health(line: OpenLine, seconds: float) -> float:
    """Return after how many seconds the line is well again. Fails after `seconds`."""
    began = time.monotonic()
    while not line.health().startswith("200"):
        assert time.monotonic() - began < seconds, line.health()
        time.sleep(0.05)
    return time.monotonic() - began
