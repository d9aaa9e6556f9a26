"""Long lists, read while the server goes on finding more: it and who reads work side by side.

A cursor that is asked for a thousand rows at a time, as `yield_per` has it, lets each wait for the other.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    sql, driver = str(compiled), connection.connection.driver_connection
    try:
        with driver.cursor(row_factory=namedtuple_row) as cursor:  # type: ignore[union-attr]
            yield from cursor.stream(sql, compiled.params, binary=True, size=ROWS_AT_ONCE)
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, sql, error) from error
