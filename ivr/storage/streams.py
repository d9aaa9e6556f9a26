"""Long lists, read piece by piece as the driver gives them: SQLAlchemy's rows take longer to look into.

Either the server goes on finding rows while they are worked on, or it is asked for a thousand at a time, and
takes other statements in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, Select

from ivr.storage.cursors import as_sqlalchemy
from ivr.storage.engine import ROWS_AT_ONCE


def stream_rows(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """Yield a statement's rows as named tuples, of the driver's own types.

    The connection is busy until the last is read. Errors are SQLAlchemy's.
    """
    sql, parameters = _compiled(connection, statement)
    try:
        with _cursor(connection) as cursor:
            yield from cursor.stream(sql, parameters, binary=True, size=ROWS_AT_ONCE)
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, sql, error) from error


def rows_by_thousand(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Any]]:
    """Yield a statement's rows, named tuples as of `stream_rows`, a thousand at a time.

    The last is empty: whoever works between them has a turn after all rows too. The connection takes other
    statements meanwhile, but no second list. Errors are SQLAlchemy's.
    """
    sql, parameters = _compiled(connection, statement)
    connection.exec_driver_sql(f"DECLARE long_list NO SCROLL CURSOR FOR {sql}", parameters)
    fetch = f"FETCH {ROWS_AT_ONCE} FROM long_list"
    rows: Sequence[Any] = [None]
    while rows:
        try:
            with _cursor(connection) as cursor:
                rows = cursor.execute(fetch, binary=True).fetchall()
        except psycopg.Error as error:
            raise as_sqlalchemy(connection, fetch, error) from error
        yield rows
    connection.exec_driver_sql("CLOSE long_list")


def _compiled(connection: Connection, statement: Select[Any]) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), compiled.params


def _cursor(connection: Connection) -> Any:
    return connection.connection.driver_connection.cursor(row_factory=namedtuple_row)  # type: ignore[union-attr]
