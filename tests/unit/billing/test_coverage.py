"""Coverage while a bill is not paid: the program's two published examples, for every month there is."""

from datetime import date, timedelta

import pytest

from ivr.billing.coverage import CLOCKS, clock_of, keeping, last_day_to_pay, months_later, start_after
from ivr.billing.ledger import Balance

PREMIUM_CENTS = 31015
DUE_DATES = [months_later(date(2025, 12, 23), month) for month in range(24)]


def balance(today, missed, assistance, *, paid_through_month=None):
    """What is owed of a premium that was due on `missed` and on each due date billed since: by the tenth."""
    due = [months_later(missed, month) for month in range(6)]
    bills = [(day, PREMIUM_CENTS) for day in due if day <= missed or day.replace(day=10) <= today]
    past = [day for day, _ in bills if day < today]
    owed = PREMIUM_CENTS * len(bills)
    return Balance(
        plan="health",
        billing_account="740000101",
        balance_cents=owed,
        past_due_cents=PREMIUM_CENTS * len(past),
        current_cents=owed - PREMIUM_CENTS * len(past),
        credit_cents=0,
        pending_cents=0,
        past_due_date=past[0] if past else None,
        due_date=next((day for day, _ in bills if day >= today), None),
        first_payment=False,
        as_of_at=None,
        bills=tuple(bills),
        assistance=assistance,
        paid_through_month=paid_through_month,
    )


def days_of(month):
    """Every day of the due month that is after the one before, and up to its own."""
    first, last = months_later(month, -1), month
    return [first + timedelta(days=count) for count in range(1, (last - first).days + 1)]


@pytest.mark.parametrize("missed", DUE_DATES, ids=str)
def test_without_help_it_ends_on_the_next_due_date_back_to_the_last_paid_month(missed):
    """Published: January unpaid on December 23 and on January 23 ends on December 31."""
    last = months_later(missed, 1)
    for today in days_of(last):
        kept = keeping(balance(today, missed, "none"), today)
        assert (kept.amount_cents, kept.pay_by, kept.last_day) == (PREMIUM_CENTS, last, last)
        assert kept.ends == months_later(missed.replace(day=1), 1) - timedelta(days=1)
    after = last + timedelta(days=1)
    assert keeping(balance(after, missed, "none"), after) is None


@pytest.mark.parametrize("assistance", ["tax_credit", "connectorcare"])
@pytest.mark.parametrize("missed", DUE_DATES, ids=str)
def test_with_help_all_that_is_billed_is_due_on_each_of_three_due_dates(missed, assistance):
    """Published: January and February by January 23, through March by February 23, April by March 23; else it
    ends on January 31."""
    last = months_later(missed, 3)
    for number in (1, 2, 3):
        pay_by = months_later(missed, number)
        for today in days_of(pay_by):
            kept = keeping(balance(today, missed, assistance), today)
            billed = number + (today >= pay_by.replace(day=10))
            assert (kept.amount_cents, kept.pay_by) == (billed * PREMIUM_CENTS, pay_by)
            assert kept.last_day == last
            assert kept.ends == months_later(missed.replace(day=1), 2) - timedelta(days=1)
    after = last + timedelta(days=1)
    assert keeping(balance(after, missed, assistance), after) is None


def test_the_published_january_to_the_day():
    missed, today = date(2026, 12, 23), date(2027, 1, 11)
    none, credit = (keeping(balance(today, missed, each), today) for each in ("none", "tax_credit"))
    assert (none.amount_cents, none.pay_by, none.ends) == (31015, date(2027, 1, 23), date(2026, 12, 31))
    assert (credit.amount_cents, credit.pay_by) == (62030, date(2027, 1, 23))
    assert (credit.last_day, credit.ends) == (date(2027, 3, 23), date(2027, 1, 31))


def test_nothing_past_due_has_no_clock():
    today = date(2026, 12, 23)
    assert keeping(balance(today, today, "none"), today) is None


def test_the_accounts_file_says_through_which_month_is_paid():
    today = date(2026, 12, 28)
    owed = balance(today, date(2026, 12, 23), "none", paid_through_month="2026-11")
    assert keeping(owed, today).ends == date(2026, 11, 30)


def test_of_an_account_that_no_file_names_the_shorter_clock_is_told():
    assert last_day_to_pay(date(2026, 12, 23), None) == date(2027, 1, 23)
    assert clock_of(None) == CLOCKS[0]


def test_each_clock_says_since_when_and_by_what():
    assert [clock.assistance for clock in CLOCKS] == ["none", "tax_credit", "connectorcare"]
    assert all(clock.source and clock.since <= clock.seen for clock in CLOCKS)


def test_a_month_that_is_too_short_has_its_last_day():
    assert months_later(date(2026, 8, 31), 1) == date(2026, 9, 30)
    assert months_later(date(2026, 11, 23), 13) == date(2027, 12, 23)


def test_a_first_payment_that_is_missed_starts_on_the_first_of_the_following_month():
    assert start_after(date(2026, 12, 23)) == date(2027, 1, 1)
    assert start_after(date(2026, 12, 24)) == date(2027, 2, 1)
