"""`ivr call`: a phone in the terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ivr.base.clock import Clock, ManualClock
from ivr.base.errors import EXIT_NO, SettingsError
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import (
    PhoneSettings,
    Settings,
    load_phone_settings,
    load_settings,
)
from ivr.callfile.grammar import CallFileError
from ivr.callfile.suite import list_runs, play_run, print_result
from ivr.calls.store import keep_flow_version
from ivr.cli.replay import line_address
from ivr.sandbox.canary import call_line
from ivr.sandbox.demo import describe
from ivr.sandbox.host import scratch_host
from ivr.sandbox.members import prepare_demo
from ivr.sandbox.server import LocalServer
from ivr.simulator.lines import HttpLine, NoReplyError
from ivr.simulator.phone import Phone
from ivr.simulator.terminal import run_terminal
from ivr.start import hold_database, load_line, ready_database
from ivr.storage.engine import make_engine
from ivr.voice.serving import serve_line


@click.command()
@click.argument("call_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--url", callback=line_address, help="Call the line there instead, signed with TWILIO_AUTH_TOKEN."
)
@click.option("--canary", is_flag=True, help="With --url: IVR_TEST_MEMBER calls, and can pay nothing.")
@click.option(
    "--again-after",
    "pause_seconds",
    type=click.FloatRange(0, 600),
    default=60.0,
    show_default=True,
    help="Seconds after which a canary that missed calls once more; missing twice is status 1.",
)
def call(call_file: Path | None, url: str | None, *, canary: bool, pause_seconds: float) -> int:
    """Call the line: its words come, you key. With CALL_FILE, that written call plays by itself.

    The line is served here, for this call, on the same database as `ivr serve`; with IVR_DEMO=yes the
    database is made ready first. A written call plays on a database of its own. `ivr replay --url` plays
    written calls on a line that serves.
    """
    configure_logs(level=logging.ERROR)
    if (canary and url is None) or (url is not None and call_file is not None):
        raise click.UsageError("--canary needs --url, and CALL_FILE goes with neither.")
    if url is not None:
        return _call_there(url, canary=canary, pause_seconds=pause_seconds)
    if call_file is not None:
        return _play(call_file)
    _dial()
    return 0


def _call_there(url: str, *, canary: bool, pause_seconds: float) -> int:
    if not canary:
        with _phone_on(url, load_phone_settings()) as phone:
            _converse(phone)
        return 0
    settings = load_phone_settings()
    if not settings.ivr_test_member:
        raise SettingsError("IVR_TEST_MEMBER is missing: name the member who calls")
    for is_last in (False, True):
        with _phone_on(url, settings) as phone:
            try:
                problem = call_line(phone, settings.ivr_test_member.split(":"))
            except NoReplyError as error:
                problem = str(error)
        if not problem:
            click.echo(f"{url} takes calls, and a bank that is none took no payment.")
            return 0
        click.echo(f"{url}: {problem}", err=True)
        if not is_last:
            time.sleep(pause_seconds)
    return EXIT_NO


@contextmanager
def _phone_on(url: str, settings: PhoneSettings) -> Iterator[Phone]:
    account, token = settings.twilio_account_sid, settings.twilio_auth_token
    wire = HttpLine(url.rstrip("/"), account, token, authorities=settings.authorities)
    try:
        yield _phone(wire, settings.make_clock(), account)
    finally:
        wire.close()


def _phone(wire: HttpLine, clock: Clock, account_sid: str) -> Phone:
    call_sid = f"CA{SecretRandomness().below(16**32):032x}"
    return Phone(wire, ManualClock(clock.now()), call_sid=call_sid, account_sid=account_sid)


def _converse(phone: Phone) -> None:
    try:
        run_terminal(phone, sys.stdin, sys.stdout)
    except KeyboardInterrupt:
        phone.hang_up()
        click.echo("\nYou hung up.")


def _play(file: Path) -> int:
    with scratch_host() as host:
        runs, problems = list_runs([file], host.languages)
        if problems:
            raise CallFileError(*problems)
        result = play_run(runs[0], host)
    print_result(result, sys.stdout, verbose=True)
    return 0 if result.passed else EXIT_NO


def _dial() -> None:
    settings = load_settings()
    clock = settings.make_clock()
    with hold_database(settings):
        if settings.ivr_demo:
            prepare_demo(settings, clock)
            click.echo(describe(settings, clock))
        _talk(settings, clock)


def _talk(settings: Settings, clock: Clock) -> None:
    """Serve the line on a free port of this machine, and be a phone that calls it."""
    line = load_line(settings)
    with ready_database(settings) as engine, engine.begin() as db:
        keep_flow_version(db, line.flow.version, dict(line.files), clock.now())
    with hold_database(settings) as url, LocalServer() as server:
        here = settings.model_copy(update={"public_url": server.url})
        engine = make_engine(url, application_name="ivr call")
        server.app = serve_line(here, engine, line, clock, SecretRandomness())
        wire = HttpLine(here.public_url, here.twilio_account_sid, here.twilio_auth_token)
        try:
            _converse(_phone(wire, clock, here.twilio_account_sid))
        finally:
            wire.close()
            engine.dispose()
