"""Lists for people: columns under their names, and times by one clock, whose name stands with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


class ListColumn(NamedTuple):
    """A column: its name, how many characters it takes at least, and whether it ends at the right."""

    name: str
    width: int = 0
    at_right: bool = False


class Listing(NamedTuple):
    """A list as people read it: a line that names the columns, and a line for each thing."""

    header: str
    lines: tuple[str, ...]


def listing(columns: Sequence[ListColumn], rows: Iterable[Sequence[str]]) -> Listing:
    """Return rows in columns, two blanks apart; a cell for each column."""
    return Listing(
        _in_columns(columns, [column.name for column in columns]),
        tuple(_in_columns(columns, row) for row in rows),
    )


def _in_columns(columns: Sequence[ListColumn], cells: Sequence[str]) -> str:
    return "  ".join(
        cell.rjust(column.width) if column.at_right else cell.ljust(column.width)
        for column, cell in zip(columns, cells, strict=True)
    ).rstrip()


def local_time(at: str | datetime | None, zone: ZoneInfo) -> str:
    """Write an instant (aware, or its text) by the clock of `zone`: `2026-12-18 10:15 EST`. None is `-`."""
    if at is None:
        return "-"
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"
