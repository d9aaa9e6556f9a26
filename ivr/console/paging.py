"""Long lists: a page at a time by the key of the last row, so that each costs what the first does; as CSV.

What no index finds is looked for in so many rows a page, from its beginning back, and the page says how far
that is: nobody waits for a million calls to be read, and nobody is told of none while there may be some.
"""

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

    from ivr.console.visit import StaffVisit

ROWS: Final = 50
ID_MAX: Final = 2**63 - 1  # of a row
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a page stops looking: at the row of this `key`, which it still looks at, of the instant `at`."""

    key: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """One page of a list; `next_url` leads on, `first_url` back to the beginning; "" where they do not.

    `looked_back_to` is the instant before which there may be more that fit, None where the page knows.
    """

    rows: Sequence[Row]
    next_url: str
    first_url: str
    looked_back_to: datetime | None = None


def paged(rows: Sequence[Row], key: Callable[[Row], str], stop: Stop | None = None) -> Paged[Row]:
    """Make a page of up to `ROWS` + 1 rows, the last one telling that there are more.

    `key` is what the address of the next page has as `after`, of the last row that this page shows. `stop` is
    where the page stopped looking for rows.
    """
    first_url = _here() if "after" in request.args else ""
    shown = rows[:ROWS]
    if len(rows) > ROWS:
        return Paged(shown, _here(after=key(shown[-1])), first_url)
    if stop is None:
        return Paged(shown, "", first_url)
    after = stop.key.isoformat() if isinstance(stop.key, datetime) else str(stop.key)
    return Paged(shown, _here(after=after), first_url, stop.at)


def stop_of(visit: StaffVisit, key: Any, at: Any, before: Any | None) -> Stop | None:
    """Return where a page stops looking, from before the row of a key on back: None begins with the newest.

    `key` and `at` are columns of a table that grows in the order of both. Returns None where there are not so
    many rows that a page would have to stop.
    """
    last = select(key).order_by(key.desc()).offset(visit.console.looked_at - 1).limit(1)
    found = visit.db.scalar(last if before is None else last.where(key < before))
    if found is None:
        return None
    return Stop(found, visit.db.execute(select(at).where(key == found).limit(1)).scalar_one())


def after_id() -> int | None:
    """Return the number of the row after which this page begins, None for the first page."""
    after = request.args.get("after", type=int)
    return after if after is not None and 0 < after <= ID_MAX else None


def in_time(key: Any, at: Any, begins: datetime, ends: datetime) -> ColumnElement[bool]:
    """Return whether a row's instant `at` is in a time, for a table that grows in the order of its `key`.

    The first and the last key of that time are found first, by the index of `at`: a list that is in the order
    of keys would otherwise be read through from its end.
    """
    within = and_(at >= begins, at < ends)
    found = select(key.label("key")).where(within).offset(0).subquery()
    keys = select(func.min(found.c.key).label("first"), func.max(found.c.key).label("last")).cte("keys")
    return and_(within, key.between(*(select(end).scalar_subquery() for end in keys.c)))


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
