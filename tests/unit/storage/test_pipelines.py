"""Statements travel together, and each error is told of the statement that met it, by whoever asks next."""

from __future__ import annotations

import os
import tempfile

import pytest
from sqlalchemy import Connection, bindparam, event, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ivr.storage.pipelines import PipelinedConnection
from ivr.storage.prepared import PreparedStatement, commit
from ivr.storage.tables import Canary

CANARY = {"name": "hash", "value": b"\x00\xff", "made_at": "2026-12-18 15:15:00+00"}
STORE = PreparedStatement(insert(Canary).values({name: bindparam(name) for name in CANARY}))


@pytest.fixture
def db(engine):
    with engine.connect() as db:
        yield db
        db.rollback()


def driver_of(db):
    driver = db.connection.driver_connection
    assert isinstance(driver, PipelinedConnection)
    return driver


class Select(PreparedStatement):
    """A statement given as text."""

    def __init__(self, sql):
        self.sql = sql


NAMES = Select("SELECT name, value FROM canaries")


def test_after_a_rollback_a_statement_is_prepared_anew(db):
    """psycopg deallocates every prepared statement of a connection once it has rolled back."""
    for _ in range(7):
        assert db.scalar(text("SELECT 1")) == 1  # psycopg prepares it
    NAMES.rows(db, {})
    for _ in range(2):
        db.rollback()
        assert NAMES.rows(db, {}) == []


def test_begin_and_commit_take_no_round_trip_of_their_own(engine, db):
    NAMES.rows(db, {})  # prepares it
    STORE.send(db, CANARY)
    db.rollback()
    pgconn = driver_of(db).pgconn
    with tempfile.TemporaryFile("w+") as told:
        pgconn.trace(told.fileno())
        assert NAMES.rows(db, {}) == []
        STORE.send(db, CANARY)
        db.commit()
        pgconn.untrace()
        os.lseek(told.fileno(), 0, os.SEEK_SET)
        messages = told.read().splitlines()
    assert len([each for each in messages if "ReadyForQuery" in each]) == 2
    assert NAMES.rows(db, {}) == [("hash", b"\x00\xff")]
    db.rollback()
    with engine.begin() as other:
        other.execute(text("DELETE FROM canaries"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: db.commit(),
        commit,
        lambda db: NAMES.rows(db, {}),
        lambda db: [STORE.send(db, CANARY), db.commit()],
        lambda db: db.execute(text("SELECT 1")),
    ],
    ids=["commit", "commit of one kept", "prepared", "sent", "execute"],
)
def test_whoever_asks_next_hears_what_became_of_a_sent_statement(db, ask):
    STORE.send(db, CANARY)
    STORE.send(db, CANARY)
    with pytest.raises(IntegrityError) as raised:
        ask(db)
    assert (raised.value.statement, raised.value.orig.sqlstate) == (STORE.sql, "23505")
    assert not raised.value.connection_invalidated
    db.rollback()
    assert NAMES.rows(db, {}) == []


def test_what_was_sent_is_rolled_back(db):
    number = driver_of(db).info.backend_pid
    STORE.send(db, CANARY)
    db.rollback()
    assert NAMES.rows(db, {}) == []
    assert driver_of(db).info.backend_pid == number


@pytest.mark.parametrize("commit", [Connection.commit, commit], ids=["and done", "and kept"])
def test_a_commit_that_is_not_heard_of_may_have_committed(engine, db, commit):
    """It has no statement of its own then: the turn tries again and looks."""
    STORE.send(db, CANARY)
    with engine.connect() as other:
        number = driver_of(db).info.backend_pid
        other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": number})
    with pytest.raises(DBAPIError) as raised:
        commit(db)
    assert raised.value.statement is None
    assert raised.value.connection_invalidated


def test_a_connection_that_is_kept_commits_again_and_again(engine, db):
    """Also what SQLAlchemy itself executed; what comes after a commit is rolled back alone."""
    committed = []
    note = committed.append
    event.listen(engine, "commit", note)
    STORE.send(db, CANARY)
    commit(db)
    assert not driver_of(db).pgconn.transaction_status
    db.execute(text("UPDATE canaries SET name = 'other'"))
    commit(db)
    db.execute(text("UPDATE canaries SET name = 'third'"))
    db.rollback()
    event.remove(engine, "commit", note)
    assert committed == [db, db]
    with engine.begin() as other:
        assert other.scalars(text("DELETE FROM canaries RETURNING name")).all() == ["other"]
