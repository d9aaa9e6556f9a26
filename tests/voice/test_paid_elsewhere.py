"""What was paid by another way, or taken back, changes what the next caller hears."""

import io
import itertools
import re
from datetime import date, timedelta

import pytest

from ivr.base.randomness import SeededRandomness
from ivr.billing.receipts import import_receipts
from ivr.payments.authorize import AuthorizationRequest, ConsentGiven, authorize
from ivr.payments.cancel import cancel
from ivr.payments.cutoffs import cutoff_rule

NUMBERS = itertools.count(1)


@pytest.fixture
def hears(house):
    """Give what Amber hears once she has verified: the words of that turn."""
    (amber,) = house.load_samples("demo.health_and_dental")

    def call():
        number = next(NUMBERS)
        phone = house.phone(number)
        phone.dial()
        for keys in ("1", "1", amber.member_id, amber.ssn_last4, amber.date_of_birth_keyed):
            phone.press(keys)
        body = house.line.last_reply(house.call_sid(number)).body.decode()
        phone.hang_up()
        return " ".join(re.sub(r"<[^>]+>", " ", body).split())

    return call


def test_a_receipt_lowers_the_balance_that_the_next_caller_hears(house, hears):
    assert "You owe 310 dollars and 15 cents on your health bill" in hears()
    file = "billing_account,amount,received_date,channel,reference\n740000101,110.15,2026-12-17,mail,M1\n"
    with house.engine.begin() as db:
        result = import_receipts(db, house.clock.now(), io.BytesIO(file.encode()), file_name="receipts.csv")
    assert result.added == 1
    assert "You owe 200 dollars on your health bill" in hears()


def test_a_cancelled_payment_is_owed_again_and_not_spoken_of(house, hears):
    now = house.clock.now()
    rule = cutoff_rule(house.settings)
    consent = ConsentGiven(
        how="spoken",
        spoken_by="caller",
        words_heard="yes",
        confidence=None,
        asked_at=now,
        answered_at=now,
        text="Do you authorize this payment?",
        flow_version=house.compiled.flow.version,
        prompts=[],
    )
    request = AuthorizationRequest(
        call_sid="CA" + "f" * 32,
        seq=14,
        member_id="400000000101",
        billing_account="740000101",
        amount_cents=31015,
        account_type="checking",
        rdfi_routing_number="021000021",
        account_number="1234567890",
        not_before_date=date(2026, 12, 21),
        language="en-US",
        pace="voice",
        consent=consent,
    )
    settings, chance = house.settings, SeededRandomness(3)
    with house.engine.begin() as db:
        paid = authorize(
            db, settings.key_ring, settings.hashes, chance, now=now, cutoff=rule, request=request
        )
    spoken = ", ".join(paid.confirmation_number[:3])
    house.clock.set(now + timedelta(minutes=5))
    assert spoken in hears()
    with house.engine.begin() as db:
        cancel(
            db,
            chance,
            confirmation_number=paid.confirmation_number,
            actor="pat",
            now=house.clock.now(),
        )
    heard = hears()
    assert spoken not in heard
    assert "You owe 310 dollars and 15 cents on your health bill" in heard
