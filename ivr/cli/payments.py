"""`ivr payments`: what callers authorized."""

from __future__ import annotations

import json

import click

from ivr.base.errors import OperatorError

STATES = ("authorized", "held", "cancelled", "batched", "sent", "settled", "returned", "final")


@click.group()
def payments() -> None:
    """Look at payments."""


@payments.command("list")
@click.option("--call", metavar="CALL_SID", help="Only those of one call.")
@click.option("--billing-account", metavar="NUMBER", help="Only those of one billing account (9 digits).")
@click.option("--state", type=click.Choice(STATES), help="Only those in one state.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_payments(call: str | None, billing_account: str | None, state: str | None, *, as_json: bool) -> None:
    """List payments, oldest first."""
    from ivr.base.settings import load_database_settings
    from ivr.cli.setup import ready_database
    from ivr.payments.report import list_json, list_text

    with ready_database(load_database_settings()) as engine, engine.connect() as db:
        found = list_json(db, call=call, billing_account=billing_account, state=state)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else list_text(found))


@payments.command()
@click.argument("confirmation_number")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(confirmation_number: str, *, as_json: bool) -> None:
    """Show one payment by its CONFIRMATION_NUMBER, with its notice and the caller's consent."""
    from ivr.base.settings import load_database_settings
    from ivr.cli.setup import ready_database
    from ivr.payments.report import payment_json, payment_text

    number = confirmation_number.replace("-", "").replace(" ", "")
    with ready_database(load_database_settings()) as engine, engine.connect() as db:
        found = payment_json(db, number)
    if found is None:
        raise OperatorError(f"No payment has the confirmation number {confirmation_number}: check it.")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else payment_text(found))
