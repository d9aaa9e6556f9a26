"""What came of the calls of a day, counted once the day is over: the worker keeps it in the database.

Today, and a day that the worker has not come to, is counted for whoever asks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from ivr.storage.tables import Call, ReportDay

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAYS_KEPT: Final = 400  # of a month, and of the same month a year before
_OVER: Final = timedelta(hours=4)  # no call lasts longer: Twilio ends it
_REMEMBERED_MAX: Final = 200
Rows = Sequence[Mapping[str, Any]]


class Span(NamedTuple):
    """From when (inclusive) until when (exclusive), and when that is asked: aware instants; whose clock."""

    zone: ZoneInfo
    since: datetime
    until: datetime
    now: datetime


class Count:
    """A statement that counts calls which began from `:since` until before `:until`, by the clock of `:zone`.

    Its rows are numbers, texts and lists of them. `values` are what it takes besides.
    """

    def __init__(self, statement: str, **values: str) -> None:
        self._statement, self._values = text(statement), values
        self._said = json.dumps([statement, values], sort_keys=True)

    def key(self, zone: ZoneInfo) -> str:
        """Return what its rows are kept under: another one where another thing is counted."""
        return hashlib.sha256(f"{zone.key} {self._said}".encode()).hexdigest()

    def rows(self, db: Connection, zone: ZoneInfo, since: datetime, until: datetime) -> Rows:
        """Count."""
        asked = {"zone": zone.key, "since": since, "until": until}
        found = db.execute(self._statement, {**self._values, **asked})
        return [dict(row) for row in found.mappings()]


class Days:
    """What was counted of days that are over, remembered: reports of weeks are asked for again and again."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[str, date], Rows] = {}

    def rows(self, db: Connection, count: Count, span: Span) -> Iterator[Rows]:
        """Yield the rows of a count for each day of a time, or each part of a day."""
        key, parts = count.key(span.zone), [*_parts(span)]
        missing = {day for day, *_ in parts if day is not None and (key, day) not in self._remembered}
        if missing:
            kept = select(ReportDay.day, ReportDay.rows)
            for day, rows in db.execute(kept.where(ReportDay.counted == key, ReportDay.day.in_(missing))):
                self._remember(key, day, rows)
        for day, begins, ends in parts:
            found = None if day is None else self._remembered.get((key, day))
            if found is None:
                found = count.rows(db, span.zone, begins, ends)
                if day is not None:
                    self._remember(key, day, found)
            yield found

    def _remember(self, key: str, day: date, rows: Rows) -> None:
        while len(self._remembered) >= _REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[key, day] = rows


def _parts(span: Span) -> Iterator[tuple[date | None, datetime, datetime]]:
    """Yield from when until when each day of a time is, and the day itself if it is whole, and over."""
    begins = span.since
    while begins < span.until:
        day = begins.astimezone(span.zone).date()
        midnight, next_midnight = _bounds(day, span.zone)
        ends = min(next_midnight, span.until)
        is_whole = (begins, ends) == (midnight, next_midnight)
        yield day if is_whole and ends + _OVER <= span.now else None, begins, ends
        begins = ends


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def count_next_day(db: Connection, counts: Sequence[Count], zone: ZoneInfo, now: datetime) -> date | None:
    """Keep what came of the newest day that is over and not counted; return it, None where none is left.

    One at a time, because others wait for the worker. Within the caller's transaction. Days older than
    `DAYS_KEPT`, and what no count of these asks for, are deleted.
    """
    by_key = {count.key(zone): count for count in counts}
    newest = (now - _OVER).astimezone(zone).date() - timedelta(days=1)
    oldest = newest - timedelta(days=DAYS_KEPT - 1)
    db.execute(delete(ReportDay).where(or_(ReportDay.day < oldest, ReportDay.counted.not_in(by_key))))
    first = db.scalar(select(func.min(Call.started_at)))
    if first is None:
        return None
    kept = {(key, day) for key, day in db.execute(select(ReportDay.counted, ReportDay.day))}
    oldest = max(oldest, first.astimezone(zone).date())
    days = (newest - timedelta(days=ago) for ago in range((newest - oldest).days + 1))
    day = next((day for day in days if any((key, day) not in kept for key in by_key)), None)
    for key, count in by_key.items():
        if day is not None and (key, day) not in kept:
            rows = count.rows(db, zone, *_bounds(day, zone))
            values = {"counted": key, "day": day, "rows": rows, "counted_at": now}
            db.execute(insert(ReportDay).values(values).on_conflict_do_nothing())
    return day
