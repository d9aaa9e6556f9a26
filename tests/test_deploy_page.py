"""docs/deploy.md: its commands, as printed, lead from an empty server to a call through the proxy, and to a backup's."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL
from support.certificates import Authority
from support.debian import found_or_installed
from support.money import FRIDAY, FRIDAYS_CUTOFF, SETTINGS, files, pay
from support.samples import HASHES, load_demo_members
from support.started import started_commands
from support.twilio_account import SID, TOKEN, TwilioAccount
from support.written import CALLS, LINE, RUNS

from ivr.base.settings import load_replay_settings
from ivr.billing.samples import bills_csv, demo_member, members_csv
from ivr.callfile.suite import play_run
from ivr.jobs.bank import run_due_cutoffs
from ivr.sandbox.host import LocalHost
from ivr.sandbox.scratch import empty
from ivr.storage.engine import NO_LIMITS, make_engine

pytestmark = [pytest.mark.long, pytest.mark.whole]
ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
BLOCKS = re.findall(r"^```sh *(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
OLDEST = 15
POSTGRESQL = (
    "PostgreSQL 15 or newer is needed beside the embedded one (on Debian: apt-get install postgresql)."
)
NGINX = "nginx is needed, the proxy of docs/deploy.md: install it (on Debian: apt-get install nginx-light)."
# Others' programs that change the machine: what does as much in the test's folder, or nothing.
PROGRAMS = r"""
apt-get() { :; }
useradd() { :; }
git() { :; }
make() { :; }
su() { PGUSER=postgres bash -c "$3"; }
chown() { if [ "$1" = postgres: ] && [ "$(id -u)" = 0 ]; then command chown "$@"; fi; }
nginx() { "$PROXY" -p "$HERE" -e "$HERE/log" -c "$HERE/nginx.conf" "$@"; }
start() {
  set -a
  for file in $(sed -n 's/^EnvironmentFile=//p' "$1"); do . "$file"; done
  exec $(sed -n 's/^ExecStart=//p' "$1")
}
systemctl() {
  case "$*" in
    daemon-reload) [ -z "$(command -v systemd-analyze)" ] || systemd-analyze verify "$HERE"/units/*.service "$HERE"/units/*.timer ;;
    "reload nginx") nginx -g 'daemon off;' & ;;
    "enable --now "*) for unit in "${@:3}"; do
      [ ! -e "$HERE/units/$unit.service" ] || start "$HERE/units/$unit.service" > "$HERE/$unit.log" 2>&1 &
    done ;;
  esac
}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def put(page: str, *changes: tuple[str, str]) -> str:
    """Put what belongs to this machine into what is written for another."""
    for written, here in changes:
        assert written in page, written
        page = page.replace(written, here)
    return page


def as_installed(folder: Path, ivr: Path, port: int, web: int) -> None:
    """Put into a folder what the first step installs, and what is one's own: files, certificates, names."""
    app, etc = folder / "app", folder / "etc"
    for place in (app / ".venv", etc / "tls", folder / "conf.d", folder / "units"):
        place.mkdir(parents=True)
    shutil.copytree(ROOT / "deploy", app / "deploy")
    shutil.copy(ROOT / ".env.example", app)
    (app / ".venv" / "bin").symlink_to(ivr.parent)
    gunicorn = ivr.with_name("gunicorn")
    gunicorn.write_text(f'#!/bin/sh\nexec {ivr.with_name("python")} -m gunicorn "$@"\n')
    gunicorn.chmod(0o755)
    for unit in (app / "deploy").glob("*.service"):
        unit.write_text(put(unit.read_text(), ("/opt/ivr", str(app)), ("/etc/ivr", str(etc))))
    metrics, site = app / "deploy" / "ivr-metrics.service", app / "deploy" / "nginx.conf"
    metrics.write_text(put(metrics.read_text(), ("ivr metrics", "ivr metrics --port 0")))
    here = (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/ivr", str(etc)),
        ("http://127.0.0.1:8000;", f"http://127.0.0.1:{web};"),  # no path after it: the target is signed
    )
    site.write_text(put(site.read_text(), *here))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    nginx = f"pid {folder}/pid; events {{}} http {{ {paths} include {folder}/conf.d/*.conf; }}"
    (folder / "nginx.conf").write_text(nginx)
    certificate = Authority(folder).issue("localhost")
    for name in ("line.pem", "line.key"):
        shutil.copy(certificate, etc / "tls" / name)
    canary = [demo_member("demo.letter", datetime.now(UTC).date())]
    (folder / "members.csv").write_text(members_csv(canary))
    (folder / "bills.csv").write_text(bills_csv(canary))
    shutil.copy(ROOT / "ivr" / "sandbox" / "routing-directory.txt", folder / "FedACHdir.txt")


def ones_own(port: int, web: int, console: int, twilio: str) -> str:
    """Return the commands that write what is one's own into the file of settings."""
    member = demo_member("demo.letter", datetime.now(UTC).date())
    facts = f"{member.member_id}:{member.ssn_last4}:{member.date_of_birth_keyed}"
    own = {
        "PUBLIC_URL": f"https://localhost:{port}",
        "IVR_TEST_MEMBER": facts,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_VAR": "$VAR",
        "IVR_INSERTS": "$ETC/inserts",
    }
    changes = "; ".join(f"s|^{name}=.*|{name}={value}|" for name, value in own.items())
    beside = f"PORT={web}\nCONSOLE_PORT={console}\nWEB_CONCURRENCY=1\nTWILIO_API_URL={twilio}\n"
    return f'sed -i "{changes}" $ETC/ivr.env; printf {shlex.quote(beside)} >> $ETC/ivr.env\n'


def commands_of(folder: Path, database: int, port: int, web: int, own: str) -> str:
    """Return the page's commands, as they stand but for places and ports."""
    blocks = [commands for kind, commands in BLOCKS if kind != "containers"]
    settings = next(place for place, each in enumerate(blocks) if ".env.example" in each)
    blocks.insert(settings + 1, own)
    return put(
        "".join(blocks),
        ("APP=/opt/ivr ETC=/etc/ivr VAR=/var/lib/ivr", f"APP={folder}/app ETC={folder}/etc VAR={folder}/var"),
        ("DATABASE_PORT=5432", f"DATABASE_PORT={database}"),
        ("/usr/local/bin", f"{folder}/bin"),
        ("/etc/systemd/system", f"{folder}/units"),
        ("/etc/nginx/conf.d", f"{folder}/conf.d"),
        ("127.0.0.1:8000", f"127.0.0.1:{web}"),
        (" -o ivr -g ivr", ""),
        (" -o root -g ivr", ""),
        ("twilio setup\n", "twilio setup || true\n"),  # it is not set yet, which is status 1
    )


@contextmanager
def walked(folder: Path, server: Server) -> Iterator[str]:
    """Run the page's commands in one shell; yield what they wrote. What they started ends at the end."""
    port, web, console = free_port(), free_port(), free_port()
    with started_commands(folder / "bin", ROOT) as ivr, TwilioAccount() as twilio:
        as_installed(folder, ivr, port, web)
        environ = {
            "PATH": f"{ivr.parent}:{server.programs}:{os.environ['PATH']}",
            "HERE": str(folder),
            "PROXY": found_or_installed(find_nginx, ["nginx-light"], NGINX),
            "IVR_ACCOUNT": "root",
            "IVR_ETC": f"{folder}/etc",
            "REQUESTS_CA_BUNDLE": f"{folder}/authority.pem",
            "PGHOST": str(server.folder),
            "PGPORT": str(server.port),
        }
        script = folder / "page.sh"
        own = ones_own(port, web, console, twilio.url)
        script.write_text("set -eu\n" + PROGRAMS + commands_of(folder, server.port, port, web, own))
        with (folder / "written").open("w") as written:
            shell = subprocess.Popen(
                ["bash", "-x", str(script)],
                cwd=folder,
                env=environ,
                stdout=written,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
            try:
                status = shell.wait()
                printed = (folder / "written").read_text()
                assert status == 0, printed
                yield printed
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGTERM)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL as its package sets it up: its programs, where its socket is, its port."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str) -> URL:
        query = {"host": str(self.folder), "port": str(self.port)}
        return URL.create("postgresql+psycopg", username="postgres", database=database, query=query)


def programs() -> str | None:
    """Return the folder of the oldest PostgreSQL there is from a package, of those that the line works with."""
    there = (each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    known = [each for each in there if int(each.parent.name) >= OLDEST]
    return str(min(known, key=lambda each: int(each.parent.name))) if known else None


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own; it does not run as root, and believes passwords over TCP alone."""
    found = Path(found_or_installed(programs, ["postgresql"], POSTGRESQL))
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    if account:
        shutil.chown(folder, account)
    folder.chmod(0o755)
    data, port = folder / "data", free_port()
    options = f"-c listen_addresses=localhost -c port={port} -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run([str(found / command[0]), *command[1:]], user=account, check=True, capture_output=True)

    known = ("--auth-local=trust", "--auth-host=scram-sha-256")
    run("initdb", "-D", str(data), "-U", "postgres", *known, "--encoding=UTF8", "--no-sync")
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield Server(found, folder, port)
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def find_nginx() -> str | None:
    """Return the path of nginx, which Debian keeps where only administrators look."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def test_from_an_empty_server_to_a_call_a_backup_and_a_payment(server: Server, tmp_path: Path) -> None:
    with walked(tmp_path, server) as printed:
        assert "\nbad " not in printed  # says `ivr doctor`
        assert '{"status": "ok"' in printed
        assert "BAD   voice_url is https://demo.twilio.com" in printed
        assert printed.count("took no payment.") == 2, printed  # to the canary, of either release
        assert "0 seals," in printed  # says the backup
    engine = make_engine(server.url("ivr"), limits=NO_LIMITS)
    with LocalHost(engine, LINE, load_replay_settings({"IVR_VAR": str(tmp_path)}), over_http=False) as host:
        for run in RUNS:
            if Path(run.call.name).relative_to(CALLS) == Path("way/goodbye.call") and run.pace == "voice":
                assert play_run(run, host).passed
    with engine.begin() as db:
        empty(db)
    load_demo_members(engine, HASHES)
    pay(engine, FRIDAY)
    run_due_cutoffs(engine, SETTINGS, FRIDAYS_CUTOFF + timedelta(minutes=1))
    assert [(each.entries, each.debit_cents) for each in files(engine)] == [(1, 31015)]
    engine.dispose()
