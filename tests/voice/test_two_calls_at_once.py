"""Two calls of one member, on one bill: what was asked before the bank details still holds at the yes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from ivr.base.clock import ManualClock
from ivr.storage.tables import Payment

TO_THE_TERMS = ("2", "10000#", "1", "1", "1", "021000021", "1", "1234567890#", "1234567890#")


@pytest.fixture
def at_the_terms(house):
    """Give calls of Amber's that have heard the terms for $100.00 of the $310.15 of her health bill."""
    (amber,) = house.load_samples("demo.health_and_dental")

    def calls(count):
        now = house.clock.now()
        phones = [house.phone(number, clock=ManualClock(now)) for number in range(1, count + 1)]
        for phone in phones:
            phone.dial()
            facts = ("1", "1", amber.member_id, amber.ssn_last4, amber.date_of_birth_keyed, "2")
            for keys in (*facts, *TO_THE_TERMS):
                heard = phone.press(keys)
            assert heard.prompts[-1] == "authorization-ask"
        return phones

    return calls


def paid(house):
    """How many payments there are."""
    with house.engine.connect() as db:
        return db.execute(select(func.count()).select_from(Payment)).scalar_one()


def test_the_second_yes_pays_nothing_and_is_asked_about_next(house, at_the_terms):
    first, second = at_the_terms(2)
    assert "confirmation" in first.say("yes").prompts
    assert second.say("yes").prompts[0] == "authorization-changed"
    assert paid(house) == 1
    for keys in ("1", "2", *TO_THE_TERMS[:2]):
        heard = second.press(keys)
    assert second.press(TO_THE_TERMS[2]).prompts[-1] == "amount-same-today", heard.prompts


def test_of_two_at_once_one_pays(house, at_the_terms):
    phones = at_the_terms(2)
    with ThreadPoolExecutor(2) as both:
        heard = list(both.map(lambda phone: phone.say("yes").prompts[0], phones))
    assert sorted(heard) == ["authorization-changed", "confirmation"]
    assert paid(house) == 1


def test_of_a_bill_paid_since_nobody_is_told_that_a_call_ended_before_its_payment(house, at_the_terms):
    dropped, paying = at_the_terms(2)
    dropped.hang_up()
    assert "confirmation" in paying.say("yes").prompts  # and how it ends is not reported, or late
    (amber,) = house.load_samples("demo.health_and_dental")
    again = house.phone(3)
    again.dial()
    for keys in ("1", "1", amber.member_id, amber.ssn_last4, amber.date_of_birth_keyed):
        heard = again.press(keys)
    assert heard.prompts[:2] == ("recent-payment", "balance-current")
