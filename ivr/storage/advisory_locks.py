"""Locks that no row is: one a notice or a file, held over several transactions by whoever works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select

# The first key of PostgreSQL's two names what is locked, and never changes.
NOTICES: Final = 7_448_150
FILES: Final = 7_448_151
CALLBACKS: Final = 7_448_152
_KEYS_MAX: Final = 2_147_483_647


@contextmanager
def held_alone(engine: Engine, kind: int, row_id: int) -> Iterator[Connection | None]:
    """Give a connection that holds this lock, or None when another one does.

    The lock goes with the connection, whatever happens to this process: hence it is none of the pool's.
    """
    key = row_id % _KEYS_MAX
    with engine.connect() as db:
        driver: Any = db.connection.driver_connection
        db.detach()
        taken = False
        try:
            taken = bool(db.scalar(select(func.pg_try_advisory_lock(kind, key))))
            db.commit()
            yield db if taken else None
        finally:
            if db.invalidated:
                driver.close()
            elif taken:
                db.rollback()
                db.execute(select(func.pg_advisory_unlock(kind, key)))
                db.commit()


def hold_in_transaction(db: Connection, kind: int, row_id: int) -> None:
    """Wait for this lock and hold it until the transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(kind, row_id % _KEYS_MAX)))
