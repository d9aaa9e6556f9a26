"""Confirmation numbers: eleven digits, nine that nobody can predict and two that catch a slip of the ear.

The check digits are ISO 7064 mod 97-10, which notices every wrong digit and every swap of two. Eleven is the
length of nothing else on the line: billing accounts and routing numbers have 9, telephone numbers 10, member
IDs 12.

A cancellation number is spoken, written and checked alike; only its check digits are others (the number
leaves 2 when divided by 97, not 1). So no number is ever both, and whoever is given one knows which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stdnum.iso7064 import mod_97_10

if TYPE_CHECKING:
    from ivr.base.randomness import Randomness

DIGITS: Final = 11
DRAWS: Final = 5  # of 900 million numbers: five clashes in a row mean that the randomness is broken

_FIRST: Final = 100_000_000  # never a leading 0: people drop it
_COUNT: Final = 900_000_000
_MODULUS: Final = 97
_CANCELLATION_REMAINDER: Final = 2


def draw_confirmation_number(randomness: Randomness) -> str:
    """Return a confirmation number, eleven digits, the first never 0."""
    payload = str(_FIRST + randomness.below(_COUNT))
    return payload + str(mod_97_10.calc_check_digits(payload))


def draw_cancellation_number(randomness: Randomness) -> str:
    """Return a cancellation number, eleven digits, the first never 0; never a confirmation number too."""
    payload = _FIRST + randomness.below(_COUNT)
    return f"{payload}{(_CANCELLATION_REMAINDER - payload * 100) % _MODULUS:02}"


def is_valid(number: str) -> bool:
    """Return whether `number` can be a confirmation number: length, digits, first digit, check digits."""
    return _is_number(number) and bool(mod_97_10.is_valid(number))


def is_cancellation_number(number: str) -> bool:
    """Return whether `number` can be a cancellation number: length, digits, first digit, check digits."""
    return _is_number(number) and int(number) % _MODULUS == _CANCELLATION_REMAINDER


def _is_number(number: str) -> bool:
    return len(number) == DIGITS and number.isascii() and number.isdigit() and not number.startswith("0")
