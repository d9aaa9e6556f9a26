"""`ivr notices send`: what waits to be sent, as the worker sends it."""

from __future__ import annotations

import json
import logging
import sys

import click

from ivr.base.errors import EXIT_NO
from ivr.base.logs import configure_logs
from ivr.base.project import project_folder
from ivr.base.settings import load_notice_settings
from ivr.cli.questions import written_plain
from ivr.jobs.notices import open_notice_sender
from ivr.notices.due import find_notices, send_due, warn_of_late
from ivr.notices.report import numbers_of
from ivr.notices.send import send_notice
from ivr.start import database_name, ready_database


@click.command()
@click.argument("confirmation_number", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def send(confirmation_number: str | None, *, as_json: bool) -> int:
    """Send what waits, as the worker does every minute; the answer is no when one could not be sent.

    With a CONFIRMATION_NUMBER only those of that payment: now, and also what failed and is mended.
    """
    configure_logs(level=logging.ERROR)
    settings = load_notice_settings()
    sender = open_notice_sender(settings, project_folder() / "prompts" / "notices")
    clock = settings.make_clock()
    with ready_database(settings) as engine:
        if confirmation_number is None:
            with click.progressbar(
                length=1, label="Sending notices", file=sys.stderr, hidden=not sys.stderr.isatty()
            ) as bar:

                def told(done: int, all_of_them: int) -> None:
                    bar.length = all_of_them
                    bar.update(done - bar.pos)

                results = send_due(engine, sender, clock, told=told)
        else:
            with engine.connect() as db:
                found = find_notices(db, written_plain(confirmation_number))
            results = {each: send_notice(engine, sender, clock, each, again=True) for each in found}
        with engine.begin() as db:
            warn_of_late(db, clock.now())
            numbers = numbers_of(db, list(results))
    done = {numbers[notice_id]: result for notice_id, result in results.items()}
    if as_json:
        told_each = [{"confirmation_number": number, "result": result} for number, result in done.items()]
        click.echo(json.dumps({"notices": told_each}))
    elif done:
        click.echo("\n".join(f"{number}  {result}" for number, result in done.items()))
    else:
        click.echo(f"Nothing waits in {database_name(settings)}.")
    for number, result in done.items():
        if result == "failed":
            click.echo(
                f"{number} reaches nobody: `ivr notices show {number}` says what was tried,"
                " `ivr ach queue list` what to do.",
                err=True,
            )
    return EXIT_NO if {"later", "failed"} & set(done.values()) else 0
