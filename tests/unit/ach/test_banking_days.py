"""Banking days, cutoffs and effective dates by the Federal Reserve's calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ach.banking_days import (
    CutoffRule,
    PickUps,
    is_banking_day,
    load_calendar,
    next_banking_day,
)

ZONE = ZoneInfo("America/New_York")
RULE = CutoffRule(time(17), ZONE)

HOLIDAYS = """
2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25
2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25
2028-01-17 2028-02-21 2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-10-09 2028-11-23 2028-12-25
"""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_the_weekdays_off_are_exactly_the_federal_reserves():
    day, closed = date(2026, 1, 1), []
    while day.year < 2029:
        if day.weekday() < 5 and not is_banking_day(day):
            closed.append(day.isoformat())
        day += timedelta(days=1)
    assert closed == HOLIDAYS.split()


@pytest.mark.parametrize("day", ["2026-07-04", "2026-11-21", "2026-11-22"])
def test_weekends_are_closed(day):
    assert not is_banking_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("called", "before", "after"),
    [
        ("2026-07-02", "2026-07-03", "2026-07-06"),  # Independence Day on a Saturday: open on Friday
        ("2026-11-25", "2026-11-27", "2026-11-30"),  # Thanksgiving
        ("2026-12-24", "2026-12-28", "2026-12-29"),  # Christmas on a Friday
        ("2027-06-17", "2027-06-18", "2027-06-21"),  # Juneteenth on a Saturday
        ("2027-07-02", "2027-07-06", "2027-07-07"),  # Independence Day on a Sunday: closed on Monday
        ("2027-12-23", "2027-12-24", "2027-12-27"),  # Christmas on a Saturday
        ("2028-11-09", "2028-11-10", "2028-11-13"),  # Veterans Day on a Saturday
    ],
)
def test_the_debit_takes_effect_one_banking_day_after_its_cutoff(called, before, after):
    last_moment = local(f"{called}T16:59:59")
    too_late = local(f"{called}T17:00:00")
    assert RULE.debit_dates(last_moment).effective_entry_date == date.fromisoformat(before)
    assert RULE.debit_dates(too_late).effective_entry_date == date.fromisoformat(after)


@pytest.mark.parametrize(
    ("ready", "mailed", "debited"),
    [
        ("2026-12-17T15:59:59", "2026-12-17", "2026-12-18"),
        ("2026-12-17T16:00:00", "2026-12-18", "2026-12-21"),  # at the hour is after it
        ("2026-12-17T17:00:00", "2026-12-18", "2026-12-21"),
        ("2026-12-18T16:30:00", "2026-12-21", "2026-12-22"),  # a Friday
        ("2026-12-19T09:00:00", "2026-12-21", "2026-12-22"),
        ("2026-12-24T16:30:00", "2026-12-28", "2026-12-29"),  # Christmas on a Friday
    ],
)
def test_a_letter_is_mailed_at_the_next_pick_up_and_the_debit_is_a_banking_day_later(ready, mailed, debited):
    assert RULE.mailing_date(local(ready)) == date.fromisoformat(mailed)
    assert RULE.debit_dates(local(ready), by_letter=True).effective_entry_date == date.fromisoformat(debited)


def test_pick_ups_have_days_and_an_hour_of_their_own():
    twice_a_week = CutoffRule(
        time(17), ZONE, frozenset({date(2026, 12, 22)}), PickUps(frozenset({1, 3}), time(9))
    )
    assert twice_a_week.mailing_date(local("2026-12-17T08:59:00")) == date(2026, 12, 17)
    assert twice_a_week.mailing_date(local("2026-12-17T09:00:00")) == date(2026, 12, 24)  # the bank is closed
    told = date(2027, 1, 4)
    dates = twice_a_week.debit_dates(local("2026-12-17T09:00:00"), told, by_letter=True)
    assert dates.effective_entry_date == told


@pytest.mark.parametrize(
    ("now", "cutoff"),
    [
        ("2026-12-18T10:15:00-05:00", "2026-12-18T22:00:00+00:00"),
        ("2026-12-18T17:00:00-05:00", "2026-12-21T22:00:00+00:00"),  # at the cutoff is after it
        ("2026-12-19T09:00:00-05:00", "2026-12-21T22:00:00+00:00"),  # a Saturday
        ("2026-12-25T09:00:00-05:00", "2026-12-28T22:00:00+00:00"),  # a holiday
        ("2026-12-19T02:00:00+00:00", "2026-12-21T22:00:00+00:00"),  # Friday evening there, Saturday in UTC
        ("2026-03-06T18:00:00-05:00", "2026-03-09T21:00:00+00:00"),  # over the night clocks go forward
        ("2026-10-30T18:00:00-04:00", "2026-11-02T22:00:00+00:00"),  # over the night they go back
        ("2026-12-31T18:00:00-05:00", "2027-01-04T22:00:00+00:00"),  # into another year
    ],
)
def test_the_cutoff_is_the_banks_clock_time(now, cutoff):
    found = RULE.next_cutoff(datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(cutoff)
    assert found.tzinfo is UTC


def test_a_late_cutoff_belongs_to_its_own_banking_day_there():
    rule = CutoffRule(time(23, 30), ZONE)
    cutoff = rule.next_cutoff(local("2026-12-17T22:00:00"))
    assert cutoff.date() == date(2026, 12, 18)  # already tomorrow in UTC
    assert rule.effective_entry_date(cutoff) == date(2026, 12, 18)


@pytest.mark.parametrize(
    ("not_before", "cutoff", "effective"),
    [
        (None, "2026-12-18", "2026-12-21"),
        ("2026-12-18", "2026-12-18", "2026-12-21"),
        ("2026-12-21", "2026-12-18", "2026-12-21"),
        ("2026-12-22", "2026-12-21", "2026-12-22"),
        ("2026-12-25", "2026-12-24", "2026-12-28"),  # told a holiday: the next banking day
        ("2027-01-05", "2027-01-04", "2027-01-05"),
    ],
)
def test_the_debit_is_never_earlier_than_the_date_told(not_before, cutoff, effective):
    told = date.fromisoformat(not_before) if not_before else None
    dates = RULE.debit_dates(local("2026-12-18T10:00:00"), told)
    assert dates.cutoff_at == local(f"{cutoff}T17:00:00")
    assert dates.effective_entry_date == date.fromisoformat(effective)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2035, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.times(timezones=st.none()),
)
def test_a_cutoff_is_ahead_on_a_banking_day_with_none_between(now, cutoff_time):
    rule = CutoffRule(cutoff_time, ZONE)
    cutoff = rule.next_cutoff(now)
    day = cutoff.astimezone(ZONE).date()
    assert cutoff > now
    assert cutoff == datetime.combine(day, cutoff_time, ZONE).astimezone(UTC)
    between = now.astimezone(ZONE).date()
    while between < day:
        skipped = datetime.combine(between, cutoff_time, ZONE).astimezone(UTC)
        assert not is_banking_day(between) or skipped <= now
        between += timedelta(days=1)
    assert next_banking_day(day) == rule.effective_entry_date(cutoff) > day


def test_loading_ahead_changes_no_answer():
    load_calendar(date(2030, 6, 1))
    assert not is_banking_day(date(2031, 1, 1))
    assert is_banking_day(date(2030, 6, 3))
