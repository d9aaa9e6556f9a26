"""`ivr db`: the database's migrations."""

from __future__ import annotations

import click


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration; it is done wholly or not at all, and may be repeated."""
    from ivr.base.settings import load_database_settings
    from ivr.cli.setup import upgrade_database

    click.echo(f"The database is at migration {upgrade_database(load_database_settings())}.")
