"""`ivr db`: the database's migrations."""

from __future__ import annotations

import threading

import click


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration; it is done wholly or not at all, and may be repeated.

    As a line of a Procfile that honcho runs, it then stays until it is told to end, for the others' sake.
    """
    from ivr.base.settings import is_run_by_honcho, load_database_settings
    from ivr.cli.setup import upgrade_database

    click.echo(f"The database is at migration {upgrade_database(load_database_settings())}.")
    if is_run_by_honcho():
        click.echo("This waits now: honcho ends the whole line when one of its processes ends.")
        threading.Event().wait()
