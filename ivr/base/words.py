"""Numbers as they are shown: with their nouns, and by their last four digits."""

from __future__ import annotations


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Write `1 entry`, `2 entries`: `nouns` is the plural where it is not the noun and an s."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"


def last4(number: str) -> str:
    """Return the four digits by which people know a number that is not shown whole."""
    return number[-4:]
