"""How much came back: counted by the day the debits left, and put before staff long before the limits."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from support.banking import TUESDAY, bring, came_back, cut, rows
from support.money import FRIDAYS_CUTOFF, pay

from ivr.payments.rates import ReturnRates, rates_json, return_rates, warn_of_rates
from ivr.storage.tables import AchEntry, AchFile, StaffTask

TODAY = date(2026, 12, 22)


@pytest.mark.parametrize(
    ("counts", "percents", "warnings"),
    [
        ((0, 0, 0, 0), (0.0, 0.0, 0.0), ()),
        ((1000, 1, 11, 59), (0.1, 1.1, 5.9), ()),
        ((1000, 2, 0, 2), (0.2, 0.0, 0.2), ("unauthorized",)),
        ((1000, 0, 12, 12), (0.0, 1.2, 1.2), ("administrative",)),
        ((1000, 0, 0, 60), (0.0, 0.0, 6.0), ("overall",)),
        ((3, 1, 1, 3), (33.33, 33.33, 100.0), ("unauthorized", "administrative", "overall")),
    ],
)
def test_rates_in_percent_warn_at_two_fifths_of_the_limit(counts, percents, warnings):
    rates = ReturnRates(*counts)
    assert tuple(rates.percent(name) for name in ("unauthorized", "administrative", "overall")) == percents
    assert rates.warnings == warnings


def counted(engine, now=TUESDAY):
    with engine.connect() as db:
        return return_rates(db, now)


@pytest.mark.usefixtures("samples")
def test_debits_are_counted_by_the_day_they_left(engine):
    paid = [pay(engine, cents=100 + cents, account_number=f"7770{cents}") for cents in range(5)]
    assert counted(engine) == ReturnRates(0, 0, 0, 0)
    cut(engine)
    assert counted(engine) == ReturnRates(5, 0, 0, 0)
    codes = ("R01", "R03", "R10", "R98")
    bring(engine, *(came_back(engine, each, code) for each, code in zip(paid, codes, strict=False)))
    assert counted(engine) == ReturnRates(5, 1, 1, 4)
    left = FRIDAYS_CUTOFF + timedelta(minutes=2)
    assert counted(engine, left + timedelta(days=60, seconds=-1)).debits == 5
    assert counted(engine, left + timedelta(days=60)) == ReturnRates(0, 0, 0, 0)
    assert rates_json(counted(engine)) == {
        "rates": {"unauthorized": 20.0, "administrative": 20.0, "overall": 80.0},
        "rate_limits": {"unauthorized": 0.5, "administrative": 3.0, "overall": 15.0},
        "rate_warnings": ["unauthorized", "administrative", "overall"],
        "rate_counts": {"debits": 5, "unauthorized": 1, "administrative": 1, "overall": 4},
    }


@pytest.mark.usefixtures("samples")
def test_credits_and_rejected_entries_do_not_count(engine):
    for cents in (100, 200, 300):
        pay(engine, cents=cents)
    cut(engine)
    with engine.begin() as db:
        one, two, _ = db.scalars(AchEntry.__table__.select().with_only_columns(AchEntry.id))
        db.execute(update(AchEntry).where(AchEntry.id == one).values(kind="refund"))
        db.execute(update(AchEntry).where(AchEntry.id == two).values(state="rejected"))
    assert counted(engine).debits == 1
    with engine.begin() as db:
        db.execute(update(AchFile).values(sent_at=None))
    assert counted(engine).debits == 0


@pytest.mark.usefixtures("samples")
def test_staff_are_told_once_a_day_even_when_they_closed_it(engine):
    paid = pay(engine)
    cut(engine)

    def warn(day, now=TUESDAY):
        with engine.begin() as db:
            return warn_of_rates(db, day, now)

    assert warn(TODAY) == ()
    bring(engine, came_back(engine, paid, "R07"))
    first = warn(TODAY)
    assert first == (
        "unauthorized returns are 100.0 % of 60 days' debits, the limit is 0.5 %",
        "overall returns are 100.0 % of 60 days' debits, the limit is 15.0 %",
    )
    with engine.begin() as db:
        db.execute(update(StaffTask).values(closed_at=TUESDAY))
    assert warn(TODAY) == ()
    assert len(warn(TODAY + timedelta(days=1))) == 2
    tasks = rows(engine, StaffTask)
    assert [task.kind for task in tasks] == ["return_rate"] * 4
    assert tasks[0].details == {
        "rate": "unauthorized",
        "percent": 100.0,
        "limit_percent": 0.5,
        "date": "2026-12-22",
    }
