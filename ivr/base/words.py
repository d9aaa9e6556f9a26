"""Numbers with their nouns, for what commands print."""

from __future__ import annotations


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Write `1 entry`, `2 entries`: `nouns` is the plural where it is not the noun and an s."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
