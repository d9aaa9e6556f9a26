"""Fixtures for all tests: a real PostgreSQL, a database per test worker, emptied after each test that used it."""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy import URL, Engine, text
from support.rewriting import rewrite_share

from ivr.storage import migrate, tables
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.engine import NO_LIMITS, Limits, connection_arguments, make_engine
from ivr.storage.engine import database_url as parse_database_url
from ivr.storage.grants import grant, role_statements

# How long a busy machine takes is no failure.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "ivr_test_"
# A turn's limits are for callers who wait. Here the same engine reads what a test looks at, in a process that
# others may starve for many seconds; only a wait that would never end is cut short.
PATIENT = Limits(lock_timeout_seconds=30, statement_timeout_seconds=60, idle_in_transaction_timeout_seconds=0)
TURN = 7_448_150_002  # advisory lock: making and dropping databases, one test worker at a time


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests of pages leave pictures of them: half of their time."""
    parser.addoption("--pictures", action="store_true", help="leave pictures of the console in var/console")


def pytest_configure(config: pytest.Config) -> None:
    """Read TEST_DATABASE_URL once: nothing below the composition roots reads the environment later."""
    config.stash[_SERVER] = os.environ.get("TEST_DATABASE_URL", "")


_SERVER = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep what is collected, which stays to the end, out of the garbage collector's rounds."""
    gc.disable()
    rewrite_share(session.config)
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, else in random order: no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[URL]:
    """The server that the tests use: TEST_DATABASE_URL's, else one in var/test that is kept between runs."""
    given = pytestconfig.stash[_SERVER]
    if given:
        yield parse_database_url(given)
        return
    with EmbeddedPostgres(ROOT / "var" / "test", durable=False) as url:
        yield url


@dataclass(frozen=True)
class WorkerDatabase:
    """This test worker's database, and the connection that keeps it from being dropped by others."""

    url: URL
    engine: Engine
    holder: psycopg.Connection

    def empty(self) -> None:
        """Delete all rows; triggers and foreign keys do not stop it.

        A transaction left open would hide rows from this or block it: that test fails, not the next one.
        """
        for _ in range(40):  # the server may not have noticed yet that a killed process is gone
            left_open = self.holder.execute(
                "SELECT pid, query FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            ).fetchall()
            if not left_open:
                break
            time.sleep(0.05)
        for pid, _ in left_open:
            self.holder.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        self.holder.execute("SELECT pg_temp.empty()")
        if left_open:
            self.engine.dispose()
            pytest.fail(f"a transaction was left open, after: {left_open[0][1]}")

    def table_names(self) -> list[str]:
        """Our tables and the job queue's."""
        rows = self.holder.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> 'alembic_version'"
        )
        return [name for (name,) in rows]


@pytest.fixture(scope="session")
def worker_database(postgres_server: URL, testrun_uid: str, worker_id: str) -> Iterator[WorkerDatabase]:
    """A migrated database of this test worker's own, made from a template that is migrated once."""
    name = f"{PREFIX}{testrun_uid[:12]}_{worker_id}"
    url = postgres_server.set(database=name)
    with psycopg.connect(connection_arguments(postgres_server, limits=NO_LIMITS), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [TURN])
        drop_unused_databases(server)
        template = make_template(server, postgres_server)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template)))
        )
        holder = psycopg.connect(connection_arguments(url, limits=NO_LIMITS), autocommit=True)
    holder.execute("SET session_replication_role = replica")
    holder.execute("SET lock_timeout = '30s'")
    engine = make_engine(url, limits=PATIENT, pool_size=8)
    database = WorkerDatabase(url, engine, holder)
    # A function's statements are planned once: this runs after thousands of tests.
    deletes = "".join(f'DELETE FROM "{name}"; ' for name in database.table_names())
    body = f"BEGIN {deletes} END"
    holder.execute(f"CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $${body}$$")
    yield database
    engine.dispose()
    holder.close()
    with psycopg.connect(connection_arguments(postgres_server, limits=NO_LIMITS), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def clean_database(worker_database: WorkerDatabase) -> Iterator[WorkerDatabase]:
    """The worker's database with no rows; emptied afterwards."""
    yield worker_database
    worker_database.empty()


@pytest.fixture
def engine(clean_database: WorkerDatabase) -> Engine:
    """An engine on a migrated database without rows."""
    return clean_database.engine


@pytest.fixture
def database_url(clean_database: WorkerDatabase) -> URL:
    """The address of a migrated database without rows (its text: `render_as_string(hide_password=False)`)."""
    return clean_database.url


@pytest.fixture
def url_as(engine: Engine, database_url: URL) -> Iterator[Callable[[str], URL]]:
    """Give the address of a migrated database without rows for one of the line's own accounts."""
    with engine.begin() as db:
        # Accounts are the server's, and other test workers make them too.
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TURN})
        for statement in role_statements():
            db.execute(text(statement))
        grant(db)
    yield lambda role: database_url.update_query_dict({"options": f"-c role={role}"})
    # The database is the next test's too, which may have accounts of its own kind.
    with engine.begin() as db:
        db.execute(text("GRANT USAGE ON SCHEMA public TO PUBLIC"))
        db.execute(text(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database_url.database}" TO PUBLIC'))


@pytest.fixture
def empty_database(postgres_server: URL, testrun_uid: str, worker_id: str) -> Iterator[URL]:
    """The address of a database with nothing in it, not even migrations."""
    with another_database(postgres_server, f"{testrun_uid[:12]}_{worker_id}_empty") as url:
        yield url


@pytest.fixture
def migrated_database(postgres_server: URL, testrun_uid: str, worker_id: str) -> Iterator[URL]:
    """The address of a migrated database without rows that this test alone has, to migrate it on."""
    with another_database(postgres_server, f"{testrun_uid[:12]}_{worker_id}_migrated", migrated=True) as url:
        yield url


@contextmanager
def another_database(postgres_server: URL, suffix: str, *, migrated: bool = False) -> Iterator[URL]:
    """Make a database beside the worker's own, and drop it at the end."""
    url = postgres_server.set(database=f"{PREFIX}{suffix}")
    name = sql.Identifier(str(url.database))
    with psycopg.connect(connection_arguments(postgres_server, limits=NO_LIMITS), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [TURN])
        template = make_template(server, postgres_server) if migrated else "template0"
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        holder = psycopg.connect(connection_arguments(url, limits=NO_LIMITS), autocommit=True)
        server.execute("SELECT pg_advisory_unlock(%s)", [TURN])
        yield url
        holder.close()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def drop_unused_databases(server: psycopg.Connection) -> None:
    """Drop what killed runs left; a database in use has its holder connected."""
    for (name,) in server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)",
        [PREFIX],
    ).fetchall():
        with suppress(psycopg.errors.ObjectInUse):  # another run connects to its own at this moment
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def make_template(server: psycopg.Connection, url: URL) -> str:
    """Return the name of a migrated database without rows; made once for each state of the migrations."""
    digest = hashlib.sha256()
    for file in sorted((Path(tables.__file__).parent / "migrations").rglob("*")):
        if file.suffix in {".py", ".sql"}:
            digest.update(file.read_bytes())
    name = f"ivr_template_{digest.hexdigest()[:12]}"
    if not server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone():
        for (old,) in server.execute(
            r"SELECT datname FROM pg_database WHERE datname LIKE 'ivr\_template\_%'"
        ).fetchall():
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
        being_made = "ivr_template_being_made"
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(being_made)))
        engine = make_engine(url.set(database=being_made), limits=NO_LIMITS)
        migrate.upgrade(engine)
        engine.dispose()
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (being_made, name)))
        server.execute(rename)
    return name
