"""Synthetic values of recorded shapes: what a caller could have keyed, what the line could have answered.

For whoever runs a recipe again or writes it out. `input_for` makes an input of the recorded shape at a
question (the field's own judge decides whether it is), and `SyntheticValues` fills the slots of a recorded
outcome. One call's values fit each other: the balance of a bill is the sum of its parts wherever it is asked
for, an amount set from it is that amount, a second entry that matched is the first again. Everything follows
from the recording alone: no chance, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ivr.actions.masks import EMPTY, GIVEN, UNKNOWN, bucket_cents
from ivr.base.clock import hours_after
from ivr.dialog.definition import KEY_MORE_TIME, KEY_PERSON, KEY_REPEAT
from ivr.dialog.engine import Input, Keys, Silence, Speech, Start, TransferEnded
from ivr.dialog.events import (
    CallAnswered,
    DigitsKeyed,
    EntryDiscarded,
    KeyPressed,
    LineFailed,
    NoInput,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)
from ivr.dialog.vocabulary import Field, NoMatch, Slots, Value, Vocabulary
from ivr.languages.registry import SPOKEN

if TYPE_CHECKING:
    from ivr.calls.history import Asked
    from ivr.dialog.events import Heard
    from ivr.dialog.flow import Flow
    from ivr.dialog.state import State

MEMBER_ID: Final = "400000000101"
ROUTING_NUMBERS: Final = ("021000021", "011000015", "011401533")
ACCOUNT_DIGITS: Final = "48151623426780912"
CODE_DIGITS: Final = "408215963074"
CONFIRMATION_NUMBER: Final = "90210042197"
SUPPORT_PHONE: Final = "+18005550100"
SUPPORT_HOURS: Final = "Mon-Fri 08:00-18:00"
MINIMUM_CENTS: Final = 100
NOT_AN_ANSWER: Final = "hello"
BILLING_ACCOUNTS: Final = {"health": "740000101", "dental": "740000102"}

_OFFSET = re.compile(r"([+-]?\d+)([dh])", re.ASCII)
_COMMON_KEYS: Final = frozenset({KEY_PERSON, KEY_REPEAT, KEY_MORE_TIME})  # alone, they are no entry
_ALMOST_ONE: Final = 0.9999999  # hours: the next whole one, and where it is a whole one that
_PLAIN_MONEY: Final = "100-250"  # where nothing is known of an amount


class UnknownShapeError(ValueError):
    """A recording holds something that nobody knows how to make up."""


# What a caller does.


def input_for(flow: Flow, state: State, heard: Heard, asked: Sequence[Asked] = ()) -> Input:
    """Make an input of the recorded shape at the question where `state` stands.

    `asked` is what the domain was asked in the recorded turn: it tells whether an amount was too high, or
    two entries the same. Where no entry of that length can get the recorded verdict, another of the same
    length is made. Raises `UnknownShapeError`.
    """
    match heard:
        case TransferReported(result):
            return TransferEnded(result)
        case KeyPressed(key):
            return Keys(key)
        case SeveralKeysPressed():
            return Keys("55")
        case DigitsKeyed():
            return Keys(_digits(flow, state, heard, asked), heard.finished)
        case SpeechHeard(verdict):
            return _speech(flow, state, verdict)
        case LineFailed():
            raise UnknownShapeError("a turn that failed has no input")
    return _ALWAYS_SO[heard]


_ALWAYS_SO: Final[Mapping[Heard, Input]] = {
    CallAnswered(): Start(),
    NoInput(): Silence(),
    EntryDiscarded(): Keys("*"),
    StrayPound(): Keys("", finished=True),
    SpeechUnasked(): Speech(NOT_AN_ANSWER, 0.9),
}


def _speech(flow: Flow, state: State, wanted: str) -> Speech:
    """Say a phrase that is heard as `wanted`, in the language and pace of the call."""
    entry = flow.vocabulary.fields.get(flow.nodes[state.node].word)
    if entry is not None and entry.hear is not None:
        for phrase in _phrases(state.language):
            judged = entry.hear(phrase, 0.9, state.language, state.pace)
            if wanted == (judged.reason if isinstance(judged, NoMatch) else judged.result):
                return Speech(phrase, 0.9)
    return Speech(NOT_AN_ANSWER, 0.9)


@lru_cache
def _phrases(language: str) -> tuple[str, ...]:
    known = SPOKEN[language].answers.phrases if language in SPOKEN else ()
    return (*known, NOT_AN_ANSWER)


def _digits(flow: Flow, state: State, shape: DigitsKeyed, asked: Sequence[Asked]) -> str:
    entry = flow.vocabulary.fields.get(flow.nodes[state.node].word)
    anything = "5" * shape.length
    if entry is None:  # a menu now
        return anything
    slots: Slots = {**state.slots, **state.secrets}
    first = None
    for digits in _candidates(entry, shape, slots, asked):
        if len(digits) != shape.length or digits in _COMMON_KEYS:
            continue
        first = first or digits
        judged = entry.verdict(digits, slots, tuple(state.reasons), finished=shape.finished)
        if shape.reason == (judged.reason if isinstance(judged, NoMatch) else ""):
            return digits
    return first or anything


def _candidates(entry: Field, shape: DigitsKeyed, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield entries of the field, the likely ones first; the judge chooses among them."""
    length = shape.length
    match entry.name:
        case "member_id":
            yield from (MEMBER_ID, *BILLING_ACCOUNTS.values())
        case "date_of_birth":
            yield from ("01021965", "99999999")
        case "amount":
            yield from _amounts(length, slots, asked)
        case "routing_number":
            yield from (*ROUTING_NUMBERS, "021000020", "512345678", "991000012")
            yield from _own_accounts(slots)
        case "account_number" | "account_number_again":
            yield from _accounts(entry.name, length, slots, asked)
        case "authorization_code":
            yield CODE_DIGITS[:length]
        case "ready":
            yield "1"
    yield from (digit * length for digit in "518309")


def _own_accounts(slots: Slots) -> Iterator[str]:
    yield from (str(slots[name]) for name in ("health_account", "dental_account") if slots.get(name))


def _accounts(name: str, length: int, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    first = str(slots.get("account_number", ""))
    if name == "account_number_again":
        different = any(each.action == "compare_account" and each.outcome == "different" for each in asked)
        if not different:
            yield first
        else:
            yield _padded(ACCOUNT_DIGITS[::-1], length)
    yield _padded(ACCOUNT_DIGITS, length)
    yield str(slots.get("routing_number", ""))
    yield from _own_accounts(slots)
    yield _card_number(length)


def _padded(digits: str, length: int) -> str:
    return (digits * (length // len(digits) + 1))[:length]


@lru_cache
def _card_number(length: int) -> str:
    """Return digits with a card's prefix and a Luhn check digit."""
    body = _padded("4111", max(length - 1, 0))
    total = 0
    for index, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if index % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def _amounts(length: int, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield an amount that gets the recorded answer: too much, too little, or one of its bucket."""
    checked = next((each for each in asked if each.action == "check_amount"), None)
    total = int(slots.get("total", 0))
    highest = 10**length - 1
    if checked is not None and checked.outcome == "above_balance":
        yield _keyed(max(total + 1, min(2 * total, highest)), length)
    elif checked is not None and checked.outcome == "below_minimum":
        yield _keyed(min(MINIMUM_CENTS - 1, highest), length)
    else:
        low, high = money_bounds(checked.slots.get("amount", "") if checked else _PLAIN_MONEY)
        # no more than is owed, no more digits than were keyed, and no more zeros before it than must be
        most = min(high - 1, highest, total if total > low else highest)
        least = max(low, 1, 10 ** (length - 1) if 10 ** (length - 1) <= most else 0)
        yield _keyed(least + (most - least) * 2 // 5 if most > least else most, length)
        yield _keyed(least, length)
    yield "0" * length


def _keyed(cents: int, length: int) -> str:
    return f"{cents:0{length}d}"


# What the line answers.


def money_bounds(shape: str) -> tuple[int, int]:
    """Return the lowest amount of a bucket such as `100-250` (dollars) and the first above it, in cents.

    What is no bucket is taken for an ordinary bill.
    """
    try:
        amounts = bucket_cents(shape)
    except ValueError:
        amounts = bucket_cents(_PLAIN_MONEY)
    return amounts.start, amounts.stop


class SyntheticValues:
    """The slots of one call's recorded outcomes, filled.

    `started_at` is the call's instant by the bank's clock: dates and moments are counted from it.
    """

    def __init__(self, vocabulary: Vocabulary, started_at: datetime) -> None:
        self._vocabulary = vocabulary
        self._started_at = started_at
        self._bills: dict[str, dict[str, tuple[str, int]]] = {}  # by plan: slot -> shape, cents

    def given(self) -> dict[str, Value]:
        """Fill what a call is given from its start."""
        known = {
            "call_date": self._started_at.date().isoformat(),
            "support_phone": SUPPORT_PHONE,
            "support_hours": SUPPORT_HOURS,
        }
        return {slot: known.get(slot) or self._value(slot, "", "") for slot in self._vocabulary.given}

    def fill(
        self, action: str, args: Mapping[str, str], outcome: str, shapes: Mapping[str, str], state: State
    ) -> dict[str, Value]:
        """Fill every slot that an outcome fills, in the recorded shape; what is not recorded is made up.

        What the line works out by itself is taken from the call: an amount from its balance, the last four
        digits from the account.
        """
        slots: Slots = {**state.slots, **state.secrets}
        plan = args.get("plan") or str(slots.get("plan", ""))
        names = self._vocabulary.actions[action].outcomes[outcome]
        if action in {"bill_balance", "select_bill"}:
            return self._bill(plan, names, shapes)
        worked_out: dict[str, Value] = {}
        match action:
            case "set_amount":
                worked_out = {"amount": slots["total" if args.get("amount") == "full" else "past_due"]}
            case "check_amount" if outcome == "ok":
                worked_out = {"amount": slots["keyed_amount"]}
            case "bank_known" if outcome == "known":
                worked_out = {name: slots[name] for name in names if name in slots}
            case "compare_account" if outcome == "same":
                worked_out = {"account_last4": str(slots["account_number"])[-4:]}
        return {
            name: worked_out[name] if name in worked_out else self._value(name, shapes.get(name, ""), plan)
            for name in names
        }

    def _bill(self, plan: str, names: Sequence[str], shapes: Mapping[str, str]) -> dict[str, Value]:
        """Fill what is told of a bill: the same as before where it was told in the same shape."""
        kinds = self._vocabulary.slots
        known = self._bills.setdefault(plan, {})
        told = {name: shapes.get(name, "") for name in names if kinds[name] == "money"}
        if any(known.get(name, ("",))[0] != shape for name, shape in told.items()):
            known.update({name: (told[name], cents) for name, cents in _amounts_of_bill(plan, told).items()})
        values: dict[str, Value] = {}
        for name in names:
            values[name] = known[name][1] if name in told else self._value(name, shapes.get(name, ""), plan)
        return values

    def _value(self, slot: str, shape: str, plan: str) -> Value:
        kind = self._vocabulary.slots[slot]
        match kind:
            case "money":
                return _amounts_of_bill(plan, {slot: shape})[slot]
            case "date" | "date_year":
                return (self._started_at.date() + timedelta(days=_offset(shape, "d"))).isoformat()
            case "moment":
                moment = hours_after(self._started_at, _offset(shape, "h") + _ALMOST_ONE)
                return moment.replace(minute=0, second=0, microsecond=0).isoformat()
            case "count":
                return int(shape) if shape.isdigit() else 1
        return _BY_KIND.get(kind) or _choice(slot, shape, plan)


def _offset(shape: str, unit: str) -> int:
    match = _OFFSET.fullmatch(shape)
    return int(match[1]) if match and match[2] == unit else 0


_BY_KIND: Final[Mapping[str, str]] = {
    "last4": "0101",
    "routing": ROUTING_NUMBERS[0],
    "confirmation": CONFIRMATION_NUMBER,
    "phone": SUPPORT_PHONE,
    "hours": SUPPORT_HOURS,
    "secret": ACCOUNT_DIGITS[:10],
    "digits": "0",
}
_CHOICES: Final[Mapping[str, str]] = {
    "member_id": MEMBER_ID,
    "health_account": BILLING_ACCOUNTS["health"],
    "dental_account": BILLING_ACCOUNTS["dental"],
    "plan": "health",
    "recent_plan": "health",
    "waiting_plan": "health",
    "account_type": "checking",
    "channel": "letter",
}


def _choice(slot: str, shape: str, plan: str) -> str:
    """Return a choice as it is; an id that was there is made up, one that was not stays away."""
    if shape == EMPTY:
        return ""
    if shape and shape not in {GIVEN, UNKNOWN}:
        return shape
    if slot == "plan" and plan:
        return plan
    if slot == "billing_account":
        return BILLING_ACCOUNTS.get(plan, BILLING_ACCOUNTS["health"])
    return _CHOICES.get(slot, slot)


# Where in its bucket each part of a bill lies: never two at the same place, so that no amount of a call can
# be taken for another.
_PLACES: Final[Mapping[str, float]] = {"past_due": 0.3, "current": 0.4, "total": 0.6}


def _amounts_of_bill(plan: str, told: Mapping[str, str]) -> dict[str, int]:
    """Make up the amounts of one bill, each in its bucket; a total is the sum of the parts told with it."""
    cents = {}
    for slot, shape in told.items():
        low, high = money_bounds(shape)
        place = int(low + (high - 1 - low) * _PLACES.get(slot, 0.5))
        nudge = 11 if plan == "dental" else 7  # two bills of one bucket are not the same
        cents[slot] = place + nudge if place + nudge < high else place
    if {"total", "past_due", "current"} <= cents.keys():
        bounds = {slot: money_bounds(told[slot]) for slot in ("total", "past_due", "current")}
        (lowest, above), (least, most), (least_more, most_more) = bounds.values()
        total = cents["total"]
        total = min(max(total, lowest, least + least_more), above - 1, most + most_more - 2)
        past_due = min(max(cents["past_due"], total - (most_more - 1), least), most - 1, total - least_more)
        cents |= {"total": total, "past_due": past_due, "current": total - past_due}
    elif {"total", "past_due"} <= cents.keys() and cents["past_due"] >= cents["total"] > 1:
        cents["past_due"] = max(money_bounds(told["past_due"])[0], 1)
    return cents
