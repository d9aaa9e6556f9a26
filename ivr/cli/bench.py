"""`ivr bench`: what this machine and its database carry, in two minutes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import click
from sqlalchemy import text

from ivr.base.errors import EXIT_NO
from ivr.base.settings import Settings, load_database_settings, load_settings
from ivr.billing.samples import generate
from ivr.cli.supervisor import bind
from ivr.sandbox.bench import CALLERS, Callers, LoadStep, told
from ivr.sandbox.members import load_members
from ivr.sandbox.scratch import scratch_database
from ivr.start import hold_database, lost_database_told
from ivr.storage.engine import NO_LIMITS, make_engine

if TYPE_CHECKING:
    from sqlalchemy import URL

    from ivr.billing.samples import SampleMember

_MEMBERS = 8000  # each pays one bill, once
_START_SECONDS = 60.0


@click.command()
@click.option(
    "--seconds", default=10.0, show_default=True, type=click.FloatRange(0.5, 60), help="For each step."
)
@click.option(
    "--workers", "web_workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Web workers."
)
@click.option(
    "--callers", "most", default=CALLERS[-1], show_default=True, type=click.IntRange(1, 256), help="At most."
)
def bench(seconds: float, web_workers: int, most: int) -> int:
    """Measure how many turns a second are answered in time here, and say what limits it.

    A line is served on a scratch database beside the one of DATABASE_URL (whose account needs CREATEDB), and
    sample members call and pay, more and more at once. Nothing of your data is touched. Nothing else should
    be going on here meanwhile.
    """
    with (
        lost_database_told(),
        tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder,
        hold_database(load_database_settings()) as server,
        scratch_database(server) as url,
        bind("127.0.0.1", 0) as listening,
    ):
        port = listening.getsockname()[1]
        values = {
            "IVR_DEMO": "yes",  # its keys are made for this alone
            "IVR_VAR": folder,
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "WEB_CONCURRENCY": str(web_workers),
        }
        settings = load_settings(values)
        members = _made_ready(url, settings)
        with _served(values, listening, Path(folder)) as web:
            load = Callers(settings, members, web.pid)
            load.step(1, min(seconds, 2.0))  # the first calls find nothing warm
            click.echo("callers  turns a second  half within  99 of 100 within")
            steps: list[LoadStep] = []
            for callers in (each for each in CALLERS if each <= most):
                steps.append(load.step(callers, seconds))
                click.echo(_row(steps[-1]))
                if not steps[-1].holds:
                    break
    for sentence in told(steps, os.cpu_count() or 1):
        click.echo(sentence)
    return 0 if any(step.holds for step in steps) else EXIT_NO


def _row(step: LoadStep) -> str:
    half, most = step.percentile(50) * 1000, step.percentile(99) * 1000
    return f"{step.callers:>7}  {step.turns_per_second:>14.0f}  {half:>8.0f} ms  {most:>13.0f} ms"


def _made_ready(url: URL, settings: Settings) -> list[SampleMember]:
    clock = settings.make_clock()
    members = list(generate(_MEMBERS * 3 // 2, clock.now().astimezone(settings.ivr_timezone).date()))
    members = [each for each in members if len(each.billing_accounts) == 1 and not each.extra_time]
    engine = make_engine(url, limits=NO_LIMITS, pool_size=1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text(f'ALTER DATABASE "{url.database}" RESET synchronous_commit'))  # as the line's own
    with engine.begin() as db:
        load_members(db, settings, members, clock)
    engine.dispose()
    return members


@contextmanager
def _served(
    values: Mapping[str, str], listening: socket.socket, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the line on a socket, and wait until it answers: a turn that waited would come too late."""
    own = ("IVR_", "TWILIO_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    command = (
        "gunicorn",
        "-c",
        "python:ivr.gunicorn",
        "--bind",
        f"fd://{listening.fileno()}",
        "ivr.wsgi:voice",
    )
    with (folder / "log").open("wb") as log:
        web = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", *command],
            env={**environment, **values},
            pass_fds=[listening.fileno()],
            stdout=log,
            stderr=log,
        )
    try:
        with urlopen(f"{values['PUBLIC_URL']}/live", timeout=_START_SECONDS):  # noqa: S310 (our own address)
            pass
        yield web
    finally:
        web.terminate()
        web.wait()
