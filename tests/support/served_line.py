"""A real line to break: gunicorn with several workers on a PostgreSQL of its own, and callers to break it.

A caller here is the virtual phone taken apart: the same parameters, signature and HTTP, but one request at a
time, at any moment and as often as a test wants, with a fault in the server where it wants one. Everything posted and everything that came back is kept, for `invariants.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, insert, select
from support import environs

from ivr.base.settings import Settings, load_settings
from ivr.billing.imports import import_bills
from ivr.billing.samples import SampleMember, bills_csv, generate, members_csv
from ivr.calls.store import keep_flow_version
from ivr.members.imports import import_members
from ivr.simulator.lines import HttpLine, NoReplyError
from ivr.simulator.webhooks import CallIdentity
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.migrate import upgrade
from ivr.storage.tables import Call, LiftedLimit, Turn
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_URL = "https://line.example.org"
WAIT_SECONDS = 30
# What a caller with one bill keys, from the greeting to the question that a spoken yes answers.
KEYS_TO_VERIFY = ("1", "1", "{member_id}", "{ssn_last4}", "{date_of_birth}")
KEYS_TO_THE_BANK = ("1", "021000021", "1")
IN_FULL = ("1",)
ACCOUNT = "1234567890#"
COPIES_OF_A_CALL = 90  # the smallest bill is 100 dollars
QUESTION = "authorization-ask"
UNKNOWN = ("", "trouble-unknown", "trouble-not-now")  # lost, and what is said without the database


def wait_until(condition: Callable[[], object]) -> None:
    """Look again and again until `condition` holds; fail after half a minute."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.005)


@dataclass(frozen=True)
class Exchange:
    """One request, and what came of it. `status` 0: the reply was lost."""

    call_sid: str
    path: str
    form: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes
    asked_at: float
    heard_at: float

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompt ids of the reply, without their languages."""
        return tuple(label.partition("@")[0] for label in self.headers.get("ivr-prompts", "").split(","))

    @property
    def seconds(self) -> float:
        """How long the reply took."""
        return self.heard_at - self.asked_at

    @property
    def steps(self) -> str:
        """What the request sent to the database: `S` a statement, `C` a COMMIT."""
        return self.headers.get("ivr-steps", "")


class Cluster:
    """A PostgreSQL server of one test module's own, to be killed and frozen."""

    def __init__(self, folder: Path) -> None:
        self._var = folder / "var"
        self._holder = EmbeddedPostgres(self._var, durable=False)
        self._lock = threading.Lock()
        self.url = self._holder.__enter__()
        with psycopg.connect(connection_arguments(self.url)) as db:
            row = db.execute("SHOW data_directory").fetchone()
        assert row is not None
        self.pid_file = Path(row[0]) / "postmaster.pid"
        self.postmaster = self._named_pid()
        self.kills = 0

    def _named_pid(self) -> int:
        return int(self.pid_file.read_bytes().split(b"\n")[0])

    def processes(self) -> list[int]:
        """Return the server's processes, its first one first."""
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = [[int(number) for number in line.split()] for line in listing.splitlines()]
        return [self.postmaster, *(pid for pid, parent in pairs if parent == self.postmaster)]

    def send(self, sign: signal.Signals, processes: Sequence[int]) -> None:
        """Signal processes of the server; some may be gone already."""
        for process in processes:
            try:
                os.kill(process, sign)
            except ProcessLookupError:
                continue

    def is_frozen(self) -> bool:
        """Return whether the server's first process has been stopped."""
        return _state(self.postmaster).startswith("T")

    def freeze(self) -> None:
        """Stop every process of the server where it stands."""
        self.send(signal.SIGSTOP, self.processes()[:1])
        self.send(signal.SIGSTOP, self.processes())

    def thaw(self) -> None:
        """Let them go on, and wait until the server answers."""
        self.send(signal.SIGCONT, self.processes())
        wait_until(self.answers)

    def kill(self) -> None:
        """Kill the server's first process; the others follow it."""
        self.send(signal.SIGKILL, [self.postmaster])

    def restart_once_dead(self) -> None:
        """Wait until the server has been killed, and start it again."""
        wait_until(lambda: not is_running(self.postmaster))
        self.restart()

    def restart(self) -> None:
        """Start the server again if it is dead."""
        with self._lock:
            self.kills += 1
            before, self._holder = self._holder, EmbeddedPostgres(self._var, durable=False)
            self._holder.__enter__()
            before.__exit__(None, None, None)
            self.postmaster = self._named_pid()

    def answers(self) -> bool:
        """Return whether the server answers."""
        try:
            with psycopg.connect(connection_arguments(self.url)) as db:
                return db.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        """Stop the server."""
        self.send(signal.SIGCONT, self.processes())
        self._holder.__exit__(None, None, None)


def is_running(pid: int) -> bool:
    """Return whether a process lives."""
    return _state(pid) not in {"", "Z"}


def _state(pid: int) -> str:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1]


class ServedLine:
    """The line under gunicorn, with hooks, and everything heard on it."""

    def __init__(self, folder: Path, cluster: Cluster, *, workers: int, members: int) -> None:
        self.folder = folder
        self.cluster = cluster
        environment = {
            "PUBLIC_URL": PUBLIC_URL,
            "TWILIO_ACCOUNT_SID": "AC" + "5e" * 16,
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            **environs.KEYS,
            **environs.SUPPORT,
            **environs.BANK,
            **environs.PLAIN,
            "DATABASE_URL": cluster.url.render_as_string(hide_password=False),
            "TEST_POSTMASTER_PID_FILE": str(cluster.pid_file),
        }
        self.settings: Settings = load_settings(environment)
        self.engine: Engine = make_engine(cluster.url, limits=NO_LIMITS, application_name="test")
        self.exchanges: list[Exchange] = []
        self._members = self._load(members)
        self._taken = 0
        self._copies = 0
        self._played: Caller | None = None
        self._lock = threading.Lock()
        self._log = (folder / "gunicorn.log").open("wb")
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.connect_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._web = self._start(environment, workers)
        self._threads = ThreadPoolExecutor(16)

    def _load(self, count: int) -> list[SampleMember]:
        upgrade(self.engine)
        now = datetime.now(UTC)
        local = now.astimezone(self.settings.ivr_timezone).date()
        members = [
            replace(member, language="en-US", extra_time=False)
            for member in generate(count * 3 // 2 + 2, local)
            if len(member.billing_accounts) == 1
        ]
        line = compile_line(read_line_files(ROOT, self.settings.ivr_languages))
        hashes = self.settings.hashes
        with self.engine.begin() as db:
            keep_flow_version(db, line.flow.version, dict(line.files), now)
            read = import_members(
                db, hashes, now, BytesIO(members_csv(members).encode()), file_name="members.csv"
            )
            billed = import_bills(
                db, hashes, now, BytesIO(bills_csv(members).encode()), as_of_at=now, file_name="bills.csv"
            )
        assert not read.errors
        assert not billed.errors
        return members

    def _start(self, environment: dict[str, str], workers: int) -> subprocess.Popen[bytes]:
        listening = self._listener.fileno()
        command = [
            *(sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket", "--timeout", "10"),
            *("--worker-class", "ivr.voice.web_worker.ReceivingWorker", "--workers", str(workers)),
            *("--bind", f"fd://{listening}"),
            *("--graceful-timeout", "1", "--pythonpath", str(ROOT / "tests" / "support")),
            *("--worker-tmp-dir", str(self.folder), "faulty_wsgi:make_app()"),
        ]
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=self.folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=[listening],
            process_group=0,
        )

    def stop(self) -> str:
        """Stop everything and return what gunicorn and the app wrote."""
        self._threads.shutdown()
        self._web.terminate()
        try:
            self._web.wait(timeout=WAIT_SECONDS)
        finally:
            self.send_all(signal.SIGKILL)
        self._listener.close()
        self._log.close()
        self.engine.dispose()
        return (self.folder / "gunicorn.log").read_text("utf-8", "replace")

    def send_all(self, sign: signal.Signals) -> None:
        """Signal the web server and all its workers."""
        try:
            os.killpg(self._web.pid, sign)
        except ProcessLookupError:
            return

    def start(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        """Do something at the same time."""
        return self._threads.submit(work, *args, **kwargs)

    def settle(self) -> None:
        """Wait until the server answers and nothing that was asked of it is still under way."""
        self.engine.dispose()
        self.cluster.send(
            signal.SIGCONT, self.cluster.processes()
        )  # a test that failed may have left it frozen
        wait_until(self.cluster.answers)
        wait_until(self._takes_turns)
        wait_until(self._is_at_rest)

    def _takes_turns(self) -> bool:
        """Try another call: the line answers without its database for a moment after it was away."""
        return Caller(self, self._members[0]).answer().prompts[0] not in UNKNOWN

    def _is_at_rest(self) -> bool:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ivr' AND state IS DISTINCT FROM 'idle'"
        with self.engine.connect() as db:
            return db.exec_driver_sql(query).scalar_one() == 0

    def caller(self) -> Caller:
        """Give a caller who has not called yet and owes one bill."""
        with self._lock:
            member = self._members[self._taken]
            self._taken += 1
        return Caller(self, member)

    def caller_at_the_question(self) -> Caller:
        """Give a caller whom the line has asked for the yes: a copy, under its own name, of a call really played.

        Every copy pays one dollar of the same bill, and was told that it owes no more: others pay meanwhile.
        None counts toward the day's limit, as if staff lifted it after each.
        """
        if self._copies % COPIES_OF_A_CALL == 0:
            self._played = self.caller()
            lifted = {
                "member_id": self._played.member.member_id,
                "lifted_at": datetime(2100, 1, 1, tzinfo=UTC),
            }
            with self.engine.begin() as db:
                db.execute(insert(LiftedLimit).values(lifted))
            self._played.play_to_the_question(amount=("2", "100#", "1"))
        self._copies += 1
        caller = Caller(self, self._played.member)
        caller.seq = self._played.seq
        self._copy(self._played.call_sid, caller.call_sid)
        return caller

    def _copy(self, played: str, copied: str) -> None:
        keys = self.settings.key_ring
        with self.engine.begin() as db:
            call = db.execute(select(Call.__table__).where(Call.call_sid == played)).mappings().one()
            secrets_of_call = keys.seal(keys.open(call["secrets"], f"secrets:{played}"), f"secrets:{copied}")
            state = json.loads(call["state"])
            state["slots"]["total"] = state["slots"]["amount"]
            own = {"call_sid": copied, "secrets": secrets_of_call, "state": json.dumps(state)}
            db.execute(insert(Call).values({**call, **own}))
            for turn in db.execute(select(Turn.__table__).where(Turn.call_sid == played)).mappings().all():
                seq = turn["seq"]
                reply = keys.seal(keys.open(turn["reply"], f"reply:{played}:{seq}"), f"reply:{copied}:{seq}")
                db.execute(insert(Turn).values({**turn, "call_sid": copied, "reply": reply}))

    def again(self, member: SampleMember) -> Caller:
        """Give a new call of the same member."""
        return Caller(self, member)

    @contextmanager
    def gate(self) -> Iterator[Gate]:
        """Give a FIFO for the fault `hold`."""
        path = self.folder / f"gate-{secrets.token_hex(4)}"
        os.mkfifo(path)
        gate = Gate(path)
        try:
            yield gate
        finally:
            gate.open()
            path.unlink()


class Gate:
    """A FIFO that holds a worker up until it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def _grasp(self) -> bool:
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody waits there yet
            return False
        return True

    def wait_for_somebody(self) -> None:
        """Wait until a worker stands at the gate; it stays there."""
        wait_until(self._grasp)

    def open(self) -> None:
        """Let the worker go on."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Caller:
    """One call whose requests are made one by one: any of them at any time, as often as a test wants."""

    def __init__(self, line: ServedLine, member: SampleMember) -> None:
        self.member = member
        self.call_sid = f"CA{secrets.token_hex(16)}"
        self.seq = 0
        self.deadline_seconds: float | None = None
        self._line = line
        self._identity = CallIdentity(
            self.call_sid, line.settings.twilio_account_sid, "+16175550123", "+18005550100"
        )
        self._http = HttpLine(
            PUBLIC_URL,
            line.settings.twilio_account_sid,
            line.settings.twilio_auth_token,
            connect_url=line.connect_url,
        )

    def post(self, path: str, extra: dict[str, str] | None = None, *, fault: str = "") -> Exchange:
        """Post one webhook of this call, with a fault if one is wanted, and keep what came back.

        `deadline_seconds`, when it is set, is the deadline of the requests that follow.
        """
        form = {**self._identity.parameters("ringing" if self.seq == 0 else "in-progress"), **(extra or {})}
        asked_at = time.monotonic()
        headers = {"Ivr-Fault": fault} if fault else {}
        if self.deadline_seconds is not None:
            headers["Ivr-Deadline"] = str(self.deadline_seconds)
        try:
            reply = self._http.post(path, form, headers=headers)
            status, got, body = reply.status, dict(reply.headers), reply.body
        except NoReplyError:
            status, got, body = 0, {}, b""
        exchange = Exchange(self.call_sid, path, form, status, got, body, asked_at, time.monotonic())
        self._line.exchanges.append(exchange)
        return exchange

    def answer(self, *, fault: str = "") -> Exchange:
        """Be answered: the call's first turn."""
        return self.post("/voice/answer", fault=fault)

    def press(self, keys: str, *, fault: str = "") -> Exchange:
        """Key something at the next turn."""
        self.seq += 1
        return self.turn(self.seq, keyed(keys), fault=fault)

    def turn(self, seq: int, heard: dict[str, str], *, fault: str = "") -> Exchange:
        """Post any turn."""
        return self.post(f"/voice/turn/{seq}", heard, fault=fault)

    def yes(self, *, fault: str = "") -> Exchange:
        """Say yes to the question that stands; again and again it stays the same turn."""
        return self.turn(self.seq + 1, said("yes"), fault=fault)

    def fallback(self, *, fault: str = "") -> Exchange:
        """Be sent to the fallback, as Twilio does after a webhook failed."""
        failed = f"/voice/turn/{self.seq}" if self.seq else "/voice/answer"
        return self.post(
            "/voice/fallback", {"ErrorCode": "11200", "ErrorUrl": f"{PUBLIC_URL}{failed}"}, fault=fault
        )

    def hang_up(self, *, fault: str = "") -> Exchange:
        """Post the status callback."""
        return self.post("/voice/status", {"CallStatus": "completed"}, fault=fault)

    def keys_to_verify(self) -> list[str]:
        """Return what the caller keys to say who they are."""
        facts = {
            "member_id": self.member.member_id,
            "ssn_last4": self.member.ssn_last4,
            "date_of_birth": self.member.date_of_birth_keyed,
        }
        return [keys.format(**facts) for keys in KEYS_TO_VERIFY]

    def verify(self) -> Exchange:
        """Play the call until the caller has said who they are, and return the reply to it."""
        self.answer()
        for keys in self.keys_to_verify():
            reply = self.press(keys)
        return reply

    def play_to_the_question(self, amount: Sequence[str] = IN_FULL) -> Caller:
        """Play the call until the line asks for the yes."""
        self.verify()
        for keys in (*amount, *KEYS_TO_THE_BANK, ACCOUNT, ACCOUNT):
            reply = self.press(keys)
        assert reply.prompts[-1] == QUESTION, reply
        return self


def keyed(keys: str) -> dict[str, str]:
    """Return what Twilio posts for keys; `#` ends an entry."""
    finished = "#" if keys.endswith("#") else ""
    return {"Digits": keys.removesuffix("#"), "FinishedOnKey": finished, "msg": "Gather End"}


def said(words: str) -> dict[str, str]:
    """Return what Twilio posts for words."""
    return {"SpeechResult": words, "Confidence": "0.9"}


@contextmanager
def serve(*, workers: int = 4, members: int = 200) -> Iterator[ServedLine]:
    """Start a server and a line of one's own; stop both, and let no worker have hung."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    folder.chmod(0o755)
    try:
        cluster = Cluster(folder)
        try:
            line = ServedLine(folder, cluster, workers=workers, members=members)
            try:
                wait_until(line._takes_turns)
                yield line
            finally:
                log = line.stop()
            assert "WORKER TIMEOUT" not in log, log
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
