"""`ivr payments release`: what a missed cutoff left behind goes with the next, after a new notice."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import tzinfo

import click

from ivr.base.settings import load_database_settings
from ivr.base.words import counted
from ivr.cli.lists import nothing_found
from ivr.cli.questions import account, confirm, written_plain
from ivr.notices.channels import send_soon_of
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.late import Released, release_late, waiting_for_staff
from ivr.payments.report import plain
from ivr.start import ready_database


@click.command()
@click.argument("confirmation_numbers", nargs=-1)
@click.option("--all", "are_all", is_flag=True, help="Every payment that waits for it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def release(confirmation_numbers: tuple[str, ...], *, are_all: bool, yes: bool, as_json: bool) -> None:
    """Let payments go with the next cutoff that are held because theirs was missed or their notice was late.

    Each member is told the new dates first: no payment goes into the file before that notice is sent.
    """
    if are_all == bool(confirmation_numbers):
        raise click.UsageError("give confirmation numbers, or --all")
    settings = load_database_settings()
    rule = cutoff_rule(settings)
    with ready_database(settings) as engine:
        with engine.connect() as db:
            numbers = waiting_for_staff(db) if are_all else [*map(written_plain, confirmation_numbers)]
        if numbers:
            confirm(f"Release {counted(len(numbers), 'payment')} to the next cutoff?", yes=yes)
        now = settings.make_clock().now()
        with engine.begin() as db:
            done = [
                release_late(db, rule, confirmation_number=number, actor=account(), now=now)
                for number in numbers
            ]
            for each in done:
                send_soon_of(db, each.payment_id)
    if as_json:
        told = [
            {name: plain(value) for name, value in asdict(each).items() if name != "payment_id"}
            for each in done
        ]
        click.echo(json.dumps({"released": told}))
    elif done:
        click.echo("\n".join(_line(each, settings.ivr_timezone) for each in done))
    else:
        nothing_found("no payment waits for a release", settings)


def _line(released: Released, zone: tzinfo) -> str:
    cutoff = released.cutoff_at.astimezone(zone)
    told = ", after a new notice" if released.is_told_anew else ", after its notice"
    return (
        f"{released.confirmation_number}  goes with the cutoff of {cutoff:%Y-%m-%d %H:%M}{told}; debited on"
        f" {released.effective_entry_date} or after"
    )
