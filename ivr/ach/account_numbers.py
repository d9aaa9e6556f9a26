"""Bank account numbers as keys can carry them, and the card numbers that callers take for them."""

from __future__ import annotations

from typing import Final, Literal

from stdnum import luhn

# The Nacha entry detail record has 17 places for the receiver's account; no bank's number is below four.
ACCOUNT_NUMBER_MIN_DIGITS: Final = 4
ACCOUNT_NUMBER_MAX_DIGITS: Final = 17

_CARD_MIN_DIGITS: Final = 13
_CARD_MAX_DIGITS: Final = 19
_CARD_PREFIXES: Final = ("4", "5", "6", "34", "37")


def account_number_fault(digits: str) -> Literal["length"] | None:
    """Return whether keyed digits can be an account number: None, or `length` outside 4 to 17 digits.

    Leading zeros count: an account number is a text, never a number.
    """
    if not (digits.isascii() and digits.isdigit()):
        return "length"
    if not ACCOUNT_NUMBER_MIN_DIGITS <= len(digits) <= ACCOUNT_NUMBER_MAX_DIGITS:
        return "length"
    return None


def card_number_like(digits: str) -> bool:
    """Return whether digits look like a payment card's: 13 to 19, a network's prefix, a Luhn check digit.

    One account number in some twenty of that length looks so too; hence a hint and another try, never
    a refusal for good.
    """
    return (
        _CARD_MIN_DIGITS <= len(digits) <= _CARD_MAX_DIGITS
        and digits.isascii()
        and digits.isdigit()
        and digits.startswith(_CARD_PREFIXES)
        and bool(luhn.is_valid(digits))
    )
