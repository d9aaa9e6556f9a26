"""The shape of each slot's value: what a record of a call may keep of it, and enough to make up another.

A shape names nobody and gives no digit away. Every slot of the vocabulary has a mask here, and a test checks
it; a slot without one has the shape `?`, and nothing more of it is kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ivr.dialog.vocabulary import Value

UNKNOWN: Final = "?"
GIVEN: Final = "given"
EMPTY: Final = "empty"

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


def _date_shape(value: Value, since: Since) -> str:
    return f"{(date.fromisoformat(str(value)) - since.call_date).days:+d}d" if value else EMPTY


def _moment_shape(value: Value, since: Since) -> str:
    """Return whole hours from the call's start, rounded down: `-1h` is within the hour before it."""
    if not value:
        return EMPTY
    seconds = (datetime.fromisoformat(str(value)) - since.started_at).total_seconds()
    return f"{int(seconds // _SECONDS_AN_HOUR):+d}h"


def _digits_shape(value: Value, _since: Since) -> str:
    return f"{len(str(value))} digits" if value else EMPTY


def _given_shape(value: Value, _since: Since) -> str:
    return EMPTY if value == "" else GIVEN


def _as_it_is(value: Value, _since: Since) -> str:
    return str(value)


Mask = Callable[[Value, Since], str]

# Secrets, and what a caller said, are only given or empty; so are numbers and ids that name a member.
MASKS: Final[Mapping[str, Mask]] = {
    "call_date": _date_shape,
    "support_phone": _given_shape,
    "support_hours": _given_shape,
    "keyed_id": _given_shape,
    "ssn_last4": _given_shape,
    "date_of_birth": _given_shape,
    "account_number": _given_shape,
    "account_number_again": _given_shape,
    "authorization_code": _given_shape,
    "member_id": _given_shape,
    "member_last4": _digits_shape,
    "health_account": _given_shape,
    "dental_account": _given_shape,
    "channel": _as_it_is,
    "recent_shown": _as_it_is,
    "recent_amount": money_shape,
    "recent_plan": _as_it_is,
    "recent_at": _moment_shape,
    "recent_confirmation": _digits_shape,
    "waiting_shown": _as_it_is,
    "waiting_amount": money_shape,
    "waiting_plan": _as_it_is,
    "waiting_date": _date_shape,
    "waiting_confirmation": _digits_shape,
    "returned_shown": _as_it_is,
    "returned_amount": money_shape,
    "returned_plan": _as_it_is,
    "returned_date": _date_shape,
    "returned_reason": _as_it_is,
    "as_of": _moment_shape,
    "plan": _as_it_is,
    "billing_account": _given_shape,
    "total": money_shape,
    "past_due": money_shape,
    "current": money_shape,
    "due_date": _date_shape,
    "pay_by": _date_shape,
    "past_due_date": _date_shape,
    "keyed_amount": money_shape,
    "amount": money_shape,
    "account_type": _as_it_is,
    "account_last4": _digits_shape,
    "routing_number": _digits_shape,
    "today": _date_shape,
    "debit_date": _date_shape,
    "cutoff": _moment_shape,
    "words_heard": _given_shape,
    "confidence": _given_shape,
    "confirmation_number": _digits_shape,
    "effective_date": _date_shape,
}


def shapes_of(values: Mapping[str, Value], since: Since) -> dict[str, str]:
    """Return the shape of each slot's value; `?` for a slot that nobody wrote a mask for."""
    return {slot: MASKS[slot](value, since) if slot in MASKS else UNKNOWN for slot, value in values.items()}
