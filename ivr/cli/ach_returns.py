"""`ivr ach import`, `return` and `queue`: what the bank sent back, and what waits for a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ivr.ach.reader import NachaReadError, ReadProblem
from ivr.base.errors import EXIT_NO
from ivr.base.money import format_amount
from ivr.base.settings import load_database_settings, load_origination_settings
from ivr.base.words import counted
from ivr.cli.files import CSV_FILE
from ivr.cli.lists import show
from ivr.cli.overdue import overdue, tell_overdue
from ivr.cli.questions import account, confirm, written_plain
from ivr.payments.blocks import release
from ivr.payments.report import plain
from ivr.payments.returns import Imported, import_returns
from ivr.payments.returns_by_hand import book_return, find_entry
from ivr.payments.staff_queue import close_task, open_tasks, task_listing
from ivr.start import ready_database


@click.command("import")
@click.argument("file", type=CSV_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the counts and errors as JSON.")
def import_file(file: Path, *, as_json: bool) -> int:
    """Apply a FILE of returns and notifications of change that the bank sent.

    A file whose counts and totals are not right, or that is another bank's, changes nothing. An item that
    cannot be used, matches no entry of ours or is for a person to decide is told and waits in the queue; the
    rest is applied. The same item a second time changes nothing.
    """
    settings = load_origination_settings()
    found: Sequence[ReadProblem]
    sentences: tuple[str, ...] = ()
    with ready_database(settings) as engine:
        try:
            with engine.begin() as db:
                done = import_returns(
                    db,
                    settings.key_ring,
                    settings.hashes,
                    file.read_bytes(),
                    odfi_routing=settings.ivr_odfi_routing,
                    file_name=file.name,
                    actor=account(),
                    now=settings.make_clock().now(),
                )
            found = done.errors
        except NachaReadError as error:
            done, found = Imported(), error.found
            sentences = (
                *error.problems[len(found) :],
                "Nothing was applied: ask the bank for a whole file, then try again.",
            )
    _print(done, found, as_json=as_json)
    for allowance in done.allowances:
        click.echo(f"{file}: read with an allowance: {allowance}", err=True)
    for problem in found:
        told = f"{problem.field}: {problem.message} [{problem.rule}]"
        click.echo(f"{file}:{problem.line}: {told}", err=True)
    for sentence in sentences:
        click.echo(sentence, err=True)
    return EXIT_NO if found else 0


def _print(done: Imported, found: Sequence[ReadProblem], *, as_json: bool) -> None:
    counts = {
        "returns": done.returns,
        "changes": done.changes,
        "unmatched": done.unmatched,
        "handed_over": done.handed_over,
        "already_known": done.already_known,
    }
    if as_json:
        errors = [asdict(each) for each in found]
        click.echo(json.dumps({**counts, "errors": errors, "allowances": done.allowances}))
    else:
        others = (
            f"{counts[name]} {name.replace('_', ' ')}"
            for name in ("unmatched", "handed_over", "already_known")
        )
        click.echo(", ".join((counted(done.returns, "return"), counted(done.changes, "change"), *others)))


@click.command("return")
@click.argument("confirmation_number")
@click.option("--code", required=True, help="The return code that the bank gave, such as R01.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which the bank returned it.  [default: today]",
)
@click.option("--trace", metavar="NUMBER", help="Of which entry, by its trace number.  [default: the debit]")
@click.option("--note", default="", help="How it is known, and from whom; kept in the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def book(
    confirmation_number: str, *, code: str, day: datetime | None, yes: bool, as_json: bool, **said: str | None
) -> int:
    """Book by hand that the bank returned the payment with this CONFIRMATION_NUMBER.

    All is as if its file had said so: what was paid is owed again, and accounts are closed to us. When the
    file comes, the item is already known.
    """
    number = written_plain(confirmation_number)
    settings = load_origination_settings()
    now = settings.make_clock().now()
    returned_on = now.astimezone(settings.ivr_timezone).date() if day is None else day.date()
    what: dict[str, Any] = {
        "code": code.strip().upper(),
        "returned_on": returned_on,
        "trace_number": said["trace"],
        "now": now,
    }
    with ready_database(settings) as engine:
        with engine.connect() as db:
            found = find_entry(db, number, **what)
        confirm(
            f"Did the bank return the {found.kind} of ${format_amount(found.amount_cents)} of {found.plan}"
            f" payment {number} on {returned_on}, {found.code} ({found.meaning})?",
            yes=yes,
        )
        with engine.begin() as db:
            keys, hashes, note = settings.key_ring, settings.hashes, said["note"] or ""
            done = book_return(db, keys, hashes, number, **what, note=note, actor=account())
    if as_json:
        click.echo(json.dumps({name: plain(value) for name, value in asdict(done).items()}))
    elif done.is_undone:
        click.echo(
            f"Booked: the {done.kind} of ${format_amount(done.amount_cents)} for {done.plan} came back"
            f" ({done.code}, {done.meaning})."
        )
    else:
        click.echo(
            f"{done.code}, a {done.meaning}, moves nothing: it waits in `ivr ach queue list`.", err=True
        )
    return 0 if done.is_undone else EXIT_NO


@click.command()
@click.argument("confirmation_number")
@click.option("--note", required=True, help="Why it may be debited again; kept in the audit trail.")
def unblock(confirmation_number: str, note: str) -> None:
    """Take the bank account again from which the payment with this CONFIRMATION_NUMBER came back."""
    number = written_plain(confirmation_number)
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        release(db, number, note=note, actor=account(), now=settings.make_clock().now())
    click.echo(f"The account of payment {number} can be debited again.")


@click.group()
def queue() -> None:
    """Work through what waits for a person: returns, unmatched items, held payments, rates."""


@queue.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_queue(*, as_json: bool) -> None:
    """List what is open, oldest first."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = open_tasks(db)
        late = overdue(db, settings, settings.make_clock().now())
    if as_json:
        click.echo(json.dumps({"tasks": found}, ensure_ascii=False, indent=1))
    else:
        show(task_listing(found, settings.ivr_timezone), "no open tasks", settings)
    tell_overdue(late, settings)


@queue.command("close")
@click.argument("task_id", type=int, metavar="ID")
@click.option("--note", required=True, help="What was done; kept in the audit trail.")
def close_one(task_id: int, note: str) -> None:
    """Close the task with this ID."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        close_task(db, task_id, note=note, actor=account(), now=settings.make_clock().now())
    click.echo(f"Task {task_id} is closed.")
