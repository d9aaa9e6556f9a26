"""Which channel comes next: promised first, none twice, patience with a carrier that is down."""

from datetime import UTC, datetime, timedelta

import pytest

from ivr.notices.channels import CHANNELS
from ivr.notices.plan import Tried, next_channel, patient_until, still_counting

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
ALL = frozenset(CHANNELS)


def tries(*outcomes, ago_minutes=0):
    """Attempts numbered from 1; the newest ended so many minutes ago."""
    at = NOW - timedelta(minutes=ago_minutes)
    return [
        Tried(number, *outcome.split(), at, None if outcome.endswith("sending") else at)
        for number, outcome in enumerate(outcomes, start=1)
    ]


def step(promised="sms", possible=ALL, tried=(), *, patience_minutes=60, asked_after=None):
    patience = NOW + timedelta(minutes=patience_minutes)
    counting = still_counting(tried, asked_after)
    return next_channel(promised, possible, counting, now=NOW, patient_until=patience)


@pytest.mark.parametrize(
    ("promised", "possible", "outcomes", "channel"),
    [
        ("sms", ALL, [], "sms"),
        ("email", ALL, [], "email"),
        ("letter", ALL, [], "letter"),
        ("sms", {"email", "letter"}, [], "email"),
        ("email", {"sms", "letter"}, [], "sms"),
        ("letter", {"sms", "email"}, [], "sms"),
        ("sms", ALL, ["sms failed"], "email"),
        ("sms", ALL, ["sms unknown"], "email"),
        ("sms", ALL, ["sms undelivered"], "email"),
        ("email", ALL, ["email failed"], "sms"),
        ("sms", ALL, ["sms failed", "email unknown"], "letter"),
        ("sms", ALL, ["sms failed", "email failed", "letter failed"], None),
        ("sms", {"sms"}, ["sms delivered"], None),
        ("sms", {"sms"}, ["sms later", "sms failed"], None),
        ("sms", set(), [], None),
    ],
)
def test_the_next_channel(promised, possible, outcomes, channel):
    assert step(promised, possible, tries(*outcomes)) == channel


@pytest.mark.parametrize(
    ("laters", "pause_minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (40, 30)]
)
def test_a_carrier_that_is_down_is_asked_again_after_growing_pauses(laters, pause_minutes):
    outcomes = ["sms later"] * laters
    assert step(tried=tries(*outcomes, ago_minutes=pause_minutes - 0.1)) == "wait"
    assert step(tried=tries(*outcomes, ago_minutes=pause_minutes)) == "sms"


def test_patience_ends_and_the_next_channel_takes_over():
    assert step(tried=tries("sms later"), patience_minutes=0) == "email"
    assert step(tried=tries("sms later", "email later"), patience_minutes=0) == "letter"
    everything = tries("sms later", "email later", "letter failed")
    assert step(tried=everything, patience_minutes=0) == "wait"


def test_the_last_channel_is_asked_as_long_as_it_takes():
    assert step(possible={"letter"}, tried=tries("letter later"), patience_minutes=0) == "wait"
    old = tries("letter later", ago_minutes=1)
    assert step(possible={"letter"}, tried=old, patience_minutes=0) == "letter"


def test_a_person_reopens_what_failed_or_waits_but_nothing_that_may_have_been_taken():
    failed = tries("sms failed", "email unknown", "letter failed")
    assert step(tried=failed, asked_after=3) == "sms"
    assert step(tried=failed, asked_after=0) is None
    assert step(tried=[*failed, Tried(4, "sms", "failed", NOW, NOW)], asked_after=3) == "letter"
    assert step(possible={"email"}, tried=failed, asked_after=3) is None
    assert step(tried=tries("sms later"), asked_after=1) == "sms"


def test_patience_lasts_two_hours_but_not_into_the_last_one_before_the_cutoff():
    assert patient_until(NOW, NOW + timedelta(hours=6)) == NOW + timedelta(hours=2)
    assert patient_until(NOW, NOW + timedelta(hours=2)) == NOW + timedelta(hours=1)
    assert patient_until(NOW, NOW + timedelta(minutes=5)) < NOW
