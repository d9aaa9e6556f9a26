"""Confirmation numbers: eleven digits, nine that nobody can predict and two that catch a slip of the ear.

The check digits are ISO 7064 mod 97-10, which notices every wrong digit and every swap of two. Eleven is the
length of nothing else on the line: billing accounts and routing numbers have 9, telephone numbers 10, member
IDs 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stdnum.iso7064 import mod_97_10

if TYPE_CHECKING:
    from ivr.base.randomness import Randomness

DIGITS: Final = 11

_FIRST: Final = 100_000_000  # never a leading 0: people drop it
_COUNT: Final = 900_000_000


def draw_confirmation_number(randomness: Randomness) -> str:
    """Return a confirmation number, eleven digits, the first never 0."""
    payload = str(_FIRST + randomness.below(_COUNT))
    return payload + str(mod_97_10.calc_check_digits(payload))


def is_valid(number: str) -> bool:
    """Tell whether `number` can be a confirmation number: length, digits, first digit, check digits."""
    return (
        len(number) == DIGITS
        and number.isascii()
        and number.isdigit()
        and not number.startswith("0")
        and bool(mod_97_10.is_valid(number))
    )
