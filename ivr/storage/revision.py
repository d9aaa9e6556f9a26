"""Which migration a database has. Alembic would tell too; loading it takes a quarter of a command's start."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def head() -> str:
    """Return the newest revision's id: the greatest number that a migration's file begins with."""
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Return whether the database stands at the newest revision."""
    with engine.connect() as connection:
        # The table of Alembic's, which a database that was never migrated does not have.
        if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
            return False
        stands_at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return stands_at == head()
