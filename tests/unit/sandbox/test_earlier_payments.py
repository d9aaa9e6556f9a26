"""Payments before a call stand there as the line and its worker leave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, select
from support.environs import PLACE

from ivr.base.clock import ManualClock
from ivr.base.settings import load_replay_settings
from ivr.billing.ledger import balances
from ivr.billing.samples import SampleMember, demo_member
from ivr.callfile.circumstances import PaidBefore
from ivr.payments.history import payment_made
from ivr.payments.report import payment_json
from ivr.sandbox.earlier_payments import pay_before
from ivr.sandbox.members import load_members
from ivr.storage.tables import AchEntry, AchFile, BankItem, BlockedAccount, Payment

NOW = datetime(2026, 12, 22, 15, 15, tzinfo=UTC)
FRIDAY = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
SETTINGS = load_replay_settings(PLACE)
MEMBER = demo_member("demo.health_and_dental", NOW.date())
OWED_CENTS = MEMBER.owed_cents("health")
BACK = PaidBefore(1, "health", OWED_CENTS, FRIDAY, "R01")


@pytest.fixture
def member(engine: Engine) -> SampleMember:
    with engine.begin() as db:
        load_members(db, SETTINGS, [MEMBER], ManualClock(NOW), billed_at=FRIDAY - timedelta(days=9))
    return MEMBER


def paid(engine: Engine, member: SampleMember, *payments: PaidBefore, now: datetime = NOW) -> list[Payment]:
    with engine.begin() as db:
        pay_before(db, SETTINGS, member, payments, now)
        return db.execute(select(Payment.__table__).order_by(Payment.id)).all()


def test_what_came_back_was_in_a_file_and_is_in_one_of_the_banks(
    engine: Engine, member: SampleMember
) -> None:
    [row] = paid(engine, member, BACK)
    assert (row.state, row.return_code, row.returned_at) == ("returned", "R01", NOW)
    with engine.connect() as db:
        entry = db.execute(select(AchEntry.__table__)).one()
        assert (entry.state, entry.trace_number, entry.return_code) == ("returned", row.trace_number, "R01")
        assert db.execute(select(AchFile.state)).scalar_one() == "sent"
        assert db.execute(select(BankItem.entry_id)).scalar_one() == entry.id
        [owed, _] = balances(db, member.member_id, NOW.date())
        assert owed.balance_cents == OWED_CENTS
        assert payment_json(db, row.confirmation_number)["notice"]["state"] == "sent"


def test_what_waits_here_is_in_no_file_that_one_that_came_back_was_in(
    engine: Engine, member: SampleMember
) -> None:
    waiting = PaidBefore(2, "health", 1200, FRIDAY - timedelta(days=1))
    held = replace(waiting, amount_cents=1300, is_held=True)
    rows = paid(engine, member, waiting, held, replace(BACK, amount_cents=1100))
    assert [(row.amount_cents, row.state) for row in rows] == [
        (1100, "returned"),
        (1200, "authorized"),
        (1300, "held"),
    ]


@pytest.mark.parametrize("code", ["R01", "R02"], ids=["no money", "the account is closed from then on"])
def test_one_bill_comes_back_again_and_again(engine: Engine, member: SampleMember, code: str) -> None:
    """Also twice on one day, which is more than a bank can do."""
    days = [FRIDAY - timedelta(days=1), FRIDAY, FRIDAY + timedelta(minutes=5)]
    rows = paid(engine, member, *(replace(BACK, at=day, return_code=code) for day in days))
    assert [row.state for row in rows] == ["returned"] * 3
    with engine.connect() as db:
        assert len(db.execute(select(BlockedAccount.account_fingerprint)).all()) == (
            3 if code == "R02" else 0
        )


def test_what_came_back_before_it_could_came_back_when_it_could(engine: Engine, member: SampleMember) -> None:
    [row] = paid(engine, member, BACK, now=FRIDAY + timedelta(minutes=5))
    assert row.effective_entry_date == date(2026, 12, 21)
    assert row.returned_at == datetime.combine(row.effective_entry_date, time(17), UTC)


def test_more_than_is_owed_is_not_paid(engine: Engine, member: SampleMember) -> None:
    again = replace(BACK, return_code="", at=FRIDAY + timedelta(minutes=5))
    assert len(paid(engine, member, replace(BACK, return_code=""), again)) == 1


def test_what_became_of_payments(engine: Engine, member: SampleMember) -> None:
    thursday = FRIDAY - timedelta(days=1)
    became = ("went_through", "given_back", "cancelled", "")
    payments = [
        PaidBefore(place, "health", 100 + place, thursday + timedelta(minutes=place), became=word)
        for place, word in enumerate(became)
    ]
    with engine.begin() as db:
        pay_before(db, SETTINGS, member, payments, NOW)
        made = [
            payment_made(db, member.member_id, since=thursday, place=place) for place in range(len(became))
        ]
        stands = [each.stands for each in made if each is not None]
        assert stands == ["planned", "cancelled", "given_back", "went_through"]
        assert payment_made(db, member.member_id, since=thursday, place=len(became)) is None
        other = PaidBefore(9, "dental", 100, NOW - timedelta(minutes=1), became="at_bank")
        pay_before(db, SETTINGS, member, [other], NOW, call=9)
        newest = payment_made(db, member.member_id, since=thursday, place=0)
    assert newest is not None
    assert (newest.plan, newest.stands, newest.debit_date) == ("dental", "at_bank", date(2026, 12, 23))
