"""How commands print lists: lines alone to a program, with the names of their columns to a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ivr.base.listing import Listing


def show(found: Listing, nothing: str) -> None:
    """Print a list, or that there is `nothing`; its header only where standard output is a terminal."""
    if not found.lines:
        nothing_found(nothing)
        return
    if sys.stdout.isatty():
        click.echo(found.header)
    click.echo("\n".join(found.lines))


def nothing_found(nothing: str) -> None:
    """Say on standard error that a list is empty: a program that reads the list gets nothing."""
    click.echo(nothing, err=True)
