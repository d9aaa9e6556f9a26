"""Opening hours as a setting writes them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ivr.base.hours import OpenHours, Opening, Season, is_open, parse_hours

WORKDAYS = (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri 08:00-18:00", (OpenHours(WORKDAYS, 480, 1080),)),
        ("Mon-Fri 08:00-18:00; Sat 09:00-12:00", (OpenHours(WORKDAYS, 480, 1080), OpenHours((5,), 540, 720))),
        ("  tue   08:30-09:05 ", (OpenHours((1,), 510, 545),)),
        ("Sat-Mon 00:00-24:00", (OpenHours((5, 6, 0), 0, 1440),)),
        ("Mon-Sun 00:00-00:01", (OpenHours((0, 1, 2, 3, 4, 5, 6), 0, 1),)),
        ("Mon 08:00-12:00; Mon 12:00-17:00", (OpenHours((0,), 480, 720), OpenHours((0,), 720, 1020))),
    ],
)
def test_reads(text, expected):
    assert parse_hours(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no span"),
        ("Mon-Fri 08:00-18:00;", "is no span"),
        ("Mon-Fri", "is no span"),
        ("Monday 08:00-18:00", "is no span"),
        ("Mon-Fri 8:00-18:00", "is no span"),
        ("Mon-Fri 08:00-18:00 Sat 09:00-12:00", "is no span"),
        ("Mon-Fri ٠٨:00-18:00", "is no span"),
        ("Mon 18:00-08:00", "before it closes"),
        ("Mon 08:00-08:00", "before it closes"),
        ("Mon 08:00-24:01", "before it closes"),
        ("Mon 08:60-18:00", "before it closes"),
        ("Mon 08:00-17:60", "before it closes"),
        ("Mon-Fri 08:00-18:00; Fri-Sat 17:59-19:00", "overlap"),
        ("Sat 09:00-12:00; Tue 09:00-12:00; Fri-Sat 08:00-09:01", "overlap"),
    ],
)
def test_refuses_with_a_cure(text, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        parse_hours(text)
    assert "write hours such as Mon-Fri 08:00-18:00; Sat 09:00-12:00" in str(refused.value)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-18T07:59", False),  # a Friday
        ("2026-12-18T08:00", True),
        ("2026-12-18T17:59:59", True),
        ("2026-12-18T18:00", False),
        ("2026-12-19T10:00", True),
        ("2026-12-19T12:00", False),
        ("2026-12-20T10:00", False),
    ],
)
def test_is_open(moment, expected):
    hours = parse_hours("Mon-Fri 08:00-18:00; Sat 09:00-12:00")
    assert is_open(hours, datetime.fromisoformat(moment)) is expected


def test_open_until_midnight():
    hours = parse_hours("Fri 20:00-24:00")
    assert is_open(hours, datetime.fromisoformat("2026-12-18T23:59"))
    assert not is_open(hours, datetime.fromisoformat("2026-12-19T00:00"))


OPENING = Opening(
    "Mon-Fri 08:00-18:00",
    (Season(date(2026, 11, 1), date(2026, 12, 31), "Mon-Fri 07:00-19:00; Sat 09:00-15:00"),),
    frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-31T10:00", False),  # a Saturday before the season
        ("2026-11-07T10:00", True),
        ("2026-12-18T18:30", True),
        ("2026-12-25T10:00", False),
        ("2027-01-04T18:30", False),
        ("2027-01-04T17:59", True),
    ],
)
def test_seasons_and_holidays_decide_who_answers(moment, expected):
    assert OPENING.is_open(datetime.fromisoformat(moment)) is expected


def test_the_hours_told_are_those_of_the_season():
    assert OPENING.hours_of(date(2026, 12, 31)) == "Mon-Fri 07:00-19:00; Sat 09:00-15:00"
    assert OPENING.hours_of(date(2027, 1, 1)) == "Mon-Fri 08:00-18:00"


def test_who_always_answers_has_neither_season_nor_holiday():
    always = Opening("Mon-Sun 00:00-24:00", OPENING.seasons, OPENING.holidays)
    assert always.is_open(datetime.fromisoformat("2026-12-25T23:59"))
    assert always.hours_of(date(2026, 12, 25)) == "Mon-Sun 00:00-24:00"


@pytest.mark.parametrize(
    ("moment", "part", "day"),
    [
        ("2026-12-18T06:00", "morning", "2026-12-18"),
        ("2026-12-18T12:00", "morning", "2026-12-19"),
        ("2026-12-18T12:00", "afternoon", "2026-12-18"),
        ("2026-12-18T20:00", "afternoon", "2026-12-19"),
        ("2026-12-19T15:00", "afternoon", "2026-12-21"),
        ("2026-12-24T20:00", "morning", "2026-12-26"),
        ("2026-12-31T20:00", "morning", "2027-01-04"),
    ],
)
def test_a_call_back_comes_on_the_next_day_with_somebody_there(moment, part, day):
    assert OPENING.next_day(datetime.fromisoformat(moment), part) == date.fromisoformat(day)
