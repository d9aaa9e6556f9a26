"""Migrations: Alembic, without its command line and its configuration file."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from ivr.storage.revision import MIGRATIONS
from ivr.storage.tables import Base

_LOCK = 7_448_150_001  # any number, the same in every process that migrates
_FOREIGN_PREFIX = "procrastinate_"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, in one transaction: all of it or nothing.

    Two that upgrade at once go one after the other. The engine should have no limits
    (`engine.NO_LIMITS`): a migration may take long.
    """
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to `revision`, in one transaction."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def differences(connection: Connection) -> list[str]:
    """Return in which ways the database's tables are not those of `tables.py`; none is right.

    The job queue's tables are not looked at: they belong to Procrastinate.
    """

    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        del parents
        return kind != "table" or not str(name).startswith(_FOREIGN_PREFIX)

    options = {"include_name": is_ours, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def _config(connection: Connection) -> Config:
    # The first statement of the transaction: who waits here reads the revision after the other's COMMIT.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
