"""`ivr doctor`: whether all is there that the line needs, before it serves and while it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import click

from ivr.base.errors import DatabaseUnavailableError, SettingsError
from ivr.base.listing import ListColumn, listing
from ivr.base.settings import HouseSettings, load_database_settings, load_house_settings
from ivr.cli.status import looking_engine
from ivr.status.examination import (
    Examined,
    examine_database,
    examine_house,
    examine_keys,
    examine_settings,
)

_LIST: Final = (ListColumn("", 7), ListColumn("WHAT", 24), ListColumn("HOW IT IS, AND WHAT TO DO"))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> int:
    """Look at all that the line needs: settings, keys, database, clock, disks, servers.

    What is wrong is told with what to do. The status is the worst thing's: 3 a setting, 4 the database, 1
    anything else that is bad; a warning is 0.
    """
    found = tuple(_examined())
    if as_json:
        click.echo(json.dumps({"examined": [asdict(each) for each in found]}))
    else:
        rows = ((each.grade, each.what, f"{each.found}{each.do and f': {each.do}'}") for each in found)
        table = listing(_LIST, rows)
        click.echo("\n".join((table.header, *table.lines)))
    return max(each.status for each in found)


def _examined() -> Iterator[Examined]:
    try:
        settings = load_house_settings()
    except SettingsError as error:
        yield from examine_settings(error)
        settings = None
    else:
        yield from examine_settings(None)
    try:
        yield from _of_database(settings)
    except (DatabaseUnavailableError, SettingsError) as error:  # no address, or no server of our own
        for problem in error.problems:
            yield Examined("database", "bad", problem, status=error.exit_status)
    if settings is not None:
        yield from examine_house(settings, settings.make_clock().now())


def _of_database(house: HouseSettings | None) -> Iterator[Examined]:
    settings = load_database_settings() if house is None else house
    now = settings.make_clock().now()
    with looking_engine(settings) as engine:
        found = tuple(examine_database(engine, settings, now))
        yield from found
        if house is not None and not any(each.grade == "bad" for each in found):
            yield from examine_keys(engine, house, now)
