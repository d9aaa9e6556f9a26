"""`ivr staff`: who may log in to the console."""

from __future__ import annotations

import json

import click

from ivr.base.listing import ListColumn, listing, local_time
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_database_settings, load_staff_settings
from ivr.cli.lists import show
from ivr.cli.questions import account, confirm
from ivr.staff.people import StaffKeys, add_staff, disable_staff, list_staff
from ivr.staff.rights import ROLES
from ivr.start import ready_database


@click.group()
def staff() -> None:
    """Look after who may log in to the console."""


@staff.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(tuple(ROLES)), help="May be repeated."
)
@click.password_option(help="Asked for where it is not given: a command's words may be seen by others.")
def add(name: str, roles: tuple[str, ...], password: str) -> None:
    """Add a log-in called NAME, or let a disabled one in again, and print what its authenticator app takes.

    That address is shown once: give it to nobody else.
    """
    settings = load_staff_settings()
    with ready_database(settings) as engine, engine.begin() as db:
        address = add_staff(
            db,
            StaffKeys(settings.ivr_console_key),
            SecretRandomness(),
            name=name,
            password=password,
            roles=roles,
            actor=account(),
            now=settings.make_clock().now(),
        )
    click.echo(f"{name} may log in as {', '.join(roles)}. The authenticator app takes this, once:\n{address}")


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(*, as_json: bool) -> None:
    """List who may log in, as what, and when they were last at work."""
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as db:
        people = list_staff(db)
    zone = settings.ivr_timezone
    if as_json:
        rows = [
            {
                "name": each.name,
                "roles": list(each.roles),
                "added_at": each.added_at.isoformat(),
                "seen_at": each.seen_at and each.seen_at.isoformat(),
                "disabled_at": each.disabled_at and each.disabled_at.isoformat(),
            }
            for each in people
        ]
        click.echo(json.dumps({"staff": rows}, indent=1))
        return
    columns = (
        ListColumn("NAME", 16),
        ListColumn("ADDED", 20),
        ListColumn("LAST SEEN", 20),
        ListColumn("DISABLED", 20),
        ListColumn("ROLES"),
    )
    lines = (
        (
            each.name,
            *(local_time(at, zone) for at in (each.added_at, each.seen_at, each.disabled_at)),
            ", ".join(each.roles),
        )
        for each in people
    )
    show(listing(columns, lines), "no staff", settings)


@staff.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def disable(name: str, *, yes: bool) -> None:
    """End what the log-in called NAME may do, at once, wherever it is used."""
    settings = load_database_settings()
    confirm(f"Disable {name}?", yes=yes)
    with ready_database(settings) as engine, engine.begin() as db:
        disable_staff(db, name, actor=account(), now=settings.make_clock().now())
    click.echo(f"{name} may log in no more.")
