"""A connection that fails in a way of its own is closed, never lent out again.

After a switch-over a session that was opened while the server was read-only stays read-only (SQLSTATE 25006),
and a plan made before a migration fails for as long as its session lives (0A000): the connection is alive, so
no pool finds anything wrong with it. Which states repeat cannot be listed, so the few errors are listed that
belong to a statement and say nothing of the session; after any other the connection is closed. That costs one
new connection.

It is closed when it is given back, not before: who is told of the error still rolls back on it, and would
hear of a closed connection in place of what was wrong.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

# Bad data, a broken constraint, serialization failure and deadlock, and what a function of ours raised.
_ORDINARY_CLASSES = ("22", "23", "40", "P0")
# A savepoint's failure, a lock not had in time, a statement cancelled.
_ORDINARY_STATES = frozenset({"25P02", "55P03", "57014"})


def is_ordinary(error: psycopg.Error) -> bool:
    """Return whether `error` is its statement's own, so that the session is as good as before.

    One without a SQLSTATE is the driver's: it closed the connection already if it was lost.
    """
    state = error.sqlstate
    return state is None or state.startswith(_ORDINARY_CLASSES) or state in _ORDINARY_STATES


_unfit: WeakSet[Any] = WeakSet()


def close_unfit(engine: Engine) -> None:
    """Have the engine's pool close each connection on which a cursor met what may repeat without end."""

    @event.listens_for(engine, "checkin")
    def _drop(connection: object, entry: ConnectionPoolEntry) -> None:
        if connection in _unfit:
            entry.invalidate()


def note_failure(connection: Any, error: psycopg.Error) -> None:
    """Note a connection as unfit after an error which may repeat without end."""
    if not is_ordinary(error):
        _unfit.add(connection)


def as_sqlalchemy(connection: Connection, sql: str | None, error: psycopg.Error) -> Exception:
    """Return the error of a statement that went past SQLAlchemy as the one of its own that others catch.

    `sql` None: it was a commit's.
    """
    lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    # No parameters: they may be secret, and the statement's own text says enough.
    wrapped: Exception = DBAPIError.instance(
        sql,
        None,
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=connection.dialect,
    )
    return wrapped


class JudgingCursor(psycopg.Cursor[Any]):
    """A cursor that notes its connection as unfit after an error which may repeat without end."""

    def execute(self, *arguments: Any, **named: Any) -> JudgingCursor:
        """Run one statement."""
        try:
            super().execute(*arguments, **named)
        except psycopg.Error as error:
            note_failure(self.connection, error)
            raise
        return self

    def executemany(self, *arguments: Any, **named: Any) -> None:
        """Run one statement for many parameters."""
        try:
            super().executemany(*arguments, **named)
        except psycopg.Error as error:
            note_failure(self.connection, error)
            raise


class AsyncClosingCursor(psycopg.AsyncCursor[Any]):
    """The same for the job queue's own connections, closed at once: a psycopg pool asks nothing of them."""

    async def execute(self, *arguments: Any, **named: Any) -> AsyncClosingCursor:
        """Run one statement."""
        try:
            await super().execute(*arguments, **named)
        except psycopg.Error as error:
            if not is_ordinary(error):
                await self.connection.close()
            raise
        return self
