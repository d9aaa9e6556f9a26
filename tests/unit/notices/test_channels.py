"""Which way a member gets the terms in writing."""

import pytest
from sqlalchemy.exc import IntegrityError

from ivr.notices.channels import choose_channel, promise

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
    from datetime import UTC, datetime

    with pytest.raises(IntegrityError), engine.begin() as db:
        promise(db, 1, "letter", "en-US", datetime(2026, 12, 18, tzinfo=UTC))
