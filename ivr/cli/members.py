"""`ivr members`: who may call."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

import click

from ivr.base.errors import NotFoundError
from ivr.base.listing import ListColumn, listing, local_time
from ivr.base.settings import load_database_settings, load_member_settings
from ivr.base.words import counted
from ivr.cli.lazy import LazyGroup
from ivr.cli.lists import show
from ivr.cli.questions import account
from ivr.members.facts import is_member_id
from ivr.members.locks import locked as who_is_locked
from ivr.members.locks import unlock as unlock_member
from ivr.members.locks import unlock_since
from ivr.members.withdrawal import withdraw as withdraw_member
from ivr.payments.day_limit import PAYMENTS_PER_DAY
from ivr.payments.day_limit import lift_limit as lift
from ivr.start import ready_database

COMMANDS: Final = {
    "import": (
        "ivr.cli.members_import:import_file",  # the fonts of letters come with it
        "Load a members FILE (CSV): all of it, or nothing when any line is bad.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def members() -> None:
    """Load and withdraw members, let locked ones try again, and let one pay more often today."""


@members.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def locked(*, as_json: bool) -> None:
    """List who is locked: since when, for how many failed tries, and until when."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        found = who_is_locked(db, settings.make_clock().now())
    if as_json:
        rows = [
            {
                "member_id": each.member_id,
                "locked_at": each.locked_at.isoformat(),
                "failures": each.failures,
                "until": None if each.until is None else each.until.isoformat(),
            }
            for each in found.members
        ]
        click.echo(json.dumps({"members": rows, "unknown_numbers": found.unknown_numbers}))
        return
    zone = settings.ivr_timezone
    columns = (
        ListColumn("MEMBER", 12),
        ListColumn("SINCE", 20),
        ListColumn("TRIES", 5, at_right=True),
        ListColumn("UNTIL"),
    )
    shown = listing(
        columns,
        (
            (
                each.member_id,
                local_time(each.locked_at, zone),
                str(each.failures),
                local_time(each.until, zone) if each.until else "unlocked by staff",
            )
            for each in found.members
        ),
    )
    show(shown, "no locked members", settings)
    if found.unknown_numbers:
        click.echo(f"locked besides: {counted(found.unknown_numbers, 'number')} of nobody", err=True)


@members.command()
@click.argument("member_id", required=False)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]),
    help="Unlock everybody locked since then, by the bank's clock, instead of one member.",
)
def unlock(member_id: str | None, since: datetime | None) -> None:
    """Forget the failed tries of MEMBER_ID (12 digits), who may call again at once. It is recorded."""
    if (member_id is None) == (since is None):
        raise click.UsageError("Name one MEMBER_ID, or --since an instant.")
    if member_id is not None:
        _check_member_id(member_id)
    settings = load_member_settings()
    now = settings.make_clock().now()
    with ready_database(settings) as engine, engine.begin() as db:
        if since is not None:
            were = unlock_since(db, since.replace(tzinfo=settings.ivr_timezone), account(), now)
            members_word = counted(len(were.members), "member")
            click.echo(f"Unlocked {members_word} and {counted(were.unknown_numbers, 'unknown number')}.")
            return
        was_locked = unlock_member(db, settings.hashes, str(member_id), account(), now)
        if was_locked is None:
            raise NotFoundError(f"No member has the ID {member_id}: check the number.")
    before = "was locked and" if was_locked else "was not locked and"
    click.echo(f"Member {member_id} {before} may try again.")


@members.command()
@click.argument("member_id")
def withdraw(member_id: str) -> None:
    """Withdraw MEMBER_ID (12 digits), who is then nobody to the line. It is recorded."""
    _check_member_id(member_id)
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        stood = withdraw_member(db, member_id, actor=account(), now=settings.make_clock().now())
    if stood is None:
        raise NotFoundError(f"No member has the ID {member_id}: check the number.")
    click.echo(f"Member {member_id} {'is' if stood else 'was already'} withdrawn.")


@members.command("lift-limit")
@click.argument("member_id")
def lift_limit(member_id: str) -> None:
    """Let MEMBER_ID (12 digits) go on paying by phone today, as often as on a new day. It is recorded."""
    _check_member_id(member_id)
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        if not lift(db, member_id, actor=account(), now=settings.make_clock().now()):
            raise NotFoundError(f"No member has the ID {member_id}: check the number.")
    click.echo(f"Member {member_id} may make {PAYMENTS_PER_DAY} more payments by phone today.")


def _check_member_id(member_id: str) -> None:
    if not is_member_id(member_id):
        raise click.BadParameter("write the member's ID, 12 digits", param_hint="MEMBER_ID")
