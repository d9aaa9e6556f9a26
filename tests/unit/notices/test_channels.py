"""Which way a member gets the terms in writing."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from ivr.notices.channels import choose_channel, promise
from ivr.payments.authorize import Authorized

PHONE, EMAIL = "+16175550123", "ada@example.com"


@pytest.mark.parametrize(
    ("phone", "sms_ok", "email", "email_ok", "channel"),
    [
        (PHONE, True, EMAIL, False, "sms"),
        (PHONE, False, EMAIL, True, "email"),
        (PHONE, False, EMAIL, False, "letter"),
        (PHONE, True, None, None, "sms"),
        (PHONE, False, EMAIL, None, "email"),
        (None, True, EMAIL, None, "email"),
        ("", True, EMAIL, None, "email"),
        (None, False, EMAIL, None, "email"),
        (PHONE, False, None, None, "letter"),
        (None, True, None, None, "letter"),
        (None, False, "", None, "letter"),
    ],
)
def test_the_channel_follows_what_is_on_file(phone, sms_ok, email, email_ok, channel):
    assert choose_channel(phone, sms_ok=sms_ok, email=email, email_ok=email_ok) == channel


def test_a_notice_belongs_to_a_payment(engine):
    now = datetime(2026, 12, 18, tzinfo=UTC)
    unwritten = Authorized(1, 1, "12345678978", "health", 100, now, date(2026, 12, 21))
    with pytest.raises(IntegrityError), engine.begin() as db:
        promise(db, unwritten, "letter", "en-US", now)
