"""The table of (state, event) -> state, every pair of it, and the statement that obeys it."""

import re
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import CheckConstraint, update
from support.money import pay, payment_row

from ivr.payments import life
from ivr.payments.life import LIFE, PaymentEvent, PaymentState, WrongStateError, move, move_all, next_state
from ivr.storage.tables import Payment

STATES, EVENTS = get_args(PaymentState), get_args(PaymentEvent)
# As people would draw it: from, what happens, to.
DRAWN = """
authorized hold authorized->held       authorized cancel ->cancelled   authorized batch ->batched
held release ->authorized              held cancel ->cancelled         held batch ->batched
batched send ->sent                    batched reject ->authorized     batched return ->returned
sent settle ->settled                  sent reject ->authorized        sent return ->returned
settled return ->returned              settled finish ->final          final return ->returned
returned retry ->batched                batched withdraw ->returned
"""
EXPECTED = {(state, event): target for state, event, target in re.findall(r"(\w+) (\w+) \w*->(\w+)", DRAWN)}


def test_the_drawing_is_whole():
    assert len(EXPECTED) == 17


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_every_pair_leads_where_the_drawing_says_or_raises(state, event):
    if (state, event) in EXPECTED:
        assert next_state(state, event) == EXPECTED[state, event]
    else:
        with pytest.raises(WrongStateError, match=f"{state} cannot {event}"):
            next_state(state, event)


def test_the_database_knows_the_same_states():
    (check,) = (
        each
        for each in Payment.__table__.constraints
        if isinstance(each, CheckConstraint) and str(each.name).endswith("ck_payments_state")
    )
    assert set(re.findall(r"'(\w+)'", str(check.sqltext))) == set(STATES)


def test_every_state_is_reached_and_only_two_end_for_good():
    assert {"authorized", *LIFE.values()} == set(STATES)
    assert set(STATES) - {state for state, _ in LIFE} == {"cancelled"}


@pytest.mark.usefixtures("samples")
def test_moving_changes_the_row_that_is_in_the_state_and_no_other(engine):
    one, other = pay(engine, cents=100), pay(engine, cents=200)
    with engine.begin() as db:
        assert move(db, one.payment_id, "authorized", "hold", hold_reason="notice") == "held"
    assert (payment_row(engine, one).state, payment_row(engine, one).hold_reason) == ("held", "notice")
    assert payment_row(engine, other).state == "authorized"
    with engine.begin() as db:
        with pytest.raises(WrongStateError, match="no longer authorized"):
            move(db, one.payment_id, "authorized", "cancel")
        with pytest.raises(WrongStateError, match="cannot"):
            move(db, other.payment_id, "authorized", "settle")
    assert [payment_row(engine, paid).state for paid in (one, other)] == ["held", "authorized"]


@pytest.mark.usefixtures("samples")
def test_moving_many_counts_them(engine):
    for cents in (100, 200, 300):
        pay(engine, cents=cents)
    with engine.begin() as db:
        db.execute(update(Payment).where(Payment.amount_cents == 200).values(state="held"))
        assert move_all(db, Payment.amount_cents >= 200, "authorized", "batch") == 1
        assert move_all(db, Payment.amount_cents >= 200, "authorized", "batch") == 0


def test_nothing_else_in_the_house_sets_a_state():
    """A payment's state is written by an authorization and by this module only."""
    house = Path(life.__file__).parent.parent
    wrote = {
        str(file.relative_to(house))
        for file in house.rglob("*.py")
        if re.search(r"update\(Payment\)(?:(?!execut).)*?state=", file.read_text(), re.DOTALL)
    }
    assert wrote == {"payments/life.py"}
