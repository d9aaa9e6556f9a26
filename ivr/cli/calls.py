"""`ivr calls`: recorded calls, masked; find one, look at it, make a test of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ivr.base.errors import NotFoundError, OperatorError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.actions.line import Line
    from ivr.base.settings import DatabaseSettings
    from ivr.calls.history import Recipe

ENDS = ("goodbye", "agent", "hangup", "fallback", "open")
PACES = ("voice", "relay")


@click.group()
def calls() -> None:
    """Look at recorded calls; nothing in them is a secret or names a person."""


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which recorded calls are meant."""
    for option in reversed(
        (
            click.option("--on", metavar="DAY", help="A day: tuesday (the last one), yesterday, 2026-12-15."),
            click.option(
                "--around", metavar="TIME", help="Within 45 minutes of this time of the day: 21:00, 9pm."
            ),
            click.option(
                "--since", metavar="WHEN", help="From yesterday, tuesday, 2026-12-18 or 2026-12-18T21:00 on."
            ),
            click.option("--until", metavar="WHEN", help="Up to then; a day alone is meant whole."),
            click.option("--language", metavar="TAG", help="Those in one language, such as es-US."),
            click.option("--pace", type=click.Choice(PACES), help="Those in one pace."),
            click.option("--end", type=click.Choice(ENDS), help="Those that ended in one way, or are open."),
            click.option(
                "--last-node", metavar="TEXT", help="Those that ended at a place with TEXT in its name."
            ),
        )
    ):
        command = option(command)
    return command


def chosen(
    settings: DatabaseSettings,
    *,
    on: str | None = None,
    around: str | None = None,
    since: str | None = None,
    until: str | None = None,
    **others: str | None,
) -> dict[str, Any]:
    """Turn the options of `filters` into those of `ivr.calls.histories`. Raises `click.UsageError`."""
    from ivr.cli.times import span

    now = settings.make_clock().now()
    begins, ends = span(settings.ivr_timezone, now, since=since, until=until, on=on, around=around)
    return {"since": begins, "until": ends, **others}


@calls.command("list")
@filters
@click.option("--confirmation", metavar="NUMBER", help="The one in which this payment was authorized.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_calls(*, confirmation: str | None, as_json: bool, **options: str | None) -> None:
    """List recorded calls, oldest first: when, how long, how and where each ended, and its CALL_SID.

    For example, the call that dropped on Tuesday around nine in the evening after the routing number:

        ivr calls list --on tuesday --around 9pm --last-node routing
    """
    from ivr.base.settings import load_database_settings
    from ivr.calls.histories import find_calls
    from ivr.cli.lists import show as show_list
    from ivr.cli.setup import ready_database
    from ivr.replay.call_report import call_listing, list_json

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
    from ivr.base.settings import load_database_settings
    from ivr.replay.call_report import call_json, call_text

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
    from ivr.base.settings import load_database_settings
    from ivr.payments.cutoffs import cutoff_rule
    from ivr.replay.export import call_text

    settings = load_database_settings()
    with _recorded(settings, call_sid) as (recipe, line):
        click.echo(call_text(recipe, line, cutoff_rule(settings)), nl=False)


@contextmanager
def _recorded(settings: DatabaseSettings, call_sid: str) -> Iterator[tuple[Recipe, Line]]:
    """Give a recorded call and the line it ran on. Raises `NotFoundError` when there is no such call."""
    from ivr.calls.histories import load_recipes
    from ivr.cli.setup import ready_database

    with ready_database(settings) as engine, engine.connect() as db:
        recipe = next(load_recipes(db, call_sids=[call_sid]), None)
        if recipe is None:
            raise NotFoundError(f"No call is recorded as {call_sid}: find it with ivr calls list.")
        line = line_of(db, recipe.flow_version)
    yield recipe, line


def line_of(db: Connection, flow_version: str) -> Line:
    """Return the line as it was in a version, or today's where that one is gone or no longer understood."""
    from ivr.actions.line import compile_line, kept_line, read_line_files
    from ivr.calls.store import flow_version_files
    from ivr.start import project_folder

    files = flow_version_files(db, flow_version)
    if files is not None:
        try:
            return kept_line(files)
        except OperatorError:
            click.echo("The flow this call ran on is no longer understood: today's is used.", err=True)
    return compile_line(read_line_files(project_folder()))
