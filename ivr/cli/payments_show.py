"""`ivr payments show`, `verify` and `export`: what a payment was, the proof of it, and a day of them all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import click

from ivr.base.errors import EXIT_NO
from ivr.base.settings import MemberSettings, load_database_settings, load_key_settings, load_member_settings
from ivr.base.words import counted
from ivr.cli.questions import written_plain
from ivr.payments.evidence import evidence_json, evidence_text, verify_evidence
from ivr.payments.export import export_day
from ivr.payments.find import unknown_payment
from ivr.payments.report import payment_json, payment_text
from ivr.payments.retention import kept_since
from ivr.start import ready_database


@click.command()
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
            if found is not None and found["payment"]["receiver_name"] is None:  # a guest's is sealed
                found = evidence_json(db, settings.hashes, number, load_key_settings().key_ring)
        else:
            found = payment_json(db, number)
        if found is None:
            raise unknown_payment(confirmation_number)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else as_text(found))


@click.command()
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


@click.command()
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
