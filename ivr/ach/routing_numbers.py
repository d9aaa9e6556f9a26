"""Routing numbers: length, check digit, and the prefixes the Federal Reserve has given out."""

from __future__ import annotations

from typing import Final, Literal

from stdnum.us import rtn

ROUTING_NUMBER_DIGITS: Final = 9

RoutingNumberFault = Literal["length", "check_digit", "prefix", "deposit_slip"]

# Primary numbers 01-12 (the twelve Federal Reserve districts), thrifts 21-32, electronic 61-72. What is left
# out can never be a consumer's account: 00 is the government's, 80 is for travellers' cheques.
_PREFIXES: Final = frozenset({*range(1, 13), *range(21, 33), *range(61, 73)})


def routing_number_fault(digits: str) -> RoutingNumberFault | None:
    """Tell what is wrong with a keyed routing number, or None.

    `length`: not nine digits. `deposit_slip`: begins with 5, which only deposit slips and internal
    documents do, so the caller is reading from the wrong paper (whatever its check digit says).
    `check_digit`: the weights 3-7-1 do not add up to a multiple of ten (ABA routing number policy).
    `prefix`: a range in which no bank has a number.
    """
    if len(digits) != ROUTING_NUMBER_DIGITS or not (digits.isascii() and digits.isdigit()):
        return "length"
    if digits.startswith("5"):
        return "deposit_slip"
    if not rtn.is_valid(digits):
        return "check_digit"
    if int(digits[:2]) not in _PREFIXES:
        return "prefix"
    return None
