"""Which migration a database has, and whether this release works with it.

A database may be ahead of a release: migrations are made before the new release is started, while the old
one still answers calls. A migration names the oldest release that works beside it (`oldest_release`: the
newest migration of that release); one that names none works with releases that have it, and no other. What
the newest one says is kept as the comment on Alembic's own table, where an older release can read it.

Alembic would tell some of it too; loading it takes a quarter of a command's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
Fit = Literal["current", "missing", "newer", "too new"]


@cache
def head() -> str:
    """Return the newest revision's id: the greatest number that a migration's file begins with."""
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


@dataclass(frozen=True, slots=True)
class Standing:
    """The revision at which a database stands ('' for none), and the oldest release that works with it."""

    revision: str
    oldest_release: str

    @property
    def fit(self) -> Fit:
        """Return how this release fits: it works where that is `current` or `newer`."""
        if self.revision == head():
            return "current"
        if self.revision < head():
            return "missing"
        return "newer" if self.oldest_release <= head() else "too new"

    @property
    def works(self) -> bool:
        """Return whether this release works with the database."""
        return self.fit in {"current", "newer"}


def standing(engine: Engine) -> Standing:
    """Ask a database where it stands."""
    with engine.connect() as connection:
        return read_standing(connection)


def read_standing(connection: Connection) -> Standing:
    """Ask a database where it stands, in a transaction that goes on."""
    # The table of Alembic's, which a database that was never migrated does not have.
    table = connection.execute(text("SELECT to_regclass('alembic_version')::oid")).scalar_one()
    if table is None:
        return Standing("", "")
    row = connection.execute(
        text("SELECT version_num, obj_description(:table, 'pg_class') FROM alembic_version"), {"table": table}
    ).one_or_none()
    revision, oldest = ("", None) if row is None else row
    return Standing(revision, oldest or revision)


def write_oldest_release(connection: Connection, oldest_release: str) -> None:
    """Keep which release a database still works with, in the caller's transaction."""
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{oldest_release}'"))
