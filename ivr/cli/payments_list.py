"""`ivr payments list`: which payments callers authorized."""

from __future__ import annotations

import json

import click

from ivr.base.settings import load_database_settings
from ivr.cli.lists import show as show_list
from ivr.payments.report import list_json, payment_listing
from ivr.start import ready_database

STATES = ("authorized", "held", "cancelled", "batched", "sent", "settled", "returned", "final")


@click.command("list")
@click.option("--call", metavar="CALL_SID", help="Only those of one call.")
@click.option("--billing-account", metavar="NUMBER", help="Only those of one billing account (9 digits).")
@click.option("--state", type=click.Choice(STATES), help="Only those in one state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_payments(call: str | None, billing_account: str | None, state: str | None, *, as_json: bool) -> None:
    """List payments, oldest first, and what happened besides their debit: returns, retries, credits."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = list_json(db, call=call, billing_account=billing_account, state=state)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show_list(payment_listing(found, settings.ivr_timezone), "no payments", settings)
