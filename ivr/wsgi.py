"""The apps for gunicorn, each in a process of its own: `voice` for Twilio, `console` for staff.

`gunicorn -c python:ivr.gunicorn ivr.wsgi:voice`, `gunicorn -c python:ivr.gunicorn_console ivr.wsgi:console`.
Importing this module does nothing; an app is made when it is first asked for. Under preload that is
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
from ivr.base.project import project_folder
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import CallSettings, load_call_settings, load_console_settings
from ivr.calls.store import keep_flow_version
from ivr.start import check_database, hold_database, load_line
from ivr.storage.engine import PAGE_LIMITS, make_engine
from ivr.storage.rights import refusal
from ivr.topics.line import Line, compile_line, read_line_files
from ivr.voice.serving import serve_line

_engines: list[Engine] = []


def __getattr__(name: str) -> Flask:
    if name not in {"voice", "console"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _made(name)


@cache
def _made(name: str) -> Flask:
    try:
        return _make_voice() if name == "voice" else _make_console()
    except OperatorError as error:
        refuse(error)


def _make_voice() -> Flask:
    """Read the settings and flows, see that the database is ready, and make the app."""
    configure_logs()
    settings = load_call_settings()
    line = load_line(settings)
    clock = settings.make_clock()
    load_calendar(clock.now().astimezone(settings.ivr_timezone).date())
    held = ExitStack()
    atexit.register(held.close)  # in a worker, a fork of this process, it does nothing
    url = held.enter_context(hold_database(settings, keep_up=True))
    _keep_line(url, settings, line, clock.now())
    engine = make_engine(url, application_name="ivr voice")
    _engines.append(engine)
    return serve_line(settings, engine, line, clock, SecretRandomness(), keeps_connection=True)


def _make_console() -> Flask:
    """Read the settings, see that the database is ready, and make the app."""
    from ivr.console.app import make_console_app  # noqa: PLC0415 (what answers calls carries none of it)
    from ivr.console.lines import Lines  # noqa: PLC0415
    from ivr.console.visit import Console  # noqa: PLC0415
    from ivr.flowmap.reviews import read_reviews  # noqa: PLC0415
    from ivr.staff.people import StaffKeys  # noqa: PLC0415

    configure_logs()
    settings = load_console_settings()
    held = ExitStack()
    atexit.register(held.close)
    url = held.enter_context(hold_database(settings, keep_up=True))
    engine = make_engine(url, limits=PAGE_LIMITS, pool_size=4, application_name="ivr console")
    check_database(engine, settings)
    _engines.append(engine)
    return make_console_app(
        Console(
            settings=settings,
            engine=engine,
            keys=StaffKeys(settings.ivr_console_key),
            hashes=settings.hashes,
            clock=settings.make_clock(),
            randomness=SecretRandomness(),
            lines=Lines(lambda languages: compile_line(read_line_files(project_folder(), languages))),
            reviews=read_reviews(project_folder()),
        )
    )


def _keep_line(url: URL, settings: CallSettings, line: Line, now: datetime) -> None:
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
