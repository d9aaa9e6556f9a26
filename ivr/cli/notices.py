"""`ivr notices`: what members get in writing after a call."""

from __future__ import annotations

import json
from typing import Final

import click

from ivr.base.settings import load_database_settings
from ivr.cli.lazy import LazyGroup
from ivr.cli.lists import show as show_list
from ivr.cli.questions import written_plain
from ivr.notices.report import list_notices, notice_listing, notice_text, show_notice, unknown_notice
from ivr.start import ready_database

STATES = ("pending", "sent", "failed", "withdrawn")


COMMANDS: Final = {
    "mailed": (
        "ivr.cli.notices_mailing:mailed",
        "Note the letters of MANIFEST as mailed: a manifest of the outbox, without the pieces that were not.",
    ),
    "returned": (
        "ivr.cli.notices_mailing:returned",
        "Note that a letter came back or an e-mail bounced: the next channel is used, and staff have a task.",
    ),
    "send": (
        "ivr.cli.notices_send:send",  # the fonts of letters come with it
        "Send what waits, as the worker does every minute; the answer is no when one could not be sent.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def notices() -> None:
    """Send and look at written notices: no payment goes to the bank before its notice is sent."""


@notices.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in one state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(state: str | None, *, as_json: bool) -> None:
    """List notices, oldest first."""
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
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = show_notice(db, written_plain(confirmation_number))
        if found is None:
            raise unknown_notice(confirmation_number)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        click.echo(notice_text(found, settings.ivr_timezone))
