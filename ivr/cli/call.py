"""`ivr call`: a phone in the terminal."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from ivr.base.clock import Clock, ManualClock
from ivr.base.errors import EXIT_NO
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import Settings, load_settings
from ivr.callfile.grammar import CallFileError
from ivr.callfile.suite import list_runs, play_run, print_result
from ivr.calls.store import keep_flow_version
from ivr.sandbox.demo import describe
from ivr.sandbox.host import scratch_host
from ivr.sandbox.members import prepare_demo
from ivr.sandbox.server import LocalServer
from ivr.simulator.lines import HttpLine
from ivr.simulator.phone import Phone
from ivr.simulator.terminal import run_terminal
from ivr.start import hold_database, load_line, ready_database
from ivr.storage.engine import make_engine
from ivr.voice.serving import serve_line


@click.command()
@click.argument("call_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
def call(call_file: Path | None) -> int:
    """Call the line: its words come, you key. With CALL_FILE, that written call plays by itself.

    The line is served here, for this call, on the same database as `ivr serve`; with IVR_DEMO=yes the
    database is made ready first. A written call plays on a database of its own.
    """
    configure_logs(level=logging.ERROR)
    if call_file is not None:
        return _play(call_file)
    _dial()
    return 0


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
        call_sid = f"CA{SecretRandomness().below(16**32):032x}"
        phone = Phone(wire, ManualClock(clock.now()), call_sid=call_sid, account_sid=here.twilio_account_sid)
        try:
            run_terminal(phone, sys.stdin, sys.stdout)
        except KeyboardInterrupt:
            phone.hang_up()
            click.echo("\nYou hung up.")
        finally:
            wire.close()
            engine.dispose()
