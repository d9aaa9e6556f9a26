"""What a call in the last five days before a premium is due is told about settling, for years ahead and one past.

The files in tests/ach/golden hold the answers. Here the Federal Reserve's rule is written out once more, without
a library, and all three must agree: the files, this rule, and the code.
"""

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from holidays import financial_holidays

from ivr.ach.banking_days import (
    CutoffRule,
    add_banking_days,
    is_banking_day,
    next_banking_day,
    previous_banking_day,
)

GOLDEN = Path(__file__).parents[2] / "ach" / "golden"
ZONE = ZoneInfo("America/New_York")
FIVE = time(17)
RULE = CutoffRule(FIVE, ZONE)
DAY = timedelta(days=1)


def table(name):
    with (GOLDEN / name).open() as file:
        return [{key: date.fromisoformat(text) for key, text in row.items()} for row in csv.DictReader(file)]


YEARS_AHEAD = table("due_dates_2026_2030.csv")
PUBLISHED = table("due_dates_2017.csv")


def closed(year):
    """The Federal Reserve's holidays: six by weekday, five by date; a Sunday's is kept on the Monday."""

    def nth(month, weekday, count):
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))

    last_of_may = date(year, 5, 31)
    days = {nth(1, 0, 3), nth(2, 0, 3), nth(9, 0, 1), nth(10, 0, 2), nth(11, 3, 4)}
    days.add(last_of_may - timedelta(days=last_of_may.weekday()))
    by_date = [(1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= 2022 else [])]
    for month, day in by_date:
        holiday = date(year, month, day)
        days.add(holiday + DAY if holiday.weekday() == 6 else holiday)
    return days


def opens(day):
    return day.weekday() < 5 and day not in closed(day.year)


def following(day):
    day += DAY
    while not opens(day):
        day += DAY
    return day


@pytest.mark.parametrize("year", [2016, 2017, *range(2026, 2031)])
def test_the_rule_the_library_and_the_code_agree_on_every_day(year):
    library = financial_holidays("XFED", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        weekday_off = day.weekday() < 5 and day in library
        assert opens(day) == is_banking_day(day) == (day.weekday() < 5 and not weekday_off)
        day += DAY


def test_days_that_calendars_get_wrong():
    assert not is_banking_day(date(2027, 7, 5))
    assert is_banking_day(date(2028, 11, 10))
    assert is_banking_day(date(2026, 7, 3))


def test_the_tables_hold_every_month():
    assert {row["due_date"] for row in YEARS_AHEAD} == {
        date(year, month, 23) for year in range(2026, 2031) for month in range(1, 13)
    }
    pairs = {row["coverage_date"]: row["due_date"] for row in PUBLISHED}
    assert list(pairs) == [date(2017, month, 1) for month in range(1, 13)]
    assert pairs[date(2017, 1, 1)] == date(2016, 12, 23)
    assert pairs[date(2017, 12, 1)] == date(2017, 11, 23)
    for coverage, due in pairs.items():
        assert due == (coverage - DAY).replace(day=23)
    assert len(YEARS_AHEAD) == 60 * 5
    assert len(PUBLISHED) == 12 * 5


def test_the_files_follow_the_rule():
    for row in YEARS_AHEAD + PUBLISHED:
        call = row["call_date"]
        assert 0 <= (row["due_date"] - call).days <= 4
        late = following(following(call))
        assert row["settles_called_at_or_after_cutoff"] == late
        assert row["settles_called_before_cutoff"] == (following(call) if opens(call) else late)


def test_a_call_is_told_what_the_files_say():
    for row in YEARS_AHEAD + PUBLISHED:
        cutoff = datetime.combine(row["call_date"], FIVE, ZONE)
        before = RULE.debit_dates(cutoff - timedelta(seconds=1)).effective_entry_date
        after = RULE.debit_dates(cutoff).effective_entry_date
        assert before == row["settles_called_before_cutoff"], row
        assert after == row["settles_called_at_or_after_cutoff"], row


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-12-24", 5, "2027-01-04"),
        ("2026-12-26", 1, "2026-12-28"),
        ("2026-12-24", 0, "2026-12-24"),
        ("2026-12-25", 0, "2026-12-28"),
        ("2026-12-28", -1, "2026-12-24"),
        ("2027-01-04", -5, "2026-12-24"),
    ],
)
def test_banking_days_are_added(day, count, expected):
    assert add_banking_days(date.fromisoformat(day), count) == date.fromisoformat(expected)


def test_an_extraordinary_closing_counts_everywhere():
    closings = {date(2026, 12, 22)}
    assert not is_banking_day(date(2026, 12, 22), closings)
    assert next_banking_day(date(2026, 12, 21), closings) == date(2026, 12, 23)
    assert previous_banking_day(date(2026, 12, 23), closings) == date(2026, 12, 21)
    assert add_banking_days(date(2026, 12, 21), 1, closings) == date(2026, 12, 23)
    assert add_banking_days(date(2026, 12, 22), 0, closings) == date(2026, 12, 23)
    rule = CutoffRule(FIVE, ZONE, frozenset(closings))
    noon = datetime(2026, 12, 22, 12, tzinfo=ZONE)
    cutoff = datetime(2026, 12, 23, 17, tzinfo=ZONE)
    assert rule.next_cutoff(noon) == cutoff
    monday = datetime(2026, 12, 21, 17, tzinfo=ZONE)
    assert rule.effective_entry_date(monday) == date(2026, 12, 23)
    dates = rule.debit_dates(noon, date(2026, 12, 24))
    assert (dates.cutoff_at, dates.effective_entry_date) == (cutoff, date(2026, 12, 24))
    assert rule.debit_dates(monday - timedelta(hours=1)).effective_entry_date == date(2026, 12, 23)
