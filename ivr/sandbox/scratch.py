"""Scratch databases: made for one purpose, empty and migrated, and dropped afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL, Connection, text

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.engine import NO_LIMITS, connection_arguments, make_engine
from ivr.storage.migrate import upgrade
from ivr.storage.tables import AuditEvent, Base, BillingAccount, EvidenceSeal, LedgerEntry

_SCRATCH: Final = "ivr_scratch_"
_SCRATCH_LOCK: Final = 7_448_150_003  # making and dropping scratch databases, one process at a time
# A young one may be a moment before its first connection: that lock holds only within one database.
_UNUSED: Final = (
    "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    " AND CASE WHEN datname ~ '^ivr_scratch_[0-9]+_[0-9]+_'"
    " THEN to_timestamp(split_part(datname, '_', 4)::bigint) < now() - interval '1 hour' ELSE true END"
    " AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)"
)


def empty(db: Connection) -> None:
    """Delete every row of a scratch database, of which this account is the owner."""
    db.execute(_EMPTY)


def _emptying() -> str:
    """Return all of it as one statement: it comes before every run."""
    tables = (LedgerEntry, AuditEvent, EvidenceSeal, BillingAccount)
    append_only = [table.__tablename__ for table in tables]
    return ";".join(
        [
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in append_only),
            *(f"DELETE FROM {table.name}" for table in reversed(Base.metadata.sorted_tables)),  # noqa: S608 (our tables)
            *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in append_only),
        ]
    )


_EMPTY: Final = text(_emptying())


@contextmanager
def scratch_database(server: URL) -> Iterator[URL]:
    """Make an empty, migrated database on the server of `server`, and drop it at the end.

    What a killed process left an hour ago is dropped first. Raises `DatabaseUnavailableError`.
    """
    with _server_connection(server) as maker:
        made_at = maker.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
        name = sql.Identifier(f"{_SCRATCH}{os.getpid()}_{made_at[0] if made_at else 0}_{uuid4().hex[:16]}")
        url = server.set(database=name.as_string().strip('"'))
        maker.execute("SELECT pg_advisory_lock(%s)", [_SCRATCH_LOCK])
        for (unused,) in maker.execute(_UNUSED, [_SCRATCH]).fetchall():
            maker.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unused)))
        maker.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        # A crash of the machine may lose the end of a scratch database; nobody will miss it.
        maker.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        with psycopg.connect(connection_arguments(url, limits=NO_LIMITS), autocommit=True):  # it is in use
            maker.execute("SELECT pg_advisory_unlock(%s)", [_SCRATCH_LOCK])
            engine = make_engine(url, limits=NO_LIMITS, pool_size=1)
            upgrade(engine)
            engine.dispose()
            try:
                yield url
            finally:
                maker.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def _server_connection(server: URL) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(connection_arguments(server, limits=NO_LIMITS), autocommit=True) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseUnavailableError(
            "The account in DATABASE_URL may not make databases, which replay needs: give it CREATEDB, or"
            " unset DATABASE_URL to replay on the embedded database"
        ) from None
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise DatabaseUnavailableError(
            f"The database does not answer ({reason}): start it, or correct DATABASE_URL"
        ) from None
