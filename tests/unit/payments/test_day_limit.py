"""A member's payments by phone in one day have an end, which staff can put off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from support.authorized import CUTOFF, KEYS, NOW, REQUEST, ZONE

from ivr.base.randomness import SecretRandomness
from ivr.payments.authorize import Authorized, Refused, authorize
from ivr.payments.day_limit import PAYMENTS_PER_DAY, day_start, lift_limit, may_pay
from ivr.storage.tables import AuditEvent, LiftedLimit, Payment

MEMBER = REQUEST.member_id
BILLS = {"health": "740000101", "dental": "750000101"}
LAST_SECOND = datetime(2026, 12, 19, 4, 59, 59, tzinfo=UTC)  # of Friday, in Boston

pytestmark = pytest.mark.usefixtures("samples")


def authorize_in(db, hashes, seq, now=NOW, plan="health", **changes):
    """Authorize one cent of a bill, as a call does."""
    request = replace(
        REQUEST, seq=seq, billing_account=BILLS[plan], amount_cents=1, payments_per_day=PAYMENTS_PER_DAY
    )
    request = replace(request, **changes)
    return authorize(db, KEYS, hashes, SecretRandomness(), now=now, cutoff=CUTOFF, request=request)


def say_yes(engine, *arguments, **changes):
    with engine.begin() as db:
        return authorize_in(db, *arguments, **changes)


def fill_the_day(engine, hashes, now=NOW):
    for seq in range(PAYMENTS_PER_DAY):
        plan = ("health", "dental")[seq % 2]
        assert isinstance(say_yes(engine, hashes, seq, now, plan), Authorized)


def can_pay(engine, now):
    with engine.connect() as db:
        return may_pay(db, MEMBER, day_start(now, ZONE))


def test_the_seventh_of_a_day_over_all_bills_is_not_written(engine, hashes):
    fill_the_day(engine, hashes)
    assert not can_pay(engine, NOW)
    for plan, owed_cents in (("health", 31012), ("dental", 4227)):
        assert say_yes(engine, hashes, 99, plan=plan) == Refused("day_limit", owed_cents)
    other = {"member_id": "400000000102", "billing_account": "740000102"}
    assert isinstance(say_yes(engine, hashes, 100, **other), Authorized)


def test_what_was_cancelled_or_came_back_counts(engine, hashes):
    """Whoever tries one account number after another learns from what comes back."""
    fill_the_day(engine, hashes)
    with engine.begin() as db:
        db.execute(update(Payment).values(state="returned", return_code="R03", returned_at=NOW))
    assert say_yes(engine, hashes, 99).reason == "day_limit"


def test_a_day_is_one_of_the_banks_clock(engine, hashes):
    fill_the_day(engine, hashes)
    assert not can_pay(engine, LAST_SECOND)
    assert say_yes(engine, hashes, 98, LAST_SECOND).reason == "day_limit"
    midnight = LAST_SECOND + timedelta(seconds=1)
    assert can_pay(engine, midnight)
    assert isinstance(say_yes(engine, hashes, 99, midnight), Authorized)


@pytest.mark.parametrize("day", [datetime(2026, 3, 8, 12, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)])
def test_a_day_on_which_the_clock_is_changed_begins_at_its_midnight(day):
    began = day_start(day, ZONE)
    assert (began.date(), began.hour, began.utcoffset()) == (
        day.date(),
        0,
        datetime(day.year, day.month, day.day, tzinfo=ZONE).utcoffset(),
    )


def test_calls_at_once_share_the_number(engine, hashes):
    """One that pays another bill waits for what the one before it writes."""
    for seq in range(PAYMENTS_PER_DAY - 1):
        assert isinstance(say_yes(engine, hashes, seq), Authorized)
    with engine.begin() as first, engine.begin() as second:
        assert isinstance(authorize_in(first, hashes, 90, plan="health"), Authorized)
        second.execute(text("SET LOCAL lock_timeout = '1ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            authorize_in(second, hashes, 91, plan="dental")
    assert say_yes(engine, hashes, 91, plan="dental").reason == "day_limit"


def test_staff_let_a_member_go_on_today_and_it_is_recorded(engine, hashes):
    fill_the_day(engine, hashes)
    lifted_at = NOW + timedelta(minutes=5)
    for at in (NOW + timedelta(minutes=4), lifted_at):
        with engine.begin() as db:
            assert lift_limit(db, MEMBER, actor="pat", now=at)
    later = NOW + timedelta(minutes=6)
    assert can_pay(engine, later)
    for seq in range(100, 100 + PAYMENTS_PER_DAY):
        assert isinstance(say_yes(engine, hashes, seq, later), Authorized)
    assert say_yes(engine, hashes, 99, later).reason == "day_limit"
    assert can_pay(engine, NOW + timedelta(days=1))
    with engine.connect() as db:
        event = db.execute(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        assert (event.actor, event.action, event.subject) == ("pat", "members.lift_limit", MEMBER)
        assert event.details == {"payments": PAYMENTS_PER_DAY}


def test_of_a_day_before_nothing_is_lifted(engine, hashes):
    with engine.begin() as db:
        assert lift_limit(db, MEMBER, actor="pat", now=NOW - timedelta(days=1))
    fill_the_day(engine, hashes)
    assert not can_pay(engine, NOW)


def test_for_nobody_nothing_is_lifted(engine):
    with engine.begin() as db:
        assert not lift_limit(db, "999999999999", actor="pat", now=NOW)
        assert db.scalar(select(func.count()).select_from(LiftedLimit)) == 0
        assert db.scalar(select(func.count()).select_from(AuditEvent)) == 0
