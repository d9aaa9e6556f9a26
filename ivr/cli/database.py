"""`ivr db`: the database's migrations."""

from __future__ import annotations

import threading

import click

from ivr.base.settings import is_run_by_honcho, load_database_settings
from ivr.start import command_engine
from ivr.storage.migrate import upgrade as migrate
from ivr.storage.revision import head


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration; it is done wholly or not at all, and may be repeated.

    As a line of a Procfile that honcho runs, it then stays until it is told to end, for the others' sake.
    """
    with command_engine(load_database_settings()) as engine:
        migrate(engine)
    click.echo(f"The database is at migration {head()}.")
    if is_run_by_honcho():
        click.echo("This waits now: honcho ends the whole line when one of its processes ends.")
        threading.Event().wait()
