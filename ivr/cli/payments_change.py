"""`ivr payments cancel`, `correct` and `hold`: what staff change of a payment before a file holds it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from ivr.base.money import format_amount
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_database_settings
from ivr.cli.questions import account, confirm, written_plain
from ivr.payments.cancel import cancel as cancel_payment
from ivr.payments.fraud import hold_payment
from ivr.payments.names import correct_name
from ivr.payments.report import plain
from ivr.start import ready_database


@click.command()
@click.argument("confirmation_number")
@click.option("--name", required=True, help="The receiver's name as the notice and the bank's file have it.")
@click.option("--reason", required=True, help="Why; kept in the audit trail.")
def correct(confirmation_number: str, name: str, reason: str) -> None:
    """Correct the receiver's name of one payment; the name that was authorized is kept as it was.

    What is still to be written, the notice and the entry, has the corrected one.
    """
    number = written_plain(confirmation_number)
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        now = settings.make_clock().now()
        name = correct_name(db, number, name, reason=reason, actor=account(), now=now)
    click.echo(f"What is still to be written of payment {number} has the name {name}.")


@click.command()
@click.argument("confirmation_number")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cancel(confirmation_number: str, *, yes: bool, as_json: bool) -> None:
    """Cancel the payment with this CONFIRMATION_NUMBER, as long as no file for the bank holds it.

    Prints its cancellation number.
    """
    number = written_plain(confirmation_number)
    settings = load_database_settings()
    confirm(f"Cancel payment {number}?", yes=yes)
    with ready_database(settings) as engine, engine.begin() as db:
        done = cancel_payment(
            db,
            SecretRandomness(),
            confirmation_number=number,
            actor=account(),
            now=settings.make_clock().now(),
        )
    if as_json:
        values = {name: plain(value) for name, value in asdict(done).items()}
        click.echo(json.dumps({**values, "state": "cancelled"}))
        return
    click.echo(
        f"Cancelled: ${format_amount(done.amount_cents)} for {done.plan} is owed again."
        f" The cancellation number is {done.cancellation_number}."
    )


@click.command()
@click.argument("confirmation_number")
@click.option("--reason", required=True, help="Why; kept in the audit trail.")
def hold(confirmation_number: str, reason: str) -> None:
    """Keep the payment with this CONFIRMATION_NUMBER from the bank until it is released or cancelled.

    Released before its cutoff it leaves as its member was told; later it needs a notice with new dates.
    """
    number = written_plain(confirmation_number)
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        now = settings.make_clock().now()
        hold_payment(db, confirmation_number=number, reason=reason, actor=account(), now=now)
    click.echo(f"Held: `ivr payments release {number}` lets it go, `ivr payments cancel {number}` ends it.")
