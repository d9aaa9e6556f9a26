"""How commands print lists: lines alone to a program, with the names of their columns to a person."""

from __future__ import annotations

import sys

import click

from ivr.base.listing import Listing
from ivr.base.settings import DatabaseSettings
from ivr.start import database_name


def show(found: Listing, nothing: str, settings: DatabaseSettings) -> None:
    """Print a list, or that there is `nothing`; its header only where standard output is a terminal.

    `settings` say which database was asked.
    """
    if not found.lines:
        nothing_found(nothing, settings)
        return
    if sys.stdout.isatty():
        click.echo(found.header)
    click.echo("\n".join(found.lines))


def nothing_found(nothing: str, settings: DatabaseSettings) -> None:
    """Say on standard error that nothing is there, and in which database: a program reads an empty list."""
    click.echo(f"{nothing} in {database_name(settings)}", err=True)
