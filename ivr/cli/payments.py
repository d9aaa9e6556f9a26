"""`ivr payments`: what callers authorized."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

import click

from ivr.base.errors import EXIT_NO
from ivr.base.money import format_amount
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import MemberSettings, load_database_settings, load_member_settings
from ivr.base.words import counted
from ivr.cli.asking import account, confirm, written_plain
from ivr.cli.lists import show as show_list
from ivr.cli.payment_credits import refund, reverse
from ivr.cli.release import release
from ivr.payments.cancel import cancel as cancel_payment
from ivr.payments.evidence import evidence_json, evidence_text, verify_evidence
from ivr.payments.export import export_day
from ivr.payments.find import unknown_payment
from ivr.payments.names import correct_name
from ivr.payments.report import list_json, payment_json, payment_listing, payment_text, plain
from ivr.payments.retention import kept_since
from ivr.start import ready_database

STATES = ("authorized", "held", "cancelled", "batched", "sent", "settled", "returned", "final")


@click.group()
def payments() -> None:
    """Look at payments."""


payments.add_command(reverse)
payments.add_command(refund)
payments.add_command(release)


@payments.command("list")
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


@payments.command()
@click.argument("confirmation_number")
@click.option("--evidence", is_flag=True, help="Print everything that proves the authorization.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(confirmation_number: str, *, evidence: bool, as_json: bool) -> None:
    """Show one payment by its CONFIRMATION_NUMBER, with its notice and the caller's consent."""
    number = written_plain(confirmation_number)
    settings = load_member_settings() if evidence else load_database_settings()
    as_text: Callable[[dict[str, Any]], str] = partial(payment_text, zone=settings.ivr_timezone)
    with ready_database(settings) as engine, engine.connect() as db:
        if isinstance(settings, MemberSettings):
            found, as_text = evidence_json(db, settings.hashes, number), evidence_text
        else:
            found = payment_json(db, number)
        if found is None:
            raise unknown_payment(confirmation_number)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else as_text(found))


@payments.command()
@click.option("--head", metavar="HEX", help="The head of the chain that an earlier export printed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(head: str | None, *, as_json: bool) -> int:
    """Check what is sealed, all payments and the audit trail; no: a row was changed or removed."""
    known_head = None if head is None else _head(head)
    settings = load_member_settings()
    since = kept_since(settings.make_clock().now(), settings.ivr_evidence_years)
    with ready_database(settings) as engine, engine.connect() as db:
        found = verify_evidence(db, settings.hashes, kept_since=since, known_head=known_head)
    problems = [f"{broken.what}: {broken.problem}" for broken in found.broken]
    if not found.head_found:
        problems.append(
            "The head given is nowhere in the chain: seals at its end were removed, or it is of another line."
        )
    if as_json:
        click.echo(
            json.dumps(
                {
                    "seals": found.seals,
                    "audit_events": found.audit_events,
                    "expired": found.expired,
                    "head": found.head.hex(),
                    "problems": problems,
                }
            )
        )
    else:
        click.echo(f"{counted(found.seals, 'seal')}, {found.expired} past retention, head {found.head.hex()}")
        click.echo(f"{counted(found.audit_events, 'event')} of the audit trail sealed")
        for problem in problems:
            click.echo(problem, err=True)
    return EXIT_NO if problems else 0


def _head(text: str) -> bytes:
    try:
        head = bytes.fromhex(text)
    except ValueError:
        head = b""
    if len(head) != 32:
        raise click.BadParameter(
            "write the 64 hexadecimal digits of an export's evidence line", param_hint="--head"
        )
    return head


@payments.command()
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day, by the bank's clock.  [default: today]"
)
def export(day: datetime | None) -> None:
    """Print a day for the billing system: CSV of its payments and of all that moved, with control totals.

    A payment line is what was authorized, cancelled or returned on that day. The lines after their totals are
    movements of money: debit and retry take it, refund and reversal give it back; return, credit_return,
    rejection and withdrawal undo them. The last line is the head of the chain of evidence.
    """
    settings = load_database_settings()
    today = settings.make_clock().now().astimezone(settings.ivr_timezone).date()
    with ready_database(settings) as engine, engine.connect() as db:
        for line in export_day(db, today if day is None else day.date(), settings.ivr_timezone):
            click.echo(line, nl=False)


@payments.command()
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


@payments.command()
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
