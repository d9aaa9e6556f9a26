"""`ivr payments reverse`, `refund` and `retry`: money back to a receiver or asked for again, asked twice."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Final

import click
from sqlalchemy import Connection

from ivr.ach.banking_days import CutoffRule
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount, parse_amount
from ivr.base.settings import load_database_settings
from ivr.cli.questions import account, written_plain
from ivr.payments.credits import REVERSAL_REASONS
from ivr.payments.credits import refund as request_refund
from ivr.payments.credits import reverse as request_reversal
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.report import plain
from ivr.payments.requested import Requested
from ivr.payments.retries_by_hand import retry as request_retry
from ivr.payments.retries_by_hand import withdraw as withdraw_retry
from ivr.start import ready_database

# Each --yes answers one of the two questions, so a script has to mean it twice as well.
_YES_HELP = "Answer one of the two questions; give it twice and nothing is asked."


@click.command()
@click.argument("confirmation_number")
@click.option(
    "--reason", required=True, type=click.Choice(REVERSAL_REASONS), help="The only ones banks accept."
)
@click.option("--yes", count=True, help=_YES_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reverse(confirmation_number: str, reason: str, *, yes: int, as_json: bool) -> None:
    """Reverse the debit of the payment with this CONFIRMATION_NUMBER: it should not have been.

    Whole, within five banking days of settlement. Asks for the confirmation number, then for the amount.
    """

    def run(db: Connection, rule: CutoffRule, number: str, now: datetime) -> Requested:
        return request_reversal(db, rule, confirmation_number=number, reason=reason, actor=account(), now=now)

    _ask_twice(confirmation_number, run, yes=yes, as_json=as_json)


@click.command()
@click.argument("confirmation_number")
@click.option("--amount", metavar="AMOUNT", help="Dollars and cents, such as 310.15.  [default: all of it]")
@click.option("--yes", count=True, help=_YES_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def refund(confirmation_number: str, amount: str | None, *, yes: int, as_json: bool) -> None:
    """Refund the settled payment with this CONFIRMATION_NUMBER, or some of it.

    Asks for the confirmation number, then for the amount.
    """
    amount_cents = None if amount is None else _cents(amount)

    def run(db: Connection, rule: CutoffRule, number: str, now: datetime) -> Requested:
        return request_refund(
            db, rule, confirmation_number=number, amount_cents=amount_cents, actor=account(), now=now
        )

    _ask_twice(confirmation_number, run, yes=yes, as_json=as_json)


@click.command()
@click.argument("confirmation_number")
@click.option("--take-back", is_flag=True, help="Take it back, as long as no file for the bank holds it.")
@click.option("--yes", count=True, help=_YES_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def retry(confirmation_number: str, *, take_back: bool, yes: int, as_json: bool) -> None:
    """Debit the payment with this CONFIRMATION_NUMBER again that was returned for insufficient funds.

    Twice at most, within 180 days, and only what is still owed; the member is told in writing before it goes.
    Asks for the confirmation number, then for the amount.
    """
    if take_back:
        _take_back(written_plain(confirmation_number))
        return

    def run(db: Connection, rule: CutoffRule, number: str, now: datetime) -> Requested:
        return request_retry(db, rule, confirmation_number=number, actor=account(), now=now)

    _ask_twice(confirmation_number, run, yes=yes, as_json=as_json)


def _take_back(number: str) -> None:
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        withdraw_retry(db, confirmation_number=number, actor=account(), now=settings.make_clock().now())
    click.echo(f"The retry of payment {number} is taken back: its amount is owed again. Tell the member.")


_Run = Callable[["Connection", "CutoffRule", str, "datetime"], "Requested"]
_THEN: Final = {
    "retry": "Once the member's notice has gone out: see `ivr notices show`.",
    "reversal": "That much is owed again.",
    "refund": "That much is owed again.",
}


def _ask_twice(typed: str, run: _Run, *, yes: int, as_json: bool) -> None:
    """See that it can be done, ask twice, then do it. Nothing is locked while a person types."""
    number = written_plain(typed)
    settings = load_database_settings()
    rule = cutoff_rule(settings)
    with ready_database(settings) as engine:
        with engine.connect() as db:
            planned = run(db, rule, number, settings.make_clock().now())
            db.rollback()
        click.echo(
            f"A {planned.kind} of ${format_amount(planned.amount_cents)} of {planned.plan} payment {number},"
            f" to the account ending in {planned.account_last4}.",
            err=True,
        )
        _ask("Type the confirmation number again", lambda text: written_plain(text) == number, yes > 0)
        _ask("Type the amount", lambda text: _cents(text) == planned.amount_cents, yes > 1)
        with engine.begin() as db:
            done = run(db, rule, number, settings.make_clock().now())
            if done.amount_cents != planned.amount_cents:
                raise OperatorError("Meanwhile some of it was given back: see what is left, and try again.")
    if as_json:
        click.echo(json.dumps({name: plain(value) for name, value in asdict(done).items()}))
    else:
        click.echo(
            f"A {done.kind} of ${format_amount(done.amount_cents)} goes into the next file, effective"
            f" {done.effective_entry_date}. {_THEN[done.kind]}"
        )


def _ask(question: str, is_right: Callable[[str], bool], answered: bool) -> None:  # noqa: FBT001 (private)
    """Have a person, or what is piped in, type it again; stop unless it is the same."""
    if answered:
        return
    try:
        text = click.prompt(question, err=True, prompt_suffix=": ")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("nobody answered: a program gives --yes twice") from None
    if not is_right(text):
        raise OperatorError("That is not the same: nothing was done.")


def _cents(amount: str) -> int:
    try:
        return parse_amount(amount.removeprefix("$"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="amount") from None
