"""Which way a member gets the terms in writing."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from ivr.notices.channels import choose_channel, promise
from ivr.payments.authorize import Authorized

PHONE, EMAIL = "+16175550123", "ada@example.com"


@pytest.mark.parametrize(
    ("phone", "sms_ok", "email", "channel"),
    [
        (PHONE, True, EMAIL, "sms"),
        (PHONE, True, None, "sms"),
        (PHONE, False, EMAIL, "email"),
        (None, True, EMAIL, "email"),
        ("", True, EMAIL, "email"),
        (None, False, EMAIL, "email"),
        (PHONE, False, None, "letter"),
        (None, True, None, "letter"),
        (None, False, "", "letter"),
    ],
)
def test_the_channel_follows_what_is_on_file(phone, sms_ok, email, channel):
    assert choose_channel(phone, sms_ok=sms_ok, email=email) == channel


def test_a_notice_belongs_to_a_payment(engine):
    now = datetime(2026, 12, 18, tzinfo=UTC)
    unwritten = Authorized(1, 1, "12345678978", "health", 100, now, date(2026, 12, 21))
    with pytest.raises(IntegrityError), engine.begin() as db:
        promise(db, unwritten, "letter", "en-US", now)
