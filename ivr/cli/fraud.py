"""`ivr fraud`: what the line looks for, what it finds, and the yearly look at the procedure."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from ivr.base.settings import load_database_settings
from ivr.base.words import counted
from ivr.cli.questions import account
from ivr.payments.fraud import note_review, procedure_reviewed_at, watch_fraud
from ivr.payments.fraud_rules import FRAUD_RULES
from ivr.start import ready_database


@click.group()
def fraud() -> None:
    """Look for payments that may be fraud; the worker does so before each cutoff."""


@fraud.command()
def rules() -> None:
    """Print the rules with their thresholds and reasons, and when the procedure was last looked at."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        reviewed_at = procedure_reviewed_at(db)
    for rule in FRAUD_RULES:
        click.echo(f"{rule.word:<22} more than {rule.limit:>3}: {rule.reason}")
    click.echo(f"docs/fraud-procedure.md was last looked at on {reviewed_at.date()}")


@fraud.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, as_json: bool) -> None:
    """Look at every payment that no file holds yet, and open a task for each new finding."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        found = watch_fraud(db, settings.make_clock().now())
    if as_json:
        click.echo(json.dumps({"findings": [asdict(each) for each in found]}))
        return
    for each in found:
        click.echo(
            f"{each.confirmation_number}  {each.rule}: {each.found} of at most {each.limit}, {each.reason}"
        )
    click.echo(f"{counted(len(found), 'new finding')}; each is a task in `ivr ach queue list`")


@fraud.command()
@click.option("--note", required=True, help="What was looked at and changed; kept in the audit trail.")
def reviewed(note: str) -> None:
    """Note that docs/fraud-procedure.md and the rules were looked at; due once a year."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        note_review(db, note=note, actor=account(), now=settings.make_clock().now())
    click.echo("Noted: the fraud procedure was looked at today.")
