"""Statements of the turn's own path: built with SQLAlchemy, compiled once, run by the driver.

A turn runs these two or three statements hundreds of times a second. Through `Connection.execute` each costs
more processor time in Python than in PostgreSQL, for conveniences that a fixed statement with plain values
does not need. What people rely on stays: the statement belongs to the connection's transaction, listeners of
`before_cursor_execute` and `after_cursor_execute` see it, and errors are SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable


class PreparedStatement:
    """One statement, compiled. Its parameters are plain: text, integers, bytes, aware datetimes, None."""

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=postgresql.psycopg.dialect())  # type: ignore[attr-defined,no-untyped-call]
        self.sql = str(compiled)
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it and return all rows."""
        return self._run(connection, parameters).fetchall()

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """Run it and return how many rows it changed."""
        return self._run(connection, parameters).rowcount

    def _run(self, connection: Connection, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        if not connection.in_transaction():
            connection.begin()  # as Connection.execute does: otherwise commit() would not know of our work
        values = {**self._constants, **parameters} if self._constants else parameters
        cursor: psycopg.Cursor[Any] = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        # What SQLAlchemy asks as well: looking for listeners where there are none is costly.
        heard = connection._has_events or connection.engine._has_events  # noqa: SLF001
        listening = (connection, cursor, self.sql, values, None, False)
        for listener in connection.dispatch.before_cursor_execute if heard else ():
            listener(*listening)
        try:
            cursor.execute(self.sql, values)
        except psycopg.Error as error:
            raise self._as_sqlalchemy(connection, cursor, error) from error
        for listener in connection.dispatch.after_cursor_execute if heard else ():
            listener(*listening)
        return cursor

    def _as_sqlalchemy(
        self, connection: Connection, cursor: psycopg.Cursor[Any], error: psycopg.Error
    ) -> Exception:
        lost = connection.dialect.is_disconnect(error, connection.connection.driver_connection, cursor)  # type: ignore[arg-type]
        if lost:
            connection.invalidate(error)
        # No parameters: they may be secret, and the statement's own text says enough.
        wrapped: Exception = DBAPIError.instance(
            self.sql,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=connection.dialect,
        )
        return wrapped
