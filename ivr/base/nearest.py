"""Names that somebody mistyped: the message says which of those that exist is meant, perhaps."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `, the nearest is verify`, to follow "which does not exist"; nothing where none is known."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0)
    return f", the nearest is {close[0]}" if name and close else ""
