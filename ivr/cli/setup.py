"""What commands share: the settings, the database when it is ready, and the demo's sample members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import DatabaseSettings, MemberSettings


@contextmanager
def ready_database(settings: DatabaseSettings) -> Iterator[Engine]:
    """Give an engine without limits on the database, once it answers, is migrated and fits the keys.

    Raises `SettingsError` for wrong keys; `DatabaseUnavailableError`, also when the database goes away.
    """
    from ivr.start import check_database, hold_database
    from ivr.storage.engine import NO_LIMITS, make_engine

    with hold_database(settings) as url:
        engine = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr command")
        try:
            with lost_database_told(engine), asked_database_told(settings):
                check_database(engine, settings)
                yield engine
        finally:
            engine.dispose()


@contextmanager
def lost_database_told(engine: Engine | None = None) -> Iterator[None]:
    """Turn an error of the connection into the sentence an operator can act on.

    With an `engine` to ask by, a right that the account lacks as well.
    """
    from sqlalchemy.exc import InterfaceError, OperationalError

    from ivr.base.errors import DatabaseUnavailableError
    from ivr.storage.rights import refusal

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
    from ivr.base.errors import NotFoundError
    from ivr.start import database_name

    try:
        yield
    except NotFoundError as error:
        asked = f"Asked was {database_name(settings)}."
        raise NotFoundError(*(f"{problem} {asked}" for problem in error.problems)) from None


def upgrade_database(settings: DatabaseSettings) -> str:
    """Bring the database to the newest migration, and return its id. Raises `DatabaseUnavailableError`."""
    from ivr.start import hold_database
    from ivr.storage.engine import NO_LIMITS, make_engine
    from ivr.storage.migrate import upgrade
    from ivr.storage.revision import head

    with hold_database(settings) as url:
        engine = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr command")
        try:
            with lost_database_told(engine):
                upgrade(engine)
        finally:
            engine.dispose()
    return head()


def prepare_demo(settings: MemberSettings, clock: Clock) -> None:
    """Migrate the database and load the sample members; what is there already stays as it is."""
    from ivr.billing.samples import demo_members
    from ivr.cli.local_host import load_members
    from ivr.start import check_keys_of, hold_database
    from ivr.storage.engine import NO_LIMITS, make_engine
    from ivr.storage.migrate import upgrade

    with hold_database(settings) as url:
        engine = make_engine(url, limits=NO_LIMITS, pool_size=1, application_name="ivr demo")
        try:
            with lost_database_told(engine):
                upgrade(engine)
                check_keys_of(engine, settings)
                with engine.begin() as db:
                    today = clock.now().astimezone(settings.ivr_timezone).date()
                    load_members(db, settings, demo_members(today), clock)
        finally:
            engine.dispose()
