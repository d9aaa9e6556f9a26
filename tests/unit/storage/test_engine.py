from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ivr.base.errors import DatabaseUnavailableError, SettingsError
from ivr.storage import engine as storage_engine
from ivr.storage import migrate
from ivr.storage.engine import NO_LIMITS, TURN_LIMITS, Limits, check_ready, connection_arguments, make_engine


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_scheme_is_read(scheme: str) -> None:
    url = storage_engine.database_url(f"{scheme}://line:p%40ss@db.example:5433/ivr?sslmode=require")
    assert url == URL.create(
        "postgresql+psycopg", "line", "p@ss", "db.example", 5433, "ivr", {"sslmode": "require"}
    )


@pytest.mark.parametrize(
    "text_",
    [
        "",
        "ivr",
        "mysql://line:hunter2@host/ivr",
        "postgresql+psycopg2://line:hunter2@host/ivr",
        "postgres://a:hunter2@h:port/x",
    ],
)
def test_anything_else_is_a_sentence_that_quotes_nothing(text_: str) -> None:
    with pytest.raises(SettingsError, match="write DATABASE_URL as postgresql://") as caught:
        storage_engine.database_url(text_)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("password", ["se@hunter2", "@hunter2", "se@hun/ter2", "a@b@hunter2#"])
def test_an_unescaped_password_is_looked_up_nowhere_and_not_told(password: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL has an @ in its account or password: write it"):
        storage_engine.database_url(f"postgresql://line:{password}@host:5432/ivr")


def test_limits_hold_in_every_connection(database_url: URL) -> None:
    names = (
        *("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"),
        *("client_connection_check_interval", "transaction_isolation", "TimeZone", "application_name"),
    )
    engine = make_engine(database_url)
    with engine.connect() as connection:
        shown = [connection.scalar(text(f"SHOW {name}")) for name in names]
        at = connection.scalar(text("SELECT timestamptz '2026-12-18 10:15-05'"))
    engine.dispose()
    assert shown == ["3s", "4s", "6s", "1s", "read committed", "UTC", "ivr"]
    assert at == datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
    assert at.utcoffset().total_seconds() == 0


def test_a_turn_finds_a_row_by_its_key_also_while_there_is_only_one(engine: Engine) -> None:
    """A statement is planned once a connection, and the tables of a new line are all but empty then."""

    def plan(limits: Limits) -> str:
        asking = make_engine(engine.url, limits=limits)
        with asking.connect() as db:
            db.execute(text("CREATE TEMPORARY TABLE few (key integer PRIMARY KEY)"))
            db.execute(text("INSERT INTO few VALUES (1)"))
            db.execute(text("ANALYZE few"))
            rows = db.scalars(text("EXPLAIN SELECT FROM few WHERE key = 1")).all()
        asking.dispose()
        return "\n".join(rows)

    assert "Seq Scan" in plan(NO_LIMITS)
    assert "few_pkey" in plan(TURN_LIMITS)


def test_the_database_s_own_defaults_do_not_matter(empty_database: URL) -> None:
    with psycopg.connect(connection_arguments(empty_database), autocommit=True) as connection:
        for setting in ("default_transaction_isolation = 'serializable'", "timezone = 'America/New_York'"):
            connection.execute(f'ALTER DATABASE "{empty_database.database}" SET {setting}')
    own = empty_database.update_query_dict({"options": "-c work_mem=5MB"})
    engine = make_engine(own, limits=Limits(0.5, 1, 2), application_name="ivr worker")
    names = ("transaction_isolation", "TimeZone", "work_mem", "lock_timeout", "application_name")
    with engine.connect() as connection:
        shown = [connection.scalar(text(f"SHOW {name}")) for name in names]
    engine.dispose()
    assert shown == ["read committed", "UTC", "5MB", "500ms", "ivr worker"]


def test_who_waits_for_a_lock_gives_up(database_url: URL) -> None:
    engine = make_engine(database_url, limits=Limits(0.05, 1, 2))
    with engine.begin() as first, engine.begin() as second:
        first.execute(text("SELECT pg_advisory_xact_lock(5)"))
        with pytest.raises(OperationalError, match="lock timeout"):
            second.execute(text("SELECT pg_advisory_xact_lock(5)"))
    engine.dispose()


def test_an_error_does_not_quote_what_was_sent(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(
            text("SELECT * FROM nowhere WHERE account = :account"), {"account": "4417123456789"}
        )
    assert "4417123456789" not in str(caught.value)


def test_connection_arguments_are_what_libpq_reads() -> None:
    url = URL.create(
        "postgresql+psycopg", "a b", "p 'w\\", None, None, "d'b", {"host": "/a b/ü'\\", "port": "5432"}
    )
    assert psycopg.conninfo.conninfo_to_dict(connection_arguments(url)) == {
        "user": "a b",
        "password": "p 'w\\",
        "dbname": "d'b",
        "host": "/a b/ü'\\",
        "port": "5432",
    }


def test_ready_is_migrated(empty_database: URL) -> None:
    engine = make_engine(empty_database, limits=NO_LIMITS)
    with pytest.raises(DatabaseUnavailableError, match="run `ivr db upgrade`"):
        check_ready(engine)
    migrate.upgrade(engine, "0001")
    with pytest.raises(DatabaseUnavailableError, match="run `ivr db upgrade`"):
        check_ready(engine)
    migrate.upgrade(engine)
    check_ready(engine)
    engine.dispose()


@pytest.mark.parametrize(
    "changes",
    [{"query": {"host": "/nowhere", "port": "5432"}}, {"database": "ivr_nowhere"}],
    ids=["server", "database"],
)
def test_no_database_is_a_sentence(postgres_server: URL, changes) -> None:
    engine = make_engine(postgres_server.set(**changes))
    with pytest.raises(
        DatabaseUnavailableError, match=r"The database does not answer .*nowhere.*DATABASE_URL"
    ) as caught:
        check_ready(engine)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 4
    engine.dispose()
