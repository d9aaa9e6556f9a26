"""Migrations: Alembic, without its command line and its configuration file."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from ivr.storage.engine import check_standing
from ivr.storage.grants import grant
from ivr.storage.revision import MIGRATIONS, head, read_standing, write_oldest_release
from ivr.storage.tables import Base

_LOCK = 7_448_150_001  # any number, the same in every process that migrates
_FOREIGN_PREFIX = "procrastinate_"


def upgrade(engine: Engine, revision: str = "head") -> str:
    """Bring the database to `revision`, in one transaction, and return where it stands then.

    At the newest one the accounts that there are get their rights (`grants.py`). A database ahead of this
    release stays as it is; raises `DatabaseUnavailableError` where this release does not work with it.

    Two that upgrade at once go one after the other. The engine should have no limits
    (`engine.NO_LIMITS`): a migration may take long.
    """
    with engine.begin() as connection:
        config = _config(connection)
        stands = read_standing(connection)
        if stands.revision > head():
            check_standing(stands)
            return stands.revision
        command.upgrade(config, revision)
        made = read_standing(connection).revision
        write_oldest_release(connection, _oldest_release(config, made))
        if made == head():
            grant(connection)
        return made


def _oldest_release(config: Config, revision: str) -> str:
    """Return what the newest migration that is made says, else its own id."""
    script = ScriptDirectory.from_config(config).get_revision(revision)
    return str(getattr(script.module, "oldest_release", revision))


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
