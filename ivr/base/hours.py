"""Opening hours as a setting writes them: `Mon-Fri 08:00-18:00; Sat 09:00-12:00`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

MINUTES_A_DAY = 24 * 60
Part = Literal["morning", "afternoon"]
_PARTS: Final[Mapping[Part, tuple[int, int]]] = {
    "morning": (0, MINUTES_A_DAY // 2),
    "afternoon": (MINUTES_A_DAY // 2, MINUTES_A_DAY),
}
_DAYS_AHEAD: Final = 60  # nobody is closed for longer
_WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAY = "(" + "|".join(_WEEKDAYS) + ")"
_TIME = r"(\d\d):(\d\d)"
_SPAN = re.compile(rf"{_DAY}(?:-{_DAY})? {_TIME}-{_TIME}", re.IGNORECASE | re.ASCII)
_CURE = "write hours such as Mon-Fri 08:00-18:00; Sat 09:00-12:00"


@dataclass(frozen=True, slots=True)
class OpenHours:
    """One span of opening hours, the same on consecutive weekdays.

    `weekdays` count from Monday, 0; `opens_minutes` and `closes_minutes` count from midnight, local time.
    """

    weekdays: tuple[int, ...]
    opens_minutes: int
    closes_minutes: int

    @property
    def all_day(self) -> bool:
        """Whether the span lasts from midnight to midnight."""
        return self.opens_minutes == 0 and self.closes_minutes == MINUTES_A_DAY

    @property
    def every_day(self) -> bool:
        """Whether the span holds on all seven weekdays."""
        return len(self.weekdays) == len(_WEEKDAYS)


@lru_cache(64)  # each turn asks whether agents answer, and there are few hours
def parse_hours(text: str) -> tuple[OpenHours, ...]:
    """Read opening hours: spans separated by semicolons, each a weekday or a range of them and two times.

    Times are 00:00 to 24:00, local. Raises `ValueError`, saying what to write, for anything else: no span,
    a span that closes before it opens, spans that overlap.
    """
    spans = tuple(_parse_span(" ".join(part.split())) for part in text.split(";"))
    for number, span in enumerate(spans):
        for other in spans[:number]:
            if _overlap(span, other):
                raise ValueError(f"two spans of hours overlap: {_CURE}")
    return spans


def is_open(hours: tuple[OpenHours, ...], local_datetime: datetime) -> bool:
    """Whether a moment, already in local time, lies within the hours; the closing minute itself does not."""
    minutes = local_datetime.hour * 60 + local_datetime.minute
    weekday = local_datetime.weekday()
    return any(
        weekday in span.weekdays and span.opens_minutes <= minutes < span.closes_minutes for span in hours
    )


def _parse_span(text: str) -> OpenHours:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no span of hours: {_CURE}")
    first_name, last_name, *numbers = match.groups()
    first = _WEEKDAYS[first_name.lower()]
    last = _WEEKDAYS[(last_name or first_name).lower()]
    opens_hour, opens_minute, closes_hour, closes_minute = map(int, numbers)
    opens, closes = opens_hour * 60 + opens_minute, closes_hour * 60 + closes_minute
    if max(opens_minute, closes_minute) > 59 or not opens < closes <= MINUTES_A_DAY:
        raise ValueError(f"{text!r} must open before it closes, between 00:00 and 24:00: {_CURE}")
    weekdays = tuple((first + step) % 7 for step in range((last - first) % 7 + 1))
    return OpenHours(weekdays, opens, closes)


def _overlap(one: OpenHours, other: OpenHours) -> bool:
    same_day = not set(one.weekdays).isdisjoint(other.weekdays)
    return same_day and one.opens_minutes < other.closes_minutes and other.opens_minutes < one.closes_minutes


@dataclass(frozen=True, slots=True)
class Season:
    """Days, both included, on which other hours count; `hours` is written as a setting writes them."""

    first: date
    last: date
    hours: str


@dataclass(frozen=True, slots=True)
class Opening:
    """When agents answer: the `usual` hours as the setting has them, seasons, and days on which nobody does.

    Who always answers has neither season nor holiday.
    """

    usual: str
    seasons: tuple[Season, ...] = ()
    holidays: frozenset[date] = frozenset()

    @property
    def _always(self) -> bool:
        return all(span.all_day and span.every_day for span in parse_hours(self.usual))

    def hours_of(self, day: date) -> str:
        """Return the hours that are told on a day, as a setting writes them."""
        found = (season.hours for season in self.seasons if season.first <= day <= season.last)
        return self.usual if self._always else next(found, self.usual)

    def is_open(self, local_datetime: datetime) -> bool:
        """Whether agents answer at a moment that is already in local time."""
        day = local_datetime.date()
        return (self._always or day not in self.holidays) and is_open(
            parse_hours(self.hours_of(day)), local_datetime
        )

    def next_day(self, local_datetime: datetime, part: Part) -> date:
        """Return the first day on which agents still answer in a part of the day, from a moment on."""
        day, minutes = local_datetime.date(), local_datetime.hour * 60 + local_datetime.minute
        for _ in range(_DAYS_AHEAD):
            if self._answers_in(day, part, minutes):
                return day
            day, minutes = day + timedelta(days=1), 0
        return day

    def _answers_in(self, day: date, part: Part, after_minutes: int) -> bool:
        begins, ends = _PARTS[part]
        from_minutes = max(begins, after_minutes)
        return (self._always or day not in self.holidays) and any(
            day.weekday() in span.weekdays
            and max(span.opens_minutes, from_minutes) < min(span.closes_minutes, ends)
            for span in parse_hours(self.hours_of(day))
        )
