"""How the line connects to PostgreSQL, and with which limits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from ivr.base.errors import DatabaseUnavailableError, SettingsError
from ivr.storage.cursors import JudgingCursor, close_unfit
from ivr.storage.pipelines import PipelinedConnection
from ivr.storage.revision import Standing, head, standing
from ivr.storage.rights import refusal

_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")
_DRIVER = "postgresql+psycopg"
_LOOK_SECONDS = 0.1
ROWS_AT_ONCE = 1000  # of a long list that is read, or written, piece by piece


@dataclass(frozen=True)
class Limits:
    """How long the server lets a statement wait for a lock, run, and a transaction lie idle.

    Each is shorter than the next, and all are shorter than gunicorn's time-out and Twilio's 15 seconds, so
    that the first to give up is the one with the clearest message.
    """

    lock_timeout_seconds: float = 3
    statement_timeout_seconds: float = 4
    idle_in_transaction_timeout_seconds: float = 6

    def options(self) -> str:
        """Write the limits as server options."""
        return (
            f"-c lock_timeout={self.lock_timeout_seconds * 1000:.0f}"
            f" -c statement_timeout={self.statement_timeout_seconds * 1000:.0f}"
            f" -c idle_in_transaction_session_timeout={self.idle_in_transaction_timeout_seconds * 1000:.0f}"
        )


TURN_LIMITS = Limits()
# A turn finds rows by their keys. What is prepared while a table is all but empty would read the whole of it,
# however it grows, until the server looks at the table again.
_TURN_PLANS = "-c enable_seqscan=off -c jit=off"
PAGE_LIMITS = Limits(3, 10, 20)  # of staff, who may wait longer than a caller
NO_LIMITS = Limits(0, 0, 0)


def database_url(text: str) -> URL:
    """Read `DATABASE_URL`: postgres://, postgresql:// or postgresql+psycopg://.

    Raises `SettingsError`, which never quotes the URL: it holds a password.
    """
    remedy = "write DATABASE_URL as postgresql://account:password@host:5432/database"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(f"DATABASE_URL is not a URL: {remedy}") from None
    if url.drivername not in _SCHEMES:
        raise SettingsError(f"DATABASE_URL does not name a PostgreSQL: {remedy}")
    if "@" in f"{url.host}{url.database}":  # what follows the first @ would be looked up as a host, and told
        raise SettingsError("DATABASE_URL has an @ in its account or password: write it there as %40")
    return url.set(drivername=_DRIVER)


def make_engine(
    url: URL,
    *,
    limits: Limits = TURN_LIMITS,
    pool_size: int = 2,
    application_name: str = "ivr",
) -> Engine:
    """Make the engine of one process; nothing connects before the first statement.

    READ COMMITTED and UTC whatever the server's defaults are. A lost connection is not looked for before
    each turn: the turn's own retry finds it. One that fails in a way of its own is closed
    (`ivr.storage.cursors`).
    """
    own = url.query.get("options", "")
    plans = _TURN_PLANS if limits == TURN_LIMITS else ""
    options = f"{limits.options()} -c client_connection_check_interval=1000 -c timezone=UTC {plans}"
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=8,
        pool_timeout=2,
        hide_parameters=True,  # an error message would quote them
        connect_args={
            "connect_timeout": 2,
            "application_name": application_name,
            "options": f"{own} {options}".strip(),
            "cursor_factory": JudgingCursor,
        },
    )
    close_unfit(engine)
    event.listen(
        engine, "do_connect", lambda _d, _r, given, named: PipelinedConnection.connect(*given, **named)
    )
    return engine


def connection_arguments(url: URL, *, limits: Limits = TURN_LIMITS) -> str:
    """Return libpq's connection string for `url`, for what does not speak SQLAlchemy.

    The URL's own text will not do: it writes a space as `+`, which libpq does not decode.
    """
    arguments = make_engine(url, limits=limits).dialect.create_connect_args(url)[1]
    arguments.pop("context", None)
    arguments.pop("cursor_factory", None)
    return make_conninfo(**arguments)


def takes_writes(engine: Engine) -> bool:
    """Return whether a turn could be kept: the server is no standby, not read-only, and its disk has room.

    A full disk refuses a new page or file, while a row may still fit into an old page, so a temporary file
    is written (what a small `work_mem` does not hold: a few hundred kilobytes). It leaves nothing behind,
    which a row rolled back would, however often it is asked. Raises `SQLAlchemyError` when it cannot ask.
    """
    with engine.connect() as connection:
        asked = text(
            "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off',"
            " set_config('work_mem', '64kB', true)"
        )
        writable = bool(connection.execute(asked).scalar_one())
        if not writable:
            connection.invalidate()  # the session may have outlived what made it so
            return False
        connection.execute(text("SELECT count(*) FROM generate_series(1, 20000)"))
        return True


def check_ready(engine: Engine, *, patience_seconds: float = 0) -> None:
    """See that the database answers and this release works with it; wait so long for migrations being made.

    Raises `DatabaseUnavailableError`.
    """
    give_up_at = time.monotonic() + patience_seconds
    try:
        while (stands := standing(engine)).fit == "missing" and time.monotonic() < give_up_at:
            time.sleep(_LOOK_SECONDS)
    except DBAPIError as error:
        raise refusal(engine, error) or DatabaseUnavailableError(
            f"The database does not answer ({str(error.orig).strip().splitlines()[0]}):"
            " start it, or correct DATABASE_URL"
        ) from None
    check_standing(stands)


def check_standing(stands: Standing) -> None:
    """Raise `DatabaseUnavailableError` where this release does not work with the database."""
    if stands.fit == "missing":
        raise DatabaseUnavailableError("The database is not migrated: run `ivr db upgrade`")
    if stands.fit == "too new":
        raise DatabaseUnavailableError(
            f"The database is at migration {stands.revision}, which works with releases from"
            f" {stands.oldest_release} on; this one has {head()}: start the newer release"
        )
