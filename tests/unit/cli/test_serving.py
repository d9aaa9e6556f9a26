"""Serving for real: processes, ports and signals; what ends, and that nothing is left behind."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, text
from support import environs
from support.started import started_commands

from ivr.base.errors import SettingsError
from ivr.cli.supervisor import bind
from ivr.simulator.lines import HttpLine
from ivr.simulator.webhooks import CallIdentity
from ivr.storage.engine import connection_arguments

ROOT = Path(__file__).resolve().parents[3]
GUNICORN = ["-m", "gunicorn", "-c", "python:ivr.gunicorn", "ivr.wsgi:voice"]
APP = [sys.executable, *GUNICORN]
SERVE = [sys.executable, "-m", "ivr.cli.main", "serve"]
ANSWERS = "The line answers on "
PATIENCE_SECONDS = 60.0

pytestmark = [pytest.mark.long, pytest.mark.whole]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Start]:
    """Start a command in a process group of its own; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def command(arguments: list[str], **changes: str) -> subprocess.Popen[str]:
        values = {**os.environ, **environ, **changes}
        process = subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            env={name: value for name, value in values.items() if value},
        )
        started.append(process)
        return process

    yield command
    for process in started:
        for pid in (process.pid, *family(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


Refused = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Python that has imported the line already: for starts that must fail, and for commands beside what is tested."""
    with started_commands(tmp_path_factory.mktemp("commands") / "bin", ROOT) as ivr:
        yield ivr.with_name("python")


@pytest.fixture
def ended(start: Start, python: Path) -> Refused:
    """Start a command that ends by itself: return its exit status and what it wrote."""

    def command(arguments: list[str], **changes: str) -> tuple[int, str, str]:
        process = start([str(python), *arguments], **{"PORT": "0", **changes})
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, out, err

    return command


def family(pid: int) -> set[int]:
    """Return the descendants of a process."""
    found = set()
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if living(pid) else ():
        found |= {int(child), *family(int(child))}
    return found


def living(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds: Callable[[], object]) -> bool:
    """Look until something holds."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > give_up_at:
            return False
        select.select([], [], [], 0.05)
    return True


def address_of(process: subprocess.Popen[str]) -> str:
    """Return where a line answers, once it says so."""
    for line in process.stdout:
        if line.startswith(ANSWERS):
            return line.removeprefix(ANSWERS).split()[0].rstrip(".")
    pytest.fail(f"it did not start: {process.stderr.read()}")


def health(address: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{address}/health", timeout=PATIENCE_SECONDS) as reply:
        read: dict[str, str] = json.load(reply)
    return read


def children_named(process: subprocess.Popen[str], part: str) -> set[int]:
    found = set()
    for pid in family(process.pid):
        try:
            if part in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode():
                found.add(pid)
        except OSError:
            pass
    return found


def test_a_worker_that_ends_is_started_again_and_serving_ends_with_a_signal(start: Start) -> None:
    process = start([*SERVE, "--port", "0"])
    address = address_of(process)
    (first,) = children_named(process, "ivr.cli.main worker")
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: children_named(process, "ivr.cli.main worker") - {first})
    assert health(address)["status"] == "ok"
    everybody = {process.pid, *family(process.pid)}
    assert len(everybody) >= 4, "runner, web master, web workers, worker"
    process.send_signal(signal.SIGINT)  # `ivr demo` is killed below
    assert process.wait(PATIENCE_SECONDS) == 0
    assert eventually(lambda: not any(map(living, everybody)))


def test_without_its_web_server_everything_ends(start: Start) -> None:
    process = start([*SERVE, "--port", "0"])
    address_of(process)
    everybody = family(process.pid)
    (master,) = (pid for pid in children_named(process, "gunicorn") if family(pid))
    os.kill(master, signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 1
    assert eventually(lambda: not any(map(living, everybody)))


STARTED = pytest.mark.xdist_group("started")  # they share a Python


@STARTED
def test_a_taken_port_is_one_sentence(ended: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, out, err = ended(["-m", "ivr.cli.main", "serve", "--port", str(port)])
    assert (status, out) == (3, "")
    assert err == (
        f"Port {port} on 127.0.0.1 cannot be had (Address already in use): stop what uses it (another demo?),"
        " or set PORT to another one.\n"
    )


@STARTED
@pytest.mark.parametrize(
    ("host", "bound"),
    [("", "127.0.0.1:8000"), ("0.0.0.0", "0.0.0.0:8000"), ("::1", "[::1]:8000")],
    ids=["default", "all", "v6"],
)
def test_the_line_is_served_to_this_machine_unless_told_otherwise(
    ended: Refused, host: str, bound: str
) -> None:
    _, out, err = ended([*GUNICORN, "--print-config"], IVR_HOST=host, PORT="8000")
    [told] = (line.split("=")[1].strip() for line in out.splitlines() if line.startswith("bind "))
    assert (told, err) == (f"['{bound}']", "")


def test_an_address_that_others_have_is_told_as_such() -> None:
    with pytest.raises(
        SettingsError, match=r"192\.0\.2\.1 cannot be had .*: set IVR_HOST to an address of this"
    ):
        bind("192.0.2.1", 0)


@STARTED
@pytest.mark.parametrize("told", ["IVR_HOST", "--host"])
def test_an_address_that_is_none_is_one_sentence(ended: Refused, told: str) -> None:
    by_setting = {told: "nowhere.invalid"} if told == "IVR_HOST" else {}
    by_option = [] if by_setting else [told, "nowhere.invalid"]
    status, _, err = ended(["-m", "ivr.cli.main", "serve", "--port", "0", *by_option], **by_setting)
    assert "nowhere.invalid is not an address to serve on" in err
    assert status == 3


SERVING, WORKING = (["-m", "ivr.cli.main", name] for name in ("serve", "worker"))


@STARTED
@pytest.mark.parametrize(
    ("command", "changes", "status", "sentence"),
    [
        (GUNICORN, {"TWILIO_AUTH_TOKEN": ""}, 3, "TWILIO_AUTH_TOKEN is missing: set it to "),
        (GUNICORN, {"IVR_SUPPORT_HOURS": "now and then"}, 3, "IVR_SUPPORT_HOURS is wrong: "),
        (GUNICORN, dict.fromkeys(environs.BANK, ""), 3, "IVR_ODFI_ROUTING is missing: set it to "),
        (WORKING, dict.fromkeys(environs.BANK, ""), 3, "IVR_COMPANY_ID is missing: set it to "),
        (GUNICORN, {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, 4, "The database does not answer ("),
        (SERVING, {"IVR_LANGUAGES": "en-US,xx-YY"}, 1, "write it, or leave xx-YY out of IVR_LANGUAGES"),
    ],
    ids=["missing", "wrong", "web without a bank", "worker without a bank", "database", "flow"],
)
def test_a_start_that_cannot_be_says_why(
    ended: Refused, command: list[str], changes: dict[str, str], status: int, sentence: str
) -> None:
    ended_with, out, err = ended(command, **changes)
    assert (ended_with, out) == (status, "")
    assert any(sentence in line and "|" not in line for line in err.splitlines())
    assert "Traceback" not in err


@STARTED
def test_a_web_server_whose_account_lacks_a_right_says_which(
    ended: Refused, engine: Engine, database_url: URL, account: str
) -> None:
    with engine.begin() as db:
        db.execute(text(f"REVOKE INSERT ON canaries FROM {account}"))
    as_account = database_url.update_query_dict({"options": f"-c role={account}"})
    status, out, err = ended(GUNICORN, DATABASE_URL=as_account.render_as_string(hide_password=False))
    assert err == (
        f"The database account {account} lacks the right INSERT on canaries: have the owner run"
        f" `GRANT INSERT ON canaries TO {account}`\n"
    )
    assert (status, out) == (4, "")


@STARTED
def test_who_starts_with_another_key_than_the_database_was_written_with_is_refused(ended: Refused) -> None:
    assert ended([*WORKING, "--once"])[0] == 0
    other = base64.b64encode(bytes(range(100, 132))).decode()
    wrong = {"IVR_HASH_KEY": other, "IVR_KEYS": f"new:{base64.b64encode(bytes(range(7, 39))).decode()}"}
    for command in (GUNICORN, [*WORKING, "--once"]):
        status, _, err = ended(command, **wrong)
        hashing, sealing = (line for line in err.splitlines() if line.startswith("IVR_"))
        assert hashing.startswith("IVR_HASH_KEY is not the key that this database was written with: ")
        assert sealing.startswith(
            "IVR_KEYS has another key under the id new than this database was written with"
        )
        assert status == 3


def test_honcho_runs_the_procfile_on_an_empty_database_until_it_is_told_to_end(
    start: Start, empty_database: URL, tmp_path: Path
) -> None:
    """Its release is the first to be done, and honcho ends everybody when anybody ends."""
    honcho = start(
        [sys.executable, "-m", "honcho", "-f", str(ROOT / "Procfile"), "-d", str(tmp_path), "start"],
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        PORT="0",
        CONSOLE_PORT="0",
        METRICS_PORT="0",
        IVR_CONSOLE_KEY=environs.KEY,
        DATABASE_URL=empty_database.render_as_string(hide_password=False),
        WEB_CONCURRENCY="1",
        PYTHONUNBUFFERED="1",
    )
    said: list[str] = []
    for line in honcho.stdout:
        said.append(line)
        if '"serving"' in line:
            break
    assert honcho.poll() is None, "".join(said)
    assert any('"starting"' in line and "PORT, IVR_HOST" in line for line in said)
    port = json.loads(said[-1].partition("| ")[2])["port"]
    assert health(f"http://127.0.0.1:{port}")["status"] == "ok"
    with psycopg.connect(connection_arguments(empty_database), autocommit=True) as db:
        lanes = "SELECT count(*) FROM procrastinate_workers"
        assert eventually(lambda: db.execute(lanes).fetchone() == (2,))
    everybody = {honcho.pid, *family(honcho.pid)}
    honcho.terminate()
    whole = "".join([*said, *honcho.stdout])
    assert honcho.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert eventually(lambda: not any(map(living, everybody)))
    assert whole.count(" stopped (rc=") == 5
    assert whole.index("SIGTERM received") < whole.index(" stopped (rc=")


@STARTED
def test_a_database_that_is_not_migrated_is_4(ended: Refused, empty_database: URL) -> None:
    url = empty_database.render_as_string(hide_password=False)
    not_migrated = "The database is not migrated: run `ivr db upgrade`\n"
    assert ended(GUNICORN, DATABASE_URL=url) == (4, "", not_migrated)


def test_importing_the_app_does_nothing() -> None:
    code = "import ivr.wsgi, sys; hasattr(ivr.wsgi, 'worker'); print(ivr.wsgi._engines)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={}, check=True)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


@STARTED
def test_an_embedded_database_is_stopped_by_whoever_used_it_last(
    start: Start, python: Path, tmp_path: Path
) -> None:
    own = {"DATABASE_URL": "", "IVR_VAR": str(tmp_path / "a folder" / "var"), "IVR_DEMO": "yes", "PORT": "0"}
    process = start([sys.executable, "-m", "ivr.cli.main", "demo"], **own)
    health(address_of(process))
    everybody = {process.pid, *family(process.pid)}
    servers = children_named(process, "/bin/postgres")
    assert servers
    process.kill()
    assert eventually(lambda: not any(map(living, everybody)))
    listed = start([str(python), "-m", "ivr.cli.main", "payments", "list", "--state", "cancelled"], **own)
    folder = (tmp_path / "a folder" / "var").resolve()
    assert listed.communicate() == ("", f"no payments in the embedded database in {folder}\n")
    forgotten = start([str(python), "-m", "ivr.cli.main", "demo", "--forget"], **own)
    assert forgotten.communicate()[0] == "The demo's members, calls and payments are forgotten.\n"
    assert not (tmp_path / "a folder" / "var" / "demo-secrets.json").exists()


def port_of(process: subprocess.Popen[str]) -> int:
    """Return where gunicorn serves, once it says so."""
    for line in process.stderr:
        if '"serving"' in line:
            return int(json.loads(line)["port"])
    pytest.fail("it did not start")


def greeting(port: int, values: dict[str, str]) -> str:
    """Return the prompts that a new caller hears first."""
    line = HttpLine(
        values["PUBLIC_URL"],
        values["TWILIO_ACCOUNT_SID"],
        values["TWILIO_AUTH_TOKEN"],
        connect_url=f"http://127.0.0.1:{port}",
    )
    call = CallIdentity(
        "CA" + os.urandom(16).hex(), values["TWILIO_ACCOUNT_SID"], "+16175550123", "+18005550100"
    )
    try:
        return line.post("/voice/answer", call.parameters("ringing")).headers["ivr-prompts"]
    finally:
        line.close()


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for an embedded database that every account may enter."""
    path = Path(tempfile.mkdtemp(prefix="ivr-"))
    path.chmod(0o755)
    yield path / "var"
    shutil.rmtree(path)


def server_of(var: Path) -> int:
    """Return the embedded server's first process, 0 while there is none."""
    with contextlib.suppress(OSError, ValueError):
        return int((var / "postgres-18" / "postmaster.pid").read_bytes().split(b"\n")[0])
    return 0


@dataclass
class Web:
    """The Procfile's web process on an embedded database of its own, with a command beside it."""

    start: Start
    python: Path
    values: dict[str, str]
    var: Path

    def __post_init__(self) -> None:
        self.own = {"DATABASE_URL": "", "IVR_VAR": str(self.var), "PORT": "0", "WEB_CONCURRENCY": "3"}
        assert self.command("db", "upgrade").wait(PATIENCE_SECONDS) == 0
        self.master = self.start(APP, **self.own)
        self.port = port_of(self.master)
        health(f"http://127.0.0.1:{self.port}")  # turns do not wait for a slow start

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        return self.start([str(self.python), "-m", "ivr.cli.main", *arguments], **self.own)

    def payments(self) -> str:
        """Return what the command beside it prints."""
        return "".join(self.command("payments", "list").communicate(timeout=PATIENCE_SECONDS))

    def workers(self) -> set[int]:
        return children_named(self.master, "gunicorn")

    def greeting(self) -> str:
        """Return the prompts that a new caller hears first."""
        sid, token = self.values["TWILIO_ACCOUNT_SID"], self.values["TWILIO_AUTH_TOKEN"]
        line = HttpLine(self.values["PUBLIC_URL"], sid, token, connect_url=f"http://127.0.0.1:{self.port}")
        call = CallIdentity("CA" + os.urandom(16).hex(), sid, "+16175550123", "+18005550100")
        with contextlib.closing(line):
            return line.post("/voice/answer", call.parameters("ringing")).headers["ivr-prompts"]


@STARTED
def test_the_web_server_keeps_its_embedded_database_up(
    start: Start, python: Path, environ: dict[str, str], var: Path
) -> None:
    web = Web(start, python, environ, var)
    assert eventually(lambda: len(web.workers()) == 3)
    server, heard = server_of(var), web.greeting()
    first, second, _ = sorted(web.workers())
    for number, to, gone, left in [
        (signal.SIGTERM, first, {first}, 3),
        (signal.SIGABRT, second, {second}, 3),  # what gunicorn sends to a worker that is too late
        (signal.SIGTTOU, web.master.pid, set(), 2),
        (signal.SIGHUP, web.master.pid, web.workers(), 3),
    ]:
        os.kill(to, number)
        assert eventually(lambda gone=gone: not any(map(living, gone)))
        assert eventually(lambda left=left: len(web.workers()) == left)
        assert (server_of(var), web.greeting()) == (server, heard), number
    assert web.payments().startswith("no payments in ")  # whoever comes and goes beside it does not stop it
    assert (server_of(var), web.greeting()) == (server, heard)
    for number in (signal.SIGKILL, signal.SIGINT):
        server = server_of(var)
        os.kill(server, number)
        assert eventually(lambda server=server: server_of(var) not in (0, server))
        assert eventually(lambda: web.greeting() == heard)
        assert web.payments().startswith("no payments in ")
        assert web.greeting() == heard
    server = server_of(var)
    web.master.terminate()
    assert web.master.wait(PATIENCE_SECONDS) == 0
    assert not living(server)
    told = web.master.stderr.read()
    assert '"event": "turn"' in told
    assert "POST /voice/answer" not in told  # one line a turn: gunicorn writes none of its own
