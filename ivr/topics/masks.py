"""The shapes of values: what a record of a call may keep of each, and enough to make up another.

A shape names nobody and gives no digit away. A slot that no topic knows has the shape `?`, and nothing more
of it is kept. Secrets, and what a caller said, are only given or empty; so are ids that name a member.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ivr.dialog.vocabulary import Value

UNKNOWN: Final = "?"
GIVEN: Final = "given"
EMPTY: Final = "empty"
ORDINARY_MONEY: Final = "100-250"  # where nothing is known of an amount

# The edges of the buckets of money, in dollars: each bucket holds its lower edge and not its upper one.
BUCKET_DOLLARS: Final = (0, 1, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000)
_EDGES_CENTS: Final = tuple(dollars * 100 for dollars in BUCKET_DOLLARS)
_SECONDS_AN_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Since:
    """What dates and moments are counted from: the call's date by the bank's clock, and its start (aware)."""

    call_date: date
    started_at: datetime


def money_shape(cents: Value, _since: Since) -> str:
    """Return the bucket of an amount, in dollars: `0` for nothing, `100-250`, `10000-` for the largest."""
    amount = int(cents)
    if amount <= 0:
        return "0"
    bucket = bisect_right(_EDGES_CENTS, amount) - 1
    upper = str(BUCKET_DOLLARS[bucket + 1]) if bucket + 1 < len(BUCKET_DOLLARS) else ""
    return f"{BUCKET_DOLLARS[bucket]}-{upper}"


def bucket_cents(shape: str) -> range:
    """Return the amounts, in cents, that have a shape of money. Raises `ValueError` for another text."""
    if shape == "0":
        return range(1)
    lower, dash, upper = shape.partition("-")
    if not dash:
        raise ValueError("no bucket of money")
    return range(max(int(lower) * 100, 1), int(upper or 100_000) * 100)


def money_bounds(shape: str) -> tuple[int, int]:
    """Return the lowest amount of a bucket such as `100-250` (dollars) and the first above it, in cents.

    What is no bucket is taken for an ordinary bill.
    """
    try:
        amounts = bucket_cents(shape)
    except ValueError:
        amounts = bucket_cents(ORDINARY_MONEY)
    return amounts.start, amounts.stop


def date_shape(value: Value, since: Since) -> str:
    """Return the days from the call's date: `+5d`."""
    return f"{(date.fromisoformat(str(value)) - since.call_date).days:+d}d" if value else EMPTY


def moment_shape(value: Value, since: Since) -> str:
    """Return whole hours from the call's start, rounded down: `-1h` is within the hour before it."""
    if not value:
        return EMPTY
    seconds = (datetime.fromisoformat(str(value)) - since.started_at).total_seconds()
    return f"{int(seconds // _SECONDS_AN_HOUR):+d}h"


def digits_shape(value: Value, _since: Since) -> str:
    """Return how many digits there are."""
    return f"{len(str(value))} digits" if value else EMPTY


def given_shape(value: Value, _since: Since) -> str:
    """Return no more than whether there was something."""
    return EMPTY if value == "" else GIVEN


def as_it_is(value: Value, _since: Since) -> str:
    """Return the value itself, which says nothing of who is calling."""
    return str(value)


Mask = Callable[[Value, Since], str]
