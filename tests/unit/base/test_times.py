"""Days and times as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivr.base.times import WrittenTimeError, parse_day, parse_instant, parse_time, span

ZONE = ZoneInfo("America/New_York")
FRIDAY = date(2026, 12, 18)
NOW = datetime(2026, 12, 19, 2, tzinfo=UTC)  # still Friday by the bank's clock


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("tuesday", date(2026, 12, 15)),
        ("Tue", date(2026, 12, 15)),
        ("friday", FRIDAY),
        ("saturday", date(2026, 12, 12)),
        ("today", FRIDAY),
        ("yesterday", date(2026, 12, 17)),
        ("2026-12-15", date(2026, 12, 15)),
    ],
)
def test_day(text, day):
    assert parse_day(text, FRIDAY) == day


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("21:00", time(21)),
        ("9", time(9)),
        ("9pm", time(21)),
        ("9:30 PM", time(21, 30)),
        ("12am", time(0)),
        ("12pm", time(12)),
    ],
)
def test_time(text, at):
    assert parse_time(text) == at


@pytest.mark.parametrize("text", ["24", "nine", "13pm", "0am", "9:60", ""])
def test_no_time(text):
    with pytest.raises(WrittenTimeError, match="is no time of day: write 21:00 or 9pm"):
        parse_time(text)


@pytest.mark.parametrize("text", ["someday", "2026-13-01", ""])
def test_no_day(text):
    with pytest.raises(WrittenTimeError, match="is no day: write a day such as tuesday"):
        parse_day(text, FRIDAY)


def test_instant():
    assert parse_instant("2026-12-18", ZONE) == datetime(2026, 12, 18, 5, tzinfo=UTC)
    assert parse_instant("2026-12-18", ZONE, end_of_day=True) == datetime(2026, 12, 19, 5, tzinfo=UTC)
    assert parse_instant("2026-12-18T21:00", ZONE, end_of_day=True) == datetime(2026, 12, 19, 2, tzinfo=UTC)
    assert parse_instant("2026-12-18T21:00+00:00", ZONE) == datetime(2026, 12, 18, 21, tzinfo=UTC)
    with pytest.raises(
        WrittenTimeError, match="'18 Dec' is no day or instant: write yesterday, tuesday, 2026-12-18 or"
    ):
        parse_instant("18 Dec", ZONE)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_span():
    assert span(ZONE, NOW) == (None, None)
    assert span(ZONE, NOW, since="2026-12-18") == (local("2026-12-18T00:00"), None)
    assert span(ZONE, NOW, since="yesterday", until="Yesterday") == span(ZONE, NOW, on="yesterday")
    assert span(ZONE, NOW, since="tue") == (span(ZONE, NOW, on="tuesday")[0], None)
    assert span(ZONE, NOW, on="tuesday") == (local("2026-12-15T00:00"), local("2026-12-16T00:00"))
    assert span(ZONE, NOW, on="tue", around="9pm") == (local("2026-12-15T20:15"), local("2026-12-15T21:46"))
    assert span(ZONE, NOW, around="0:10") == (local("2026-12-17T23:25"), local("2026-12-18T00:56"))
    for day, around in (("9999-12-31", None), ("9999-12-31", "23:59"), ("0001-01-01", "0:10")):
        with pytest.raises(WrittenTimeError, match="is no day of a call: write a day such as tuesday"):
            span(ZONE, NOW, on=day, around=around)


NIGHTS = [
    # Clocks show one to two o'clock twice on November 1, and never two to three on March 8.
    ("2026-11-01", "1:00", "2026-11-01T00:15-04:00", "2026-11-01T01:46-05:00"),
    ("2026-11-01", "1:50", "2026-11-01T01:05-04:00", "2026-11-01T02:36-05:00"),
    ("2026-03-08", "1:30", "2026-03-08T00:45-05:00", "2026-03-08T03:16-04:00"),
    ("2026-03-08", "3:00", "2026-03-08T01:15-05:00", "2026-03-08T03:46-04:00"),
]


@pytest.mark.parametrize(("day", "around", "begins", "ends"), NIGHTS)
def test_around_a_time_in_the_night_that_clocks_are_set(day, around, begins, ends):
    assert span(ZONE, NOW, on=day, around=around) == tuple(map(datetime.fromisoformat, (begins, ends)))


def test_a_time_that_clocks_show_twice_is_meant_whole():
    shown = "2026-11-01T01:30"
    assert span(ZONE, NOW, since=shown, until=shown) == (
        datetime.fromisoformat(f"{shown}-04:00"),
        datetime.fromisoformat(f"{shown}-05:00"),
    )
