"""`ivr bills`: what members owe."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from ivr.base.csvfiles import ImportResult, Progress
from ivr.base.errors import NotFoundError
from ivr.base.money import format_amount
from ivr.base.settings import MemberSettings, load_database_settings, load_member_settings
from ivr.billing.imports import BILL_COLUMNS, import_bills, withdraw_bill
from ivr.cli.files import CSV_FILE, complete_options, file_options, load_file
from ivr.cli.questions import account
from ivr.start import ready_database
from ivr.storage.audit import record_event


@click.group()
def bills() -> None:
    """Load bills, and withdraw one."""


@bills.command("import")
@click.argument("file", type=CSV_FILE)
@click.option(
    "--as-of",
    metavar="MOMENT",
    help="When the file was true, such as 2026-12-17T18:00 (in IVR_TIMEZONE unless it says otherwise)."
    " Callers hear it with their balance.  [default: now]",
)
@complete_options("FILE has every bill of its months: other bills of those months are withdrawn.")
@file_options(lambda: BILL_COLUMNS)
def import_file(file: Path, as_of: str | None, *, complete: bool, **how: Any) -> int:
    """Load a bills FILE (CSV): all of it, or nothing when any line is bad."""
    settings = load_member_settings()
    now = settings.make_clock().now()
    as_of_at = now if as_of is None else _moment(as_of, settings, now)

    def load(db: Connection, at: datetime, stream: BinaryIO, progress: Progress) -> ImportResult:
        result = import_bills(
            db,
            settings.hashes,
            at,
            stream,
            as_of_at=as_of_at,
            file_name=str(file),
            complete=complete,
            progress=progress,
        )
        if result.withdrawn:
            details = {"bills": result.withdrawn}
            record_event(db, "bills.withdraw", file.name, details, actor=account(), now=at)
        return result

    return load_file(file, settings, now, load, **how)


@bills.command()
@click.argument("billing_account")
@click.argument("month", metavar="YYYY-MM")
def withdraw(billing_account: str, month: str) -> None:
    """Withdraw the bill of BILLING_ACCOUNT for a month: it is owed no more. It is recorded."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        amount_cents = withdraw_bill(
            db, billing_account, month, actor=account(), now=settings.make_clock().now()
        )
    if amount_cents is None:
        raise NotFoundError(f"Billing account {billing_account} has no bill for {month}: check both.")
    click.echo(f"The bill of {billing_account} for {month}, ${format_amount(amount_cents)}, is withdrawn.")


def _moment(text: str, settings: MemberSettings, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a moment as 2026-12-17T18:00", param_hint="--as-of") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.ivr_timezone)
    if moment > now:
        raise click.BadParameter("that moment has not come yet", param_hint="--as-of")
    return moment
