"""Days and times as people write them: `tuesday`, `2026-12-15`, `2026-12-15T21:00`, `9pm`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AROUND = timedelta(minutes=45)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.IGNORECASE | re.ASCII)
_DAY_CURE = "write a day such as tuesday, yesterday or 2026-12-15"
_INSTANT_CURE = "write yesterday, tuesday, 2026-12-18 or 2026-12-18T21:00"


class WrittenTimeError(ValueError):
    """A day or time that cannot be read; the message says how to write it."""


def parse_instant(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime:
    """Read a date, alone or with a time; without an offset it is by the clock of `zone`.

    A date alone is its first moment, or with `end_of_day` the first moment after it. A time that clocks show
    twice in a night is meant the first time, or with `end_of_day` the second. Raises `WrittenTimeError`.
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            day = date.fromisoformat(text) + timedelta(days=end_of_day)
            return datetime.combine(day, time(), zone)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise WrittenTimeError(f"{text!r} is no day or instant: {_INSTANT_CURE}.") from None
    if instant.tzinfo is not None:
        return instant
    return _last(instant, zone) if end_of_day else _first(instant, zone)


def parse_day(text: str, today: date) -> date:
    """Read a day: a weekday is the last one that has come, today included. Raises `WrittenTimeError`."""
    try:
        return _named_day(text, today) or date.fromisoformat(text.strip())
    except ValueError:
        raise WrittenTimeError(f"{text!r} is no day: {_DAY_CURE}.") from None


def _named_day(text: str, today: date) -> date | None:
    """Return the day that a word means, None for anything else."""
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    weekday = next((number for number, name in enumerate(WEEKDAYS) if word in {name, name[:3]}), None)
    return None if weekday is None else today - timedelta(days=(today.weekday() - weekday) % 7)


def parse_time(text: str) -> time:
    """Read a time of day: `21:00`, `21`, `9pm`, `9:30 pm`. Raises `WrittenTimeError`."""
    parts = _TIME.fullmatch(text.strip())
    hour, minute = (int(parts[1]), int(parts[2] or 0)) if parts else (24, 0)
    half = (parts[3] or "").lower() if parts else ""
    if half:
        hour = 24 if not 1 <= hour <= 12 else hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise WrittenTimeError(f"{text!r} is no time of day: write 21:00 or 9pm.")
    return time(hour, minute)


def span(
    zone: ZoneInfo,
    now: datetime,
    *,
    since: str | None = None,
    until: str | None = None,
    on: str | None = None,
    around: str | None = None,
) -> tuple[datetime | None, datetime | None]:
    """Return from when (inclusive) until when (exclusive) calls are meant, None where there is no limit.

    `on` is a day; with `around`, three quarters of an hour before and after that time of it (today without
    `on`). The two ways of saying it are not mixed. Raises `WrittenTimeError`.
    """
    today = now.astimezone(zone).date()
    if on is None and around is None:
        return (
            None if since is None else parse_instant(_dated(since, today), zone),
            None if until is None else parse_instant(_dated(until, today), zone, end_of_day=True),
        )
    day = today if on is None else parse_day(on, today)
    try:
        if around is None:
            return datetime.combine(day, time(), zone), datetime.combine(
                day + timedelta(days=1), time(), zone
            )
        middle = datetime.combine(day, parse_time(around))
        return _first(middle - AROUND, zone), _last(middle + AROUND + timedelta(minutes=1), zone)
    except OverflowError:
        raise WrittenTimeError(f"{on!r} is no day of a call: {_DAY_CURE}.") from None


def _dated(text: str, today: date) -> str:
    """Write a day that was named as a date; anything else stays as it is."""
    day = _named_day(text, today)
    return text if day is None else day.isoformat()


def _first(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which clocks in `zone` show this; the night they are set back has two."""
    return min(_shown(local, zone))


def _last(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the last such instant."""
    return max(_shown(local, zone))


def _shown(local: datetime, zone: ZoneInfo) -> list[datetime]:
    return [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
