"""Killed at any statement, run twice, run by two at once: no payment is in two files, and none in no file."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncssh
import pytest
from sqlalchemy import text
from support import dying_cutoff
from support.dying_delivery import deliver
from support.money import (
    ENVIRON,
    FRIDAYS_CUTOFF,
    KEYS,
    entries,
    files,
    pay,
    settings_with,
    states,
    wait_until_nobody_delivers,
)
from support.sftp_server import ACCOUNT, Faults, SftpServer

from ivr.base.clock import ManualClock
from ivr.jobs.bank import deliver_files, run_due_cutoffs
from ivr.jobs.groups import job_groups
from ivr.jobs.worker import run_due_jobs
from ivr.payments.delivery import PerhapsDeliveredError
from ivr.payments.origination import file_context

TESTS = Path(__file__).resolve().parents[2]
NOW = FRIDAYS_CUTOFF + timedelta(minutes=1)
NAME = "ivr-20261218-A.ach"

# Processes of their own, forked from one that has imported what they do.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["support.dying_delivery", "support.dying_cutoff"])

pytestmark = [
    *(pytest.mark.long, pytest.mark.whole, pytest.mark.usefixtures("samples")),
    pytest.mark.xdist_group("crashes"),
]


def run(database_url, folder, mode):
    url = database_url.render_as_string(hide_password=False)
    told, telling = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=dying_cutoff.run, args=(url, str(folder), NOW, mode, telling))
    process.start()
    telling.close()
    seen = []
    with suppress(EOFError):  # it has told all
        while True:
            seen.append(told.recv())
    process.join(timeout=240)
    assert process.exitcode == 0
    return seen


def all_is_sent_once(engine, folder, count):
    (file,) = files(engine)
    assert states(engine) == ["sent"] * count
    assert len(entries(engine)) == count
    assert len({row.payment_id for row in entries(engine)}) == count
    content = (folder / NAME).read_bytes()
    assert KEYS.open(file.content, file_context(NAME)) == content
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_killed_at_every_statement_nothing_is_lost_or_doubled(engine, database_url, tmp_path):
    for cents in (100, 200):
        pay(engine, cents=cents)
    pay(engine, plan="dental", cents=300)
    seen = run(database_url, tmp_path, "kill")
    assert len(seen) > 20
    kinds = set()
    for now_states, now_entries, now_files, finished, jobs, folder in seen:
        kind = now_states[0]
        assert now_states == [kind] * 3
        expected = {"authorized": (0, None, 0, 0), "batched": (3, [["written", 3]], 1, 1)}
        assert (now_entries, now_files, finished, jobs) == expected[kind]
        assert folder == []
        kinds.add(kind)
    assert kinds == {"authorized", "batched"}
    assert deliver_files(engine, settings_with(IVR_ACH_OUT=str(tmp_path)), NOW) == []
    all_is_sent_once(engine, tmp_path, 3)


@pytest.mark.parametrize("bank", ["stays", "taken"])
def test_a_delivery_killed_anywhere_never_sends_twice(engine, database_url, tmp_path, bank):
    """Nor not at all: what the folder cannot tell, a person is asked, whether the bank has it or not."""
    pay(engine)
    run_due_cutoffs(engine, settings_with(), NOW)
    (tmp_path / "out").mkdir()
    seen = run(database_url, tmp_path / "out", bank)
    assert len(seen) > 8
    assert [(at_last, state) for _, _, at_last, state in seen] == [([NAME], "sent")] * len(seen)
    asked = {(len(had), *names) for had, names, _, _ in seen}
    went_on = {
        (0,),
        (1,),
    }  # it had not its name yet, or was found there, or had two names before it was taken
    had_it = {(1, "PerhapsDeliveredError")} if bank == "taken" else set()
    assert asked == went_on | had_it | {(0, "PerhapsDeliveredError")}


def test_two_at_once_make_one_file(engine, database_url, tmp_path):
    for cents in range(100, 120):
        pay(engine, cents=cents)
    run(database_url, tmp_path, "twice")
    all_is_sent_once(engine, tmp_path, 20)


@contextmanager
def command(database_url, folder):
    """`ivr ach cutoff` in a process of its own, a minute after the cutoff; killed at the end."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IVR_")},
        **ENVIRON,
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "IVR_ACH_OUT": str(folder),
        "IVR_VAR": str(folder.parent / "var"),
        "IVR_DEMO": "yes",
        "IVR_NOW": NOW.isoformat(),
    }
    arguments = [sys.executable, "-m", "ivr.cli.main", "ach", "cutoff"]
    with subprocess.Popen(
        arguments, env=environ, cwd=TESTS.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_so_many_wait(engine, count):
    """Return once so many connections to this database wait for a table that another has locked."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND wait_event = 'relation'"
    )
    give_up_at = time.monotonic() + 60
    with engine.connect() as db:
        while db.scalar(waiting) < count:
            assert time.monotonic() < give_up_at, "nobody waits"
            db.rollback()
            time.sleep(0.01)


@contextmanager
def locked(engine, lock):
    with engine.connect() as db:
        db.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a process may start slowly
        db.execute(text(f"LOCK TABLE {lock} MODE"))
        yield db


def test_the_command_itself_is_killed_at_three_places_and_run_once_more(engine, database_url, tmp_path):
    """A table that is locked here stops it there; it is killed as it waits, and its connection dies too."""
    folder = tmp_path / "out"
    folder.mkdir()
    numbers = [pay(engine, cents=cents).confirmation_number for cents in (100, 200)]
    numbers.append(pay(engine, plan="dental", cents=300).confirmation_number)

    def what_is_there():
        with engine.connect() as db:
            now_states, *numbers = db.execute(text(dying_cutoff.STATE)).one()
        return now_states[0], *numbers, [path.name for path in folder.iterdir()]

    # The file, its entries and its payments are written, but not committed.
    with locked(engine, "procrastinate_jobs IN ACCESS EXCLUSIVE"), command(database_url, folder):
        wait_until_so_many_wait(engine, 1)
    assert what_is_there() == ("authorized", 0, None, 0, 0, [])

    # They are committed, and nothing is delivered: the lock was asked for while it waited for another.
    with ThreadPoolExecutor(1) as thread, engine.connect() as queued, command(database_url, folder):
        with locked(engine, "procrastinate_jobs IN ACCESS EXCLUSIVE"):
            wait_until_so_many_wait(engine, 1)
            asked = thread.submit(queued.execute, text("LOCK TABLE ach_files IN ACCESS EXCLUSIVE MODE"))
            wait_until_so_many_wait(engine, 2)
        asked.result(timeout=60)
        wait_until_so_many_wait(engine, 1)
    batched = ("batched", 3, [["written", 3]], 1, 1)
    assert what_is_there() == (*batched, [])

    # The file is in its place, and nobody noted it.
    with locked(engine, "payments IN SHARE ROW EXCLUSIVE"), command(database_url, folder):
        wait_until_so_many_wait(engine, 1)
    assert what_is_there() == (*batched, [NAME])
    delivered = (folder / NAME).stat()

    with command(database_url, folder) as process:
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert out.startswith("Nothing is due in ")
    assert what_is_there() == ("sent", 3, [["sent", 3]], 1, 1, [NAME])
    bank = settings_with(IVR_ACH_OUT=str(folder))
    wait_until_nobody_delivers(engine)
    run_due_jobs(database_url, ManualClock(NOW), *job_groups(bank=bank))  # the job that delivers it
    all_is_sent_once(engine, folder, 3)
    after = (folder / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (delivered.st_ino, delivered.st_mtime_ns)
    content = (folder / NAME).read_text()
    assert [content.count(number) for number in numbers] == [1, 1, 1]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("mute", "taken"),
    [(None, False), (None, True), (asyncssh.SFTPPermissionDenied, True), (asyncssh.SFTPFailure, False)],
    ids=["seen", "seen and taken", "drop box", "drop box that fails"],
)
def test_killed_as_the_server_gives_the_file_its_name(engine, database_url, tmp_path, when, mute, taken):  # noqa: PLR0917 (fixtures)
    """The process dies with the server's hand on the file. A server that can tell is asked, else a person is."""
    pay(engine)
    run_due_cutoffs(engine, settings_with(), NOW)
    (tmp_path / "in").mkdir()
    died: list[BaseProcess] = []

    def kill(now: str) -> None:
        if now == when:
            died[0].kill()
            wait([died[0].sentinel])  # how it ended can be read once, and is read below

    def at_the_bank() -> list[str]:
        return [path.name for place in ("", "in") for path in (tmp_path / place).glob("*.ach")]

    faults = Faults(mute=mute, taken=taken, at_rename=kill)
    with SftpServer(tmp_path, faults) as server:
        address = f"sftp://{ACCOUNT}:correct%20horse@127.0.0.1:{server.port}/in"
        environ = {"IVR_ODFI_SFTP": address, "IVR_ODFI_SFTP_HOST_KEY": server.host_key}
        url = database_url.render_as_string(hide_password=False)
        died.append(PROCESSES.Process(target=deliver, args=(url, NOW, environ)))
        died[0].start()
        died[0].join(timeout=120)
        assert died[0].exitcode == -signal.SIGKILL
        faults.at_rename = lambda _: None
        server.has_done_all()
        assert at_the_bank() == [NAME], "what was asked of the server, it did"
        wait_until_nobody_delivers(engine)
        errors = deliver_files(engine, settings_with(**environ), NOW)
    can_tell = mute is None and not taken
    assert [type(error) for error in errors] == ([] if can_tell else [PerhapsDeliveredError])
    assert at_the_bank() == [NAME]
    assert faults.written == [f"/in/{NAME}.part".encode()]
    assert states(engine) == (["sent"] if can_tell else ["batched"])
