"""What people type in search fields: numbers as they write them down, days in words, telephone numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import phonenumbers
from sqlalchemy import select

from ivr.storage.tables import BillingAccount

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BETWEEN: Final = re.compile(r"[\s.-]+")


def plain_number(text: str) -> str:
    """Return a number as it is stored, however it was written down: 513-7053-7879."""
    return _BETWEEN.sub("", text)


def telephone(text: str) -> str | None:
    """Return a telephone number in E.164, None for what is none."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def member_of_number(db: Connection, text: str) -> str:
    """Return the ID of the member whose billing account this is, or else what was written."""
    number = plain_number(text)
    owner = select(BillingAccount.member_id).where(BillingAccount.billing_account == number)
    return db.scalar(owner) or number
