"""`ivr notices`: what members get in writing after a call."""

from __future__ import annotations

import json
import logging
import sys

import click

from ivr.base.errors import EXIT_NO, NotFoundError
from ivr.cli.payments import written_plain

STATES = ("pending", "sent", "failed", "withdrawn")


@click.group()
def notices() -> None:
    """Send and look at written notices: no payment goes to the bank before its notice is sent."""


@notices.command()
@click.argument("confirmation_number", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def send(confirmation_number: str | None, *, as_json: bool) -> int:
    """Send what waits, as the worker does every minute; the answer is no when one could not be sent.

    With a CONFIRMATION_NUMBER only that one: now, and also if it failed and its cause is mended.
    """
    from ivr.base.logs import configure_logs
    from ivr.base.settings import load_notice_settings
    from ivr.cli.setup import ready_database
    from ivr.jobs.notices import open_post_room
    from ivr.notices.due import find_notice, send_due, warn_of_late
    from ivr.notices.report import numbers_of
    from ivr.notices.send import send_notice
    from ivr.start import database_name, project_folder

    configure_logs(level=logging.ERROR)
    settings = load_notice_settings()
    room = open_post_room(settings, project_folder() / "prompts" / "notices")
    clock = settings.make_clock()
    with ready_database(settings) as engine:
        if confirmation_number is None:
            with click.progressbar(
                length=1, label="Sending notices", file=sys.stderr, hidden=not sys.stderr.isatty()
            ) as bar:

                def told(done: int, all_of_them: int) -> None:
                    bar.length = all_of_them
                    bar.update(done - bar.pos)

                results = send_due(engine, room, clock, told=told)
        else:
            with engine.connect() as db:
                payment_id = find_notice(db, written_plain(confirmation_number))
            results = {payment_id: send_notice(engine, room, clock, payment_id, again=True)}
        with engine.begin() as db:
            warn_of_late(db, clock.now())
            numbers = numbers_of(db, list(results))
    done = {numbers[payment_id]: result for payment_id, result in results.items()}
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


@notices.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in one state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(state: str | None, *, as_json: bool) -> None:
    """List notices, oldest first."""
    from ivr.base.settings import load_database_settings
    from ivr.cli.lists import show as show_list
    from ivr.cli.setup import ready_database
    from ivr.notices.report import list_notices, notice_listing

    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = list_notices(db, state)
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        show_list(notice_listing(found, settings.ivr_timezone), "no notices", settings)


@notices.command()
@click.argument("confirmation_number")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(confirmation_number: str, *, as_json: bool) -> None:
    """Show the notice of one payment: every attempt to send it, and its words."""
    from ivr.base.settings import load_database_settings
    from ivr.cli.setup import ready_database
    from ivr.notices.report import notice_text, show_notice

    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = show_notice(db, written_plain(confirmation_number))
        if found is None:
            raise NotFoundError(f"No notice has the confirmation number {confirmation_number}: check it.")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        click.echo(notice_text(found, settings.ivr_timezone))
