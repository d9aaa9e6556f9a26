"""Shapes: enough to make up another value, too little to know this one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.topics.masks import Since, bucket_cents, money_shape
from ivr.topics.registry import shapes_of

SINCE = Since(date(2026, 12, 18), datetime(2026, 12, 18, 15, 15, tzinfo=UTC))
CENTS = st.integers(0, 9_999_999)


@pytest.mark.parametrize(
    ("slot", "value", "shape"),
    [
        ("total", 31015, "250-500"),
        ("total", 0, "0"),
        ("total", 1, "0-1"),
        ("total", 99, "0-1"),
        ("total", 100, "1-10"),
        ("keyed_amount", 25_000, "250-500"),
        ("keyed_amount", 24_999, "100-250"),
        ("amount", 1_000_000, "10000-"),
        ("due_date", "2026-12-23", "+5d"),
        ("past_due_date", "2026-11-23", "-25d"),
        ("due_date", "", "empty"),
        ("call_date", "2026-12-18", "+0d"),
        ("recent_at", "2026-12-18T09:30-05:00", "-1h"),
        ("as_of", "2026-12-18T10:15:00-05:00", "+0h"),
        ("cutoff", "2026-12-18T17:00-05:00", "+6h"),
        ("cutoff", "", "empty"),
        ("recent_shown", 2, "2"),
        ("returned_amount", 31015, "250-500"),
        ("returned_date", "2026-12-14", "-4d"),
        ("returned_reason", "account_closed", "account_closed"),
        ("plan", "dental", "dental"),
        ("account_type", "savings", "savings"),
        ("channel", "sms", "sms"),
        ("member_last4", "0101", "4 digits"),
        ("account_last4", "5678", "4 digits"),
        ("routing_number", "021000021", "9 digits"),
        ("confirmation_number", "51370537879", "11 digits"),
        ("member_id", "400000000101", "given"),
        ("dental_account", "", "empty"),
        ("health_account", "740000101", "given"),
        ("words_heard", "yes I authorize", "given"),
        ("confidence", "", "empty"),
        ("support_phone", "+18005550100", "given"),
        ("nobody_knows", "1234", "?"),
    ],
)
def test_shape(slot, value, shape):
    assert shapes_of({slot: value}, SINCE) == {slot: shape}


@given(CENTS)
def test_an_amount_lies_in_its_bucket_and_only_there(cents):
    shape = money_shape(cents, SINCE)
    assert cents in bucket_cents(shape)
    assert all(
        money_shape(other, SINCE) == shape for other in (bucket_cents(shape)[0], bucket_cents(shape)[-1])
    )


@given(CENTS, st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_a_shape_does_not_say_the_amount(cents, day):
    assert len(bucket_cents(money_shape(cents, SINCE))) > 1 or cents == 0
    shift = day - SINCE.call_date
    assert shapes_of({"due_date": day.isoformat()}, SINCE) == {"due_date": f"{shift.days:+d}d"}
    later = SINCE.started_at + timedelta(days=shift.days, minutes=59)
    assert shapes_of({"cutoff": later.isoformat()}, SINCE) == {"cutoff": f"{shift.days * 24:+d}h"}


def test_no_bucket():
    with pytest.raises(ValueError, match="no bucket"):
        bucket_cents("given")
