"""`ivr ach`: the files that go to the bank."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from ivr.base.errors import EXIT_NO, SettingsError
from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.base.money import format_amount
from ivr.base.settings import OriginationSettings, load_database_settings, load_origination_settings
from ivr.base.words import counted
from ivr.cli.lists import show
from ivr.cli.overdue import overdue, tell_overdue
from ivr.cli.questions import account, confirm
from ivr.jobs.bank import deliver_files, destination_of, run_due_cutoffs
from ivr.payments.batches import HeldPayment
from ivr.payments.cutoffs import cutoff_rule, last_finished
from ivr.payments.delivery import deliver_file, delivered_name
from ivr.payments.files import allow_again, find_file, list_files, note_arrived, reject_file
from ivr.payments.origination import CutoffDone, EntryProgress, FileMade
from ivr.payments.rates import rates_json, return_rates
from ivr.payments.report import plain
from ivr.start import database_name, ready_database

Place = Callable[[FileMade], str]


@click.command()
@click.option(
    "--next", "is_next", is_flag=True, help="In the demo: as if the next cutoff had come a minute ago."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was made and held as JSON.")
def cutoff(*, is_next: bool, as_json: bool) -> int:
    """Make the file of every cutoff that has come and is not done, and bring it to the bank.

    The worker does the same by itself, every minute; a second time nothing is left to do.
    """
    settings = load_origination_settings()
    now = settings.make_clock().now()
    with ready_database(settings) as engine:
        if is_next:
            with engine.connect() as db:
                now = _next(db, settings, now)
        with _bar() as progress:
            done = run_due_cutoffs(engine, settings, now, progress=progress)
        failed = deliver_files(engine, settings, now)
        with engine.connect() as db:
            last = last_finished(db)
    destination, to = destination_of(settings), settings.ivr_ach_recipient

    def place(file: FileMade) -> str:
        return destination.place(delivered_name(file.name, to))

    if as_json:
        click.echo(json.dumps(_as_json(done, last, place), ensure_ascii=False))
    elif done_text := _as_text(done, place):
        click.echo(done_text)
    else:
        click.echo(f"Nothing is due in {database_name(settings)}.")
    for cutoff in (each.cutoff_at.astimezone(settings.ivr_timezone) for each in done if each.missed):
        click.echo(
            f"The cutoff of {cutoff:%Y-%m-%d %H:%M} was missed: what it would debit later than was told is"
            " held. See `ivr ach queue list`.",
            err=True,
        )
    for error in failed:
        click.echo(f"{error} {error.follows}", err=True)
    return EXIT_NO if failed else 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Show the files, the newest first, where each stands, and how much came back in 60 days."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        now = settings.make_clock().now()
        rates = return_rates(db, now)
        late = overdue(db, settings, now)
        found: dict[str, Any] = {"files": list_files(db), **rates_json(rates), **late}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show(_files(found, settings.ivr_timezone), "no files", settings)
        for line in _rates(found):
            click.echo(line)
    tell_overdue(late, settings)
    for name in rates.warnings:
        click.echo(f"{name} returns are on their way to the network's limit: see why.", err=True)


@click.command()
@click.argument("file")
@click.option("--reason", required=True, help="What the bank said; kept with the file.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reject(file: str, reason: str, *, yes: bool, as_json: bool) -> None:
    """Note that the bank refused FILE (its number or its name): what was in it goes into the next file."""
    settings = load_database_settings()
    with ready_database(settings) as engine:
        with engine.connect() as db:
            found = find_file(db, file)
        confirm(f"Has the bank refused {found['name']} with its {found['entries']} entries?", yes=yes)
        with engine.begin() as db:
            done = reject_file(db, file, reason=reason, actor=account(), now=settings.make_clock().now())
    if as_json:
        values = {"file_id": done.file_id, "name": done.name, "state": "rejected"}
        click.echo(json.dumps({**values, "debits": done.debits, "requests": done.requests}))
    else:
        click.echo(
            f"{done.name} is rejected; {counted(done.debits + done.requests, 'entry goes', 'entries go')}"
            " into the next file."
        )


@click.command()
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
def sent(file: str, *, yes: bool) -> None:
    """Note that the bank has FILE (its number or its name), although its delivery was broken off."""
    settings = load_database_settings()
    with ready_database(settings) as engine:
        with engine.connect() as db:
            found = find_file(db, file)
        confirm(f"Has the bank got {found['name']} with its {found['entries']} entries?", yes=yes)
        with engine.begin() as db:
            name = note_arrived(db, file, actor=account(), now=settings.make_clock().now())
    click.echo(f"{name} is sent.")


@click.command()
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
def resend(file: str, *, yes: bool) -> None:
    """Send FILE (its number or its name) again: the bank has not got it, or takes it although it is late."""
    settings = load_origination_settings()
    now = settings.make_clock().now()
    with ready_database(settings) as engine:
        with engine.connect() as db:
            found = find_file(db, file)
        confirm(f"Is it certain that the bank has not got {found['name']}?", yes=yes)
        with engine.begin() as db:
            file_id = allow_again(db, file, actor=account(), now=now)
        destination = destination_of(settings)
        to = settings.ivr_ach_recipient
        done = deliver_file(
            engine, settings.key_ring, destination, file_id, now, recipients=to, although_late=True
        )
    where = (
        destination.place(delivered_name(found["name"], to)) if done else "a worker is at it at this moment"
    )
    click.echo(f"{found['name']} is sent: {where}.")


def _next(db: Connection, settings: OriginationSettings, now: datetime) -> datetime:
    """Return a minute after the first cutoff to come; for the demo only, where nobody waits for it."""
    if not settings.ivr_demo:
        raise SettingsError("--next is for the demo only: leave it out, or set IVR_DEMO=yes.")
    after = max(now, last_finished(db) or now)
    return cutoff_rule(settings).next_cutoff(after) + timedelta(minutes=1)


@contextmanager
def _bar() -> Iterator[EntryProgress]:
    """Give what draws the progress of each file on standard error, where somebody looks."""
    with click.progressbar(
        length=1, label="Writing entries", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def progress(taken: int, expected: int) -> None:
            bar.length = max(expected, 1)
            bar.update(taken - bar.pos)

        yield progress


def _as_json(done: Sequence[CutoffDone], last: datetime | None, place: Place) -> dict[str, Any]:
    made = [each.file for each in done if each.file is not None]
    return {
        "cutoff_at": plain(last),
        "files": [
            {
                "file_id": file.file_id,
                "path": place(file),
                "entries": file.entries,
                "debit_cents": file.debit_cents,
                "credit_cents": file.credit_cents,
                "effective_entry_date": plain(file.effective_entry_date),
            }
            for file in made
        ],
        "held": [
            {"confirmation_number": held.confirmation_number, "reason": held.reason, "why": held.why}
            for held in _held(done)
        ],
    }


def _held(done: Sequence[CutoffDone]) -> Sequence[HeldPayment]:
    """Return what stays: of missed cutoffs the last one says it for all."""
    return done[-1].held if done else ()


def _sums(file: FileMade) -> str:
    """Say what a file takes and what it gives back; neither when there is none of it."""
    sums = ((file.debit_cents, "debits"), (file.credit_cents, "credits"))
    return " and ".join(f"${format_amount(cents)} of {what}" for cents, what in sums if cents)


def _as_text(done: Sequence[CutoffDone], place: Place) -> str:
    lines = [
        f"{counted(file.entries, 'entry', 'entries')}, {_sums(file)},"
        f" effective {file.effective_entry_date}: {place(file)}"
        for file in (each.file for each in done)
        if file is not None
    ]
    lines += [f"held: {held.confirmation_number} ({held.reason}): {held.why}" for held in _held(done)]
    return "\n".join(lines)


def _files(found: dict[str, Any], zone: ZoneInfo) -> Listing:
    columns = (
        ListColumn("ID", 4, at_right=True),
        ListColumn("FILE", 22),
        ListColumn("STATE", 8),
        ListColumn("ENTRIES", 7, at_right=True),
        ListColumn("DEBITS", 13, at_right=True),
        ListColumn("CREDITS", 13, at_right=True),
        ListColumn("EFFECTIVE", 10),
        ListColumn("SENT", 20),
        ListColumn("WHY REFUSED"),
    )
    return listing(
        columns,
        (
            (
                str(file["file_id"]),
                file["name"],
                file["state"],
                str(file["entries"]),
                *(
                    f"${format_amount(file[name])}" if file[name] else "-"
                    for name in ("debit_cents", "credit_cents")
                ),
                file["effective_entry_date"],
                local_time(file["sent_at"], zone),
                file["reject_reason"] or "",
            )
            for file in found["files"]
        ),
    )


def _rates(found: dict[str, Any]) -> Iterator[str]:
    for name, limit in found["rate_limits"].items():
        if found["rate_counts"]["debits"]:
            yield (
                f"{name} returns: {found['rates'][name]} % ({found['rate_counts'][name]} of"
                f" {counted(found['rate_counts']['debits'], 'debit')} in 60 days), limit {limit} %"
            )
