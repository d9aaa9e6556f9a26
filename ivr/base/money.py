"""Money is integer cents; this is the only place where it is a decimal text."""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"\d{1,7}\.\d{2}")


def parse_amount(text: str) -> int:
    """Read an amount as files carry it, `310.15`, and return cents.

    Raises `ValueError` for anything but one to seven digits, a point and two digits.
    """
    if _AMOUNT.fullmatch(text) is None or not text.isascii():
        raise ValueError("write dollars and cents, such as 310.15")
    dollars, cents = text.split(".")
    return int(dollars) * 100 + int(cents)


def format_amount(amount_cents: int) -> str:
    """Write cents as `310.15`; a credit carries a leading minus."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{abs(amount_cents) // 100}.{abs(amount_cents) % 100:02d}"
