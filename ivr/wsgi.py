"""The voice app for gunicorn: `gunicorn -c python:ivr.gunicorn ivr.wsgi:voice`.

Importing this module does nothing; the app is made when `voice` is first asked for. Under preload that is
in gunicorn's master, which connects once to see that the database is ready and lets go of it: workers
connect by themselves, after the fork.
"""

from __future__ import annotations

import atexit
import sys
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from typing import NoReturn

from flask import Flask
from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from ivr.ach.banking_days import load_calendar
from ivr.base.errors import DatabaseUnavailableError, OperatorError
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import Settings, load_settings
from ivr.calls.store import keep_flow_version
from ivr.start import check_database, hold_database, load_line
from ivr.storage.engine import make_engine
from ivr.storage.rights import refusal
from ivr.topics.line import Line
from ivr.voice.serving import serve_line

_engines: list[Engine] = []


def __getattr__(name: str) -> Flask:
    if name != "voice":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _voice()


@cache
def _voice() -> Flask:
    try:
        return _make_voice()
    except OperatorError as error:
        refuse(error)


def _make_voice() -> Flask:
    """Read the settings and flows, see that the database is ready, and make the app."""
    configure_logs()
    settings = load_settings()
    line = load_line(settings)
    clock = settings.make_clock()
    load_calendar(clock.now().astimezone(settings.ivr_timezone).date())
    held = ExitStack()
    atexit.register(held.close)  # in a worker, a fork of this process, it does nothing
    url = held.enter_context(hold_database(settings, keep_up=True))
    _keep_line(url, settings, line, clock.now())
    engine = make_engine(url, application_name="ivr voice")
    _engines.append(engine)
    return serve_line(settings, engine, line, clock, SecretRandomness())


def _keep_line(url: URL, settings: Settings, line: Line, now: datetime) -> None:
    """See that the database is ready and keep the line's text, by a connection of its own."""
    engine = make_engine(url, pool_size=1, application_name="ivr start")
    try:
        check_database(engine, settings)
        with engine.begin() as db:
            keep_flow_version(db, line.flow.version, dict(line.files), now)
    except DBAPIError as error:
        raise refusal(engine, error) or DatabaseUnavailableError(
            f"The database took no flow version ({type(error.orig).__name__}): see its log"
        ) from None
    finally:
        engine.dispose()


def forget_connections() -> None:
    """After a fork: leave the parent's connections to the parent."""
    for engine in _engines:
        engine.dispose(close=False)


def refuse(error: OperatorError) -> NoReturn:
    """End the start with every problem as a sentence on standard error, and the error's exit status."""
    for problem in error.problems:
        sys.stderr.write(f"{problem}\n")
    sys.exit(error.exit_status)
