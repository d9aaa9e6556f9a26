"""Coverage while a bill is not paid: the program's two published examples, for every month there is."""

from datetime import date

import pytest

from ivr.billing.coverage import CLOCKS, clock_of, last_day_to_pay, months_later

DUE_DATES = [date(2025 + (month + 11) // 12, (month + 11) % 12 + 1, 23) for month in range(24)]


@pytest.mark.parametrize(
    ("assistance", "last"),
    [
        (None, date(2027, 1, 23)),
        ("none", date(2027, 1, 23)),
        ("tax_credit", date(2027, 3, 23)),
        ("connectorcare", date(2027, 3, 23)),
    ],
)
def test_the_last_day_for_a_january_that_was_due_in_december(assistance, last):
    assert last_day_to_pay(date(2026, 12, 23), assistance) == last


@pytest.mark.parametrize("missed", DUE_DATES, ids=str)
def test_every_month_of_two_years_weekends_included(missed):
    number = missed.year * 12 + missed.month - 1
    for assistance, months in (("none", 1), ("tax_credit", 3), ("connectorcare", 3)):
        last = last_day_to_pay(missed, assistance)
        assert (last.year * 12 + last.month - 1, last.day) == (number + months, 23)


def test_each_clock_says_since_when_and_by_what():
    assert [clock.assistance for clock in CLOCKS] == ["none", "tax_credit", "connectorcare"]
    assert all(clock.source and clock.since <= clock.seen for clock in CLOCKS)
    assert clock_of(None) == CLOCKS[0]


def test_a_later_month_may_be_of_another_year():
    assert months_later(date(2026, 12, 23), 1) == date(2027, 1, 23)
    assert months_later(date(2026, 11, 23), 13) == date(2027, 12, 23)
