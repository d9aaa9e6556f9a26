"""Statements of the turn's own path: built with SQLAlchemy, compiled once, prepared and sent by libpq.

A turn runs these two or three statements, one that verifies or pays a few more, hundreds of times a second.
Through `Connection.execute` each costs more processor time in Python than in PostgreSQL, for conveniences
that a fixed statement with plain values does not need; and each round trip costs both sides. What people rely
on stays: the statement belongs to the connection's transaction, listeners of `before_cursor_execute` and
`after_cursor_execute` see it, and errors are SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.sql.expression import Executable

from ivr.storage.cursors import as_sqlalchemy
from ivr.storage.pipelines import PipelinedConnection


class _Compiler(PGCompiler_psycopg):
    """Writes values into the statement's text, where PostgreSQL's planner sees them; parameters have none."""

    def visit_bindparam(self, bindparam: Any, *given: Any, **more: Any) -> Any:
        more["literal_binds"] = not bindparam.required
        return super().visit_bindparam(bindparam, *given, **more)  # type: ignore[no-untyped-call]


_DIALECT = postgresql.psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_DIALECT.statement_compiler = _Compiler


def commit(connection: Connection) -> None:
    """Commit what was done on a connection that goes on being used.

    SQLAlchemy's own transaction stays open, which keeps account of the driver's and takes as long as a
    statement to end and begin anew; the driver's begins with the next statement. Raises what
    `Connection.commit` raises.
    """
    if connection._has_events or connection.engine._has_events:  # noqa: SLF001
        connection.dispatch.commit(connection)
    try:
        connection.dialect.do_commit(connection.connection)
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, None, error) from error


class PreparedStatement:
    """One statement, compiled. Its parameters are plain: what psycopg writes without being told how."""

    _names: Sequence[str] = ()
    _row: Callable[[Sequence[Any]], Any] = tuple

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup)
        columns = [column.keyname for column in compiled._result_columns]  # noqa: SLF001
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024
        self._row = row._make

    @cached_property
    def _name(self) -> bytes:
        return f"ivr_{sha256(self.sql.encode()).hexdigest()[:16]}".encode()

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[Any]:
        """Run it and return all rows, named tuples; BEGIN travels with a transaction's first."""
        driver, result = self._run(connection, parameters)
        return driver.rows(result, self._row)

    def scalar(self, connection: Connection, parameters: Mapping[str, Any]) -> Any:
        """Run it and return the first column of its first row."""
        return self.rows(connection, parameters)[0][0]

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """Run it and return how many rows it changed."""
        _, result = self._run(connection, parameters)
        return result.command_tuples or 0

    def send(self, connection: Connection, parameters: Mapping[str, Any]) -> None:
        """Send it without waiting: what comes next, at best the commit, raises its error."""
        self._run(connection, parameters, waits=False)

    def _run(
        self, connection: Connection, parameters: Mapping[str, Any], *, waits: bool = True
    ) -> tuple[PipelinedConnection, Any]:
        if not connection.in_transaction():
            connection.begin()  # as Connection.execute does: otherwise commit() would not know of our work
        values = [parameters[name] for name in self._names]
        driver: Any = connection.connection.dbapi_connection
        # What SQLAlchemy asks as well: looking for listeners where there are none is costly.
        heard = connection._has_events or connection.engine._has_events  # noqa: SLF001
        listening = (connection, None, self.sql, parameters, None, False)
        for listener in connection.dispatch.before_cursor_execute if heard else ():
            listener(*listening)
        result = None
        try:
            if waits:
                result = driver.run(self._name, self.sql, values)
            else:
                driver.send(
                    self._name, self.sql, values, lambda error: as_sqlalchemy(connection, self.sql, error)
                )
        except psycopg.Error as error:
            raise as_sqlalchemy(connection, self.sql, error) from error
        for listener in connection.dispatch.after_cursor_execute if heard else ():
            listener(*listening)
        return driver, result
