"""Sessions that a switch-over or a migration leaves unfit: the line drops them by itself."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from ivr.base.clock import SystemClock
from ivr.jobs.worker import make_app
from ivr.storage.engine import connection_arguments
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import Turn
from ivr.voice.patience import Patience

READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


@pytest.fixture
def read_only(engine):
    """Let the engine's pool hold one session only, as a server that was read-only left it."""
    engine.dispose()
    with engine.connect() as db:
        db.execute(text(READ_ONLY))
        db.commit()
        assert db.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    return engine


@pytest.fixture
def read_only_server(engine, database_url):
    """Make the whole database read-only until the fixture's value is called."""

    def switch(change):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text(f'ALTER DATABASE "{database_url.database}" {change}'))
        engine.dispose()

    switch("SET default_transaction_read_only = on")

    def well_again():
        with psycopg.connect(connection_arguments(database_url), autocommit=True) as db:
            db.execute("SET default_transaction_read_only = off")
            db.execute(f'ALTER DATABASE "{database_url.database}" RESET default_transaction_read_only')

    yield well_again
    well_again()


def test_a_call_finds_a_session_that_can_write(house, read_only):
    house.phone().dial()
    assert house.call_row(house.call_sid(1)) is not None


def test_calls_and_health_recover_with_the_server(house, engine, read_only_server):
    house.restart(patience=Patience(engine, quiet_seconds=0.0))
    heard = house.phone(1, status_path="/voice/nowhere").dial()  # the status would be tried for as long
    assert heard.prompts[0].startswith("trouble-not-now")
    told = house.client.get("/health")
    assert (told.status_code, told.json["database"], told.json["writes"]) == (503, "reachable", "refused")
    with engine.connect():  # a session of the bad time waits in the pool
        pass
    read_only_server()
    house.phone(2).dial()
    with engine.connect() as db:
        assert db.execute(select(Turn.call_sid)).scalars().all() == [house.call_sid(2)]
    told = house.client.get("/health")
    assert (told.status_code, told.json["writes"]) == (200, "possible")


def test_health_recovers_without_a_call(house, read_only):
    assert house.client.get("/health").status_code == 503
    assert house.client.get("/health").status_code == 200


def test_health_notices_that_no_file_can_be_written(house, engine):
    """A limit on temporary files stands for the full disk; it is refused at the same place."""
    engine.dispose()
    with engine.connect() as db:
        db.execute(text("SET temp_file_limit = 0"))
        db.commit()
    told = house.client.get("/health")
    assert (told.status_code, told.json["database"], told.json["writes"]) == (503, "reachable", "refused")
    assert house.client.get("/health").status_code == 200


def test_health_leaves_nothing_behind(house, engine):
    """Not a row, not a number of a transaction: it may be asked every second."""
    numbers = []

    def note(_connection, cursor, *_rest):
        with cursor.connection.cursor() as beside:
            numbers.append(beside.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()[0])

    event.listen(engine, "after_cursor_execute", note)
    try:
        assert house.client.get("/health").status_code == 200
    finally:
        event.remove(engine, "after_cursor_execute", note)
    assert numbers
    assert set(numbers) == {None}


RAISED = {
    "read-only": ("CREATE TABLE unfit ()", "25006"),
    "not allowed": ("SET SESSION AUTHORIZATION nobody_there", "22023"),
    "disk full": ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "53100"),
    "role changed": ("DO $$ BEGIN RAISE SQLSTATE '42501'; END $$", "42501"),
    "plan outlived": ("DO $$ BEGIN RAISE SQLSTATE '0A000'; END $$", "0A000"),
    "statement lost": ("EXECUTE lost", "26000"),
    "broken constraint": ("DO $$ BEGIN RAISE SQLSTATE '23505'; END $$", "23505"),
    "not in time": ("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", "55P03"),
    "deadlock": ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", "40P01"),
    "our own": ("DO $$ BEGIN RAISE 'no'; END $$", "P0001"),
}
KEPT = {"not allowed", "broken constraint", "not in time", "deadlock", "our own"}


class Fixed(PreparedStatement):
    """A statement of the turn's path, given as text."""

    def __init__(self, sql):
        self.sql = sql


@pytest.mark.parametrize("how", ["execute", "prepared"])
@pytest.mark.parametrize("name", RAISED)
def test_a_session_is_dropped_after_what_may_repeat(engine, name, how):
    sql, state = RAISED[name]
    engine.dispose()
    with engine.connect() as db:
        if name == "read-only":
            db.execute(text(READ_ONLY))
            db.commit()
        number = db.connection.driver_connection.info.backend_pid
        with pytest.raises(DBAPIError) as raised:
            db.execute(text(sql)) if how == "execute" else Fixed(sql).rows(db, {})
    assert raised.value.orig.sqlstate == state
    assert not raised.value.connection_invalidated, "who rolls back must not hear of a closed connection"
    with engine.connect() as db:
        assert (db.connection.driver_connection.info.backend_pid == number) is (name in KEPT)


@pytest.mark.parametrize("name", RAISED)
def test_the_job_queues_pool_drops_it_too(engine, database_url, name):
    sql, _ = RAISED[name]
    queue = make_app(database_url, engine, SystemClock(), periodic=False)

    async def numbers():
        async def number():
            return (await queue.connector.execute_query_one_async("SELECT pg_backend_pid() AS number"))[
                "number"
            ]

        async with queue.open_async():
            if name == "read-only":
                await queue.connector.execute_query_async(READ_ONLY)
            before = await number()
            with pytest.raises(ConnectorException):
                await queue.connector.execute_query_async(sql)
            return before, await number()

    before, after = asyncio.run(numbers())
    assert (before == after) is (name in KEPT)
