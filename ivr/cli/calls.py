"""`ivr calls`: recorded calls, masked; find one, look at it, make a test of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Connection

from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.project import project_folder
from ivr.base.settings import DatabaseSettings, load_database_settings
from ivr.calls.histories import find_calls, load_recipes
from ivr.calls.history import Recipe
from ivr.calls.store import flow_version_files
from ivr.cli.call_filters import chosen, filters
from ivr.cli.lists import show as show_list
from ivr.payments.cutoffs import cutoff_rule
from ivr.replay.call_report import call_json, call_listing, call_text, list_json
from ivr.replay.export import call_text as call_file
from ivr.start import ready_database
from ivr.topics.line import Line, compile_line, kept_line, read_line_files


@click.group()
def calls() -> None:
    """Look at recorded calls; nothing in them is a secret or names a person."""


@calls.command("list")
@filters
@click.option("--confirmation", metavar="NUMBER", help="The one in which this payment was authorized.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_calls(*, confirmation: str | None, as_json: bool, **options: str | None) -> None:
    """List recorded calls, oldest first: when, how long, how and where each ended, and its CALL_SID.

    For example, the call that dropped on Tuesday around nine in the evening after the routing number:

        ivr calls list --on tuesday --around 9pm --last-node routing
    """
    settings = load_database_settings()
    wanted = chosen(settings, **options)
    if confirmation is not None:
        wanted["confirmation"] = confirmation.replace("-", "").replace(" ", "").replace(".", "")
    with ready_database(settings) as engine, engine.connect() as db:
        found = find_calls(db, **wanted)
    if as_json:
        click.echo(json.dumps(list_json(found), indent=1))
    else:
        show_list(call_listing(found, settings.ivr_timezone), "no calls", settings)


@calls.command()
@click.argument("call_sid")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(call_sid: str, *, as_json: bool) -> None:
    """Show one recorded call, turn by turn: what the line said, what kind of answer came, how soon."""
    settings = load_database_settings()
    with _recorded(settings, call_sid) as (recipe, line):
        if as_json:
            click.echo(json.dumps(call_json(recipe, line), indent=1))
        else:
            click.echo(call_text(recipe, line, settings.ivr_timezone))


@calls.command()
@click.argument("call_sid")
def export(call_sid: str) -> None:
    """Write one recorded call as a call file, with made-up values of the same kind, to standard output.

    Play it with `ivr replay FILE`; kept under tests/calls it is a test from then on.
    """
    settings = load_database_settings()
    with _recorded(settings, call_sid) as (recipe, line):
        click.echo(call_file(recipe, line, cutoff_rule(settings)), nl=False)


@contextmanager
def _recorded(settings: DatabaseSettings, call_sid: str) -> Iterator[tuple[Recipe, Line]]:
    """Give a recorded call and the line it ran on. Raises `NotFoundError` when there is no such call."""
    with ready_database(settings) as engine, engine.connect() as db:
        recipe = next(load_recipes(db, call_sids=[call_sid]), None)
        if recipe is None:
            raise NotFoundError(f"No call is recorded as {call_sid}: find it with ivr calls list.")
        line = line_of(db, recipe.flow_version)
    yield recipe, line


def line_of(db: Connection, flow_version: str) -> Line:
    """Return the line as it was in a version, or today's where that one is gone or no longer understood."""
    files = flow_version_files(db, flow_version)
    if files is not None:
        try:
            return kept_line(files)
        except OperatorError:
            click.echo("The flow this call ran on is no longer understood: today's is used.", err=True)
    return compile_line(read_line_files(project_folder()))
