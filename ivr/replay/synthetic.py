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

from ivr.base.clock import hours_after
from ivr.base.plans import PLANS
from ivr.dialog.definition import COMMON_KEYS
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
from ivr.dialog.vocabulary import Field, Hearing, Match, Meant, NoMatch, Slots, Value, Vocabulary
from ivr.topics.masks import EMPTY, GIVEN, UNKNOWN, money_bounds
from ivr.topics.registry import ALIKE, SLOTS

if TYPE_CHECKING:
    from ivr.calls.history import Asked
    from ivr.dialog.events import Heard
    from ivr.dialog.flow import Flow
    from ivr.dialog.state import State

NOT_AN_ANSWER: Final = "hello"

_OFFSET = re.compile(r"([+-]?\d+)([dh])", re.ASCII)
_ALMOST_ONE: Final = 0.9999999  # hours: the next whole one, and where it is a whole one that


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
    if entry is None or entry.hear is None:
        return Speech(NOT_AN_ANSWER, 0.9)
    return Speech(_phrase(entry.hear, entry.said, wanted, state.language, state.pace), 0.9)


@lru_cache(maxsize=256)
def _phrase(hear: Hearing, said: tuple[str, ...], wanted: str, language: str, pace: str) -> str:
    heard = ((phrase, _told(hear(phrase, 0.9, language, pace))) for phrase in said)
    return next((phrase for phrase, told in heard if told == wanted), NOT_AN_ANSWER)


def _told(judged: Match | NoMatch | Meant) -> str:
    """Return what is kept of a judged answer."""
    match judged:
        case NoMatch(reason=told) | Match(result=told) | Meant(word=told):
            return told


def _digits(flow: Flow, state: State, shape: DigitsKeyed, asked: Sequence[Asked]) -> str:
    entry = flow.vocabulary.fields.get(flow.nodes[state.node].word)
    anything = "5" * shape.length
    if entry is None:  # a menu now
        return anything
    slots: Slots = {**state.slots, **state.secrets}
    first = None
    for digits in _candidates(entry, shape, slots, asked):
        if len(digits) != shape.length or digits in COMMON_KEYS:
            continue
        first = first or digits
        judged = entry.verdict(digits, slots, tuple(state.reasons), finished=shape.finished)
        if shape.reason == (judged.reason if isinstance(judged, NoMatch) else ""):
            return digits
    return first or anything


def _candidates(entry: Field, shape: DigitsKeyed, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield entries of the field, the likely ones first; the judge chooses among them."""
    if entry.name in ALIKE:
        yield from ALIKE[entry.name](shape.length, slots, asked)
    sample = entry.samples.get(shape.reason, "5")
    yield sample
    # The routing number again, or the caller's own bill.
    yield from filter(str.isdecimal, map(str, slots.values()))
    yield from entries_like(sample, shape.length)
    yield from entry.samples.values()


def entries_like(sample: str, length: int) -> Iterator[str]:
    """Yield entries of another length like the sample, whatever their check digit; then simpler ones."""
    alike = (sample * (length // len(sample) + 1))[:length]
    yield alike
    yield from (f"{alike[:-1]}{last}" for last in range(10))
    yield from (digit * length for digit in "5183")


# What the line answers.

ToldBills = Mapping[str, Mapping[str, tuple[str, int]]]  # by plan: slot -> shape, cents


class SyntheticValues:
    """The slots of one call's recorded outcomes, filled.

    `started_at` is the call's instant by the bank's clock: dates and moments are counted from it, in whole
    hours. `bills` are what was told of bills so far; one that is told anew leaves it as it was for others.
    `hour_told` becomes true when a value depends on more than the date (`hour_of`).
    """

    def __init__(self, vocabulary: Vocabulary, started_at: datetime) -> None:
        self._vocabulary = vocabulary
        self._started_at = started_at
        self.bills: ToldBills = {}
        self.hour_told = False

    def given(self) -> dict[str, Value]:
        """Fill what a call is given from its start."""
        known = {
            "call_date": self._started_at.date().isoformat(),
        }
        return {slot: known.get(slot) or self._value(slot, "", "") for slot in self._vocabulary.given}

    def fill(
        self, action: str, args: Mapping[str, str], outcome: str, shapes: Mapping[str, str], state: State
    ) -> dict[str, Value]:
        """Fill every slot that an outcome fills, in the recorded shape; what is not recorded is made up.

        What the line works out by itself is taken from the call: an amount from its balance, the last four
        digits from the account.
        """
        plan = args.get("plan") or str(state.slots.get("plan", ""))
        names = self._vocabulary.actions[action].outcomes[outcome]
        if not _PLACES.keys().isdisjoint(names):
            return self._bill(plan, names, shapes)
        asked = self._vocabulary.actions[action]
        worked_out: Slots = {}
        if outcome in asked.stand_ins:
            worked_out = asked.stand_ins[outcome]({**state.slots, **state.secrets}, args)
        elif asked.answer is not None:
            worked_out = asked.answer({**state.slots, **state.secrets}, args)[1]
        return {
            name: worked_out[name] if name in worked_out else self._value(name, shapes.get(name, ""), plan)
            for name in names
        }

    def _bill(self, plan: str, names: Sequence[str], shapes: Mapping[str, str]) -> dict[str, Value]:
        """Fill what is told of a bill: the same as before where it was told in the same shape."""
        kinds = self._vocabulary.slots
        known = self.bills.get(plan, {})
        told = {name: shapes.get(name, "") for name in names if kinds[name] == "money"}
        if any(name not in known or known[name][0] != shape for name, shape in told.items()):
            anew = {name: (told[name], cents) for name, cents in _amounts_of_bill(plan, told).items()}
            known = {**known, **anew}
            self.bills = {**self.bills, plan: known}
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
                self.hour_told = True
                moment = hours_after(self._started_at, _offset(shape, "h") + _ALMOST_ONE)
                return moment.replace(minute=0, second=0, microsecond=0).isoformat()
            case "count":
                return int(shape) if shape.isdigit() else 1
        return _choice(slot, shape, plan) if kind == "choice" else SLOTS[slot].sample


def hour_of(started_at: datetime) -> str:
    """Return what made-up moments depend on of a call's instant: the same text, the same moments."""
    hour = started_at.replace(minute=0, second=0, microsecond=0)
    return (hour if started_at - hour >= timedelta(seconds=1) else started_at).isoformat()


def _offset(shape: str, unit: str) -> int:
    match = _OFFSET.fullmatch(shape)
    return int(match[1]) if match and match[2] == unit else 0


def _choice(slot: str, shape: str, plan: str) -> str:
    """Return a choice as it is; an id that was there is made up, one that was not stays away."""
    if shape == EMPTY:
        return ""
    if shape and shape not in {GIVEN, UNKNOWN}:
        return shape
    if slot == "plan" and plan:
        return plan
    return str(SLOTS[slot].sample)


# Where in its bucket each part of a bill lies: never two at the same place, so that no amount of a call can
# be taken for another.
_PLACES: Final[Mapping[str, float]] = {"past_due": 0.3, "current": 0.4, "total": 0.6}


def _amounts_of_bill(plan: str, told: Mapping[str, str]) -> dict[str, int]:
    """Make up the amounts of one bill, each in its bucket; a total is the sum of the parts told with it."""
    cents = {}
    for slot, shape in told.items():
        low, high = money_bounds(shape)
        place = int(low + (high - 1 - low) * _PLACES.get(slot, 0.5))
        nudge = 7 + 4 * [*PLANS, plan].index(plan)  # two bills of one bucket are not the same
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
