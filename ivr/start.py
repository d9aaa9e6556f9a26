"""What every composition root does first, whether gunicorn or a person started it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from ivr.base.errors import DatabaseUnavailableError, NotFoundError
from ivr.base.project import project_folder
from ivr.base.settings import CallSettings, DatabaseSettings, KeySettings, MemberSettings, is_run_by_honcho
from ivr.storage.canaries import check_keys
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.engine import NO_LIMITS, check_ready, database_url, make_engine
from ivr.storage.rights import refusal

if TYPE_CHECKING:
    from ivr.topics.line import Line

_RELEASE_SECONDS: Final = 60.0  # honcho starts the migration beside those that need it


def load_line(settings: CallSettings) -> Line:
    """Read, check and compile the project's flows and prompts in the languages of the settings.

    Raises `OperatorError` with every fault.
    """
    from ivr.topics.line import read_line_files, sound_line  # noqa: PLC0415 (long; only who serves needs it)

    return sound_line(read_line_files(project_folder(), settings.ivr_languages))


@contextmanager
def hold_database(settings: DatabaseSettings, *, keep_up: bool = False) -> Iterator[URL]:
    """Give the database's address: `DATABASE_URL`, or the embedded PostgreSQL, held while it is used.

    With `keep_up`, an embedded server that goes away meanwhile is brought back. Raises `SettingsError` for a
    `DATABASE_URL` that is none, `DatabaseUnavailableError` when the embedded server cannot be had.
    """
    if settings.database_url:
        yield database_url(settings.database_url)
        return
    with EmbeddedPostgres(settings.ivr_var, keep_up=keep_up) as url:
        yield url


def database_name(settings: DatabaseSettings) -> str:
    """Return which database the settings name, for people: never an account, never a password.

    Raises `SettingsError` for a `DATABASE_URL` that is none.
    """
    if not settings.database_url:
        return f"the embedded database in {settings.ivr_var.resolve()}"
    url = database_url(settings.database_url)
    hosts = url.query.get("host", ())
    host = url.host or (hosts if isinstance(hosts, str) else ", ".join(hosts)) or "this machine"
    port = url.port or url.query.get("port")
    name = url.database or url.query.get("dbname") or "of the account's own name"
    return f"the database {name} on {host}{f':{port}' if port else ''}"


def check_database(engine: Engine, settings: DatabaseSettings) -> None:
    """See that the database answers, has every migration, and was written with the keys of the settings.

    Raises `DatabaseUnavailableError`, `SettingsError`.
    """
    check_ready(engine, patience_seconds=_RELEASE_SECONDS if is_run_by_honcho() else 0)
    check_keys_of(engine, settings)


def check_keys_of(engine: Engine, settings: DatabaseSettings) -> None:
    """See that a migrated database was written with the keys of the settings, as far as they have any.

    Raises `SettingsError`.
    """
    if isinstance(settings, MemberSettings):
        keys = settings.key_ring if isinstance(settings, KeySettings) else None
        check_keys(engine, settings.hashes, keys, settings.make_clock().now())


@contextmanager
def command_engine(settings: DatabaseSettings) -> Iterator[Engine]:
    """Give an engine without limits on the database, whatever state that is in.

    Raises `DatabaseUnavailableError`, also when the database goes away.
    """
    with hold_database(settings) as url:
        engine = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr command")
        try:
            with lost_database_told(engine):
                yield engine
        finally:
            engine.dispose()


@contextmanager
def ready_database(settings: DatabaseSettings) -> Iterator[Engine]:
    """Give an engine without limits on the database, once it answers, is migrated and fits the keys.

    Raises `SettingsError` for wrong keys; `DatabaseUnavailableError`, also when the database goes away.
    """
    with command_engine(settings) as engine, asked_database_told(settings):
        check_database(engine, settings)
        yield engine


@contextmanager
def lost_database_told(engine: Engine | None = None) -> Iterator[None]:
    """Turn an error of the connection into the sentence an operator can act on.

    With an `engine` to ask by, a right that the account lacks as well.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise DatabaseUnavailableError(
            f"The database does not answer ({reason}): start it, or correct DATABASE_URL, then try again"
        ) from None
    except Exception as error:
        refused = None if engine is None else refusal(engine, error)
        if refused is None:
            raise
        raise refused from None


@contextmanager
def asked_database_told(settings: DatabaseSettings) -> Iterator[None]:
    """Add to what says that nothing was found which database was asked: another shell may ask another."""
    try:
        yield
    except NotFoundError as error:
        asked = f"Asked was {database_name(settings)}."
        raise NotFoundError(*(f"{problem} {asked}" for problem in error.problems)) from None
