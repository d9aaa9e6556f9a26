"""`ivr db`: the database's migrations."""

from __future__ import annotations

import threading

import click
from sqlalchemy import text

from ivr.base.settings import is_run_by_honcho, load_database_settings
from ivr.start import command_engine
from ivr.storage.grants import grant_statements, role_statements
from ivr.storage.migrate import upgrade as migrate
from ivr.storage.revision import head


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.option("--grants", is_flag=True, help="Print instead what `ivr db upgrade` lets each account do.")
@click.option("--run", is_flag=True, help="Run it instead, as the superuser that DATABASE_URL names.")
def roles(*, grants: bool, run: bool) -> None:
    """Print the SQL that makes the accounts, for a superuser to run in the line's database.

    ivr_owner migrates, ivr_web answers calls, ivr_worker runs the jobs, ivr_console is for staff's commands
    and files that come in, ivr_reader only looks. `ivr db upgrade` as ivr_owner then gives each its rights.
    """
    statements = [f"{each};" for each in (grant_statements() if grants else role_statements())]
    if not run:
        click.echo("\n".join(statements))
        return
    with command_engine(load_database_settings()) as engine, engine.begin() as db:
        for statement in statements:
            db.execute(text(statement))


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration; it is done wholly or not at all, and may be repeated.

    As a line of a Procfile that honcho runs, it then stays until it is told to end, for the others' sake.
    """
    with command_engine(load_database_settings()) as engine:
        made = migrate(engine)
    ahead = "" if made == head() else f", newer than this release's {head()} and works with it"
    click.echo(f"The database is at migration {made}{ahead}.")
    if is_run_by_honcho():
        click.echo("This waits now: honcho ends the whole line when one of its processes ends.")
        threading.Event().wait()
