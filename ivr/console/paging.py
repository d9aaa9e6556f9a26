"""Long lists: a page at a time by the key of the last row, so that each costs what the first does; as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from flask import Response, request, url_for
from sqlalchemy import and_, func, select

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

ROWS: Final = 50
_ID_MAX: Final = 2**63 - 1
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """One page of a list; `next_url` leads on, `first_url` back to the beginning; "" where they do not."""

    rows: Sequence[Row]
    next_url: str
    first_url: str


def paged(rows: Sequence[Row], key: Callable[[Row], str]) -> Paged[Row]:
    """Make a page of up to `ROWS` + 1 rows, the last one telling that there are more.

    `key` is what the address of the next page has as `after`, of the last row that this page shows.
    """
    shown = rows[:ROWS]
    more = len(rows) > ROWS
    return Paged(
        shown,
        _here(after=key(shown[-1])) if more else "",
        _here() if "after" in request.args else "",
    )


def after_id() -> int | None:
    """Return the number of the row after which this page begins, None for the first page."""
    after = request.args.get("after", type=int)
    return after if after is not None and 0 < after <= _ID_MAX else None


def in_time(key: Any, at: Any, begins: datetime, ends: datetime) -> ColumnElement[bool]:
    """Return whether a row's instant `at` is in a time, for a table that grows in the order of its `key`.

    The first and the last key of that time are found first, by the index of `at`: a list that is in the order
    of keys would otherwise be read through from its end.
    """
    within = and_(at >= begins, at < ends)
    found = select(key.label("key")).where(within).offset(0).subquery()
    first, last = (select(limit(found.c.key)).scalar_subquery() for limit in (func.min, func.max))
    return and_(within, key.between(first, last))


def csv_file(name: str, rows: Iterable[Sequence[Any]]) -> Response:
    """Return rows, the names of their columns first, as a file to download."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue(), mimetype="text/csv", headers=headers)


def _here(**more: str) -> str:
    """Return the address of this page with what it asks for, but for `after`, and with `more`."""
    asked = {name: value for name, value in request.args.items() if name != "after" and value}
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **asked, **more})
