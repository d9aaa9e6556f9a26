"""Rows by the hundred thousand: COPY into a temporary table that ends with the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from psycopg import Connection as DriverConnection
    from sqlalchemy import Connection, Table


@contextmanager
def loaded(db: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[None]:
    """Make the temporary `table`, fill it with `rows` (one value a column, in order), drop it at the end."""
    table.create(db)
    driver = cast("DriverConnection[Any]", db.connection.driver_connection)
    quoted = db.dialect.identifier_preparer.format_table(table)
    with driver.cursor() as cursor, cursor.copy(f"COPY {quoted} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    db.exec_driver_sql(f"ANALYZE {quoted}")  # nobody else gathers statistics of a temporary table
    yield
    table.drop(db)
