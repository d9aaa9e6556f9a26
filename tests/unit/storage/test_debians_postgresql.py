"""The line on the PostgreSQL of a distribution, not on the embedded one: a member pays, and the bank gets it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from support.debian import found_or_installed
from support.money import FRIDAY, FRIDAYS_CUTOFF, SETTINGS, files, pay
from support.samples import HASHES, load_demo_members
from support.written import CALLS, LINE, RUNS

from ivr.base.settings import load_replay_settings
from ivr.callfile.suite import play_run
from ivr.jobs.bank import run_due_cutoffs
from ivr.sandbox.host import LocalHost
from ivr.sandbox.scratch import empty
from ivr.storage import migrate
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.grants import ROLES, role_statements

pytestmark = pytest.mark.whole
WANTED = "PostgreSQL 15 or newer is needed beside the embedded one (on Debian: apt-get install postgresql)."
OLDEST = 15


def programs() -> str | None:
    """Return the folder of the oldest PostgreSQL there is from a package, of those that the line works with."""
    there = (each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    known = [each for each in there if int(each.parent.name) >= OLDEST]
    return str(min(known, key=lambda each: int(each.parent.name))) if known else None


@pytest.fixture
def server() -> Iterator[URL]:
    """A server of its own, on a socket, as its package sets it up; it does not run as root."""
    found = Path(found_or_installed(programs, "postgresql", WANTED))
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="ivr-"))
    if account:
        shutil.chown(folder, account)
    data, options = folder / "data", f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run([str(found / command[0]), *command[1:]], user=account, check=True, capture_output=True)

    run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        query = {"host": str(folder)}
        yield URL.create("postgresql+psycopg", username="postgres", database="postgres", query=query)
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def test_a_member_pays_and_the_bank_gets_it(server: URL, tmp_path: Path) -> None:
    engine = make_engine(server, limits=NO_LIMITS)
    with engine.begin() as db:
        for statement in role_statements():
            db.execute(text(statement))
    migrate.upgrade(engine)
    settings = load_replay_settings({"IVR_VAR": str(tmp_path)})
    with LocalHost(engine, LINE, settings, over_http=False) as host:
        for run in RUNS:
            if Path(run.call.name).relative_to(CALLS) == Path("way/goodbye.call") and run.pace == "voice":
                assert play_run(run, host).passed
    with engine.begin() as db:
        empty(db)
        assert (
            db.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = ANY(:names)"), {"names": [*ROLES]})
            == 4
        )
    load_demo_members(engine, HASHES)
    pay(engine, FRIDAY)
    run_due_cutoffs(engine, SETTINGS, FRIDAYS_CUTOFF + timedelta(minutes=1))
    assert [(each.entries, each.debit_cents) for each in files(engine)] == [(1, 31015)]
    engine.dispose()
