"""Recorded calls without a database: random callers on the pure engine, kept as the line keeps them."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ivr.calls.history import Asked, Recipe, RecordedTurn
from ivr.dialog.engine import (
    End,
    Keys,
    Outcome,
    Silence,
    Speech,
    Start,
    TransferEnded,
    initial_state,
)
from ivr.dialog.turn import Turn
from ivr.topics.masks import Since
from ivr.topics.registry import SLOTS, VOCABULARY, shapes_of

STARTED_AT = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
GIVEN = {name: slot.sample for name, slot in SLOTS.items() if slot.is_given} | {"call_date": "2026-12-18"}
OTHER_RIGHT = {
    "amount": ("99#", "999999#"),
    "account_number": ("123456#",),
    "account_number_again": ("123456#",),
    "gate": ("1",),
    "menu": ("1", "1", "2", "3"),
    "language": ("1", "1", "2"),
}
ODD = ("0", "7", "9", "#", "*", "12*", "5", "55", "021000020", "512345678", "01", "99999999")
# Values that count from the call's instant, and amounts that add up.
VALUES = {
    "date": ("2026-12-23", "2026-11-23"),
    "date_year": ("2026-12-18", "2026-12-21"),
    "money": (12_034, 30_017, 40_000, 4_050),
    "moment": ("2026-12-18T09:00:00-05:00", "2026-12-18T17:00:00-05:00"),
    "count": (1, 2),
}


def recorded_calls(line, count, seed=1):
    """Return `count` recorded calls on a line, the same for the same seed."""
    return [_Caller(line, random.Random(f"{seed}/{number}"), number).call() for number in range(count)]


class _Caller:
    def __init__(self, line, chance, number):
        self.line, self.chance, self.number = line, chance, number
        self.state = initial_state(line.flow, GIVEN)
        self.at = STARTED_AT + timedelta(minutes=number)
        self.since = Since(date(2026, 12, 18), self.at)
        self.turns = []
        self.care = chance.choice((0.7, 0.9, 0.98))
        self.hangs_up_after = chance.choice((3, 8, 60, 60, 60))

    def call(self):
        started_at = self.at
        result = self.turn(Start())
        while not isinstance(result, End) and len(self.turns) <= self.hangs_up_after:
            self.at += timedelta(seconds=self.chance.uniform(0.5, 20))
            result = self.turn(self.action(result))
        end = result.manner if isinstance(result, End) else "hangup"
        state = self.state
        return Recipe(
            f"CA{self.number:032x}",
            started_at,
            self.at,
            self.line.flow.version,
            state.language,
            state.pace,
            "number",
            end,
            tuple(self.turns),
        )

    def turn(self, heard):
        elapsed = (self.at - self.since.started_at).total_seconds()
        taken = Turn(self.line.flow, self.state, heard, elapsed)
        result = taken.run(self.answer)
        self.state = taken.state
        self.turns.append(
            RecordedTurn(
                len(self.turns),
                self.at,
                taken.heard,
                tuple(taken.events),
                tuple(
                    Asked(ask.action, dict(ask.args), outcome.name, shapes_of(outcome.slots, self.since))
                    for ask, _, outcome in taken.answered
                ),
                taken.node,
                tuple(said.label for said in result.prompts),
                1.0,
            )
        )
        return result

    def answer(self, ask, state):
        self.state = state
        action = self.line.flow.vocabulary.actions[ask.action]
        known = {**self.state.slots, **self.state.secrets}
        if action.answer is not None:  # the call itself tells it
            return Outcome(*action.answer(known, ask.args))
        names = list(action.outcomes)
        name = names[0] if self.chance.random() < self.care else self.chance.choice(names)
        if ask.action in {
            "next_recent_payment",
            "next_waiting_payment",
            "next_returned_payment",
            "reach_person",
            "select_bill",
        }:
            name = self.chance.choice(names)
        slots = {slot: self.value(slot) for slot in action.outcomes[name]}
        if "total" in slots and "past_due" in slots:
            slots["total"] = slots["past_due"] + slots.get("current", 9_999)
        if action.recalls == name:
            slots = {slot: known[slot] for slot in slots}
        return Outcome(name, slots)

    def value(self, slot):
        known = SLOTS[slot]
        return self.chance.choice(VALUES.get(known.kind) or known.samples or (known.sample,))

    def action(self, wait):
        if wait.listen is None:
            return TransferEnded(self.chance.choice(("completed", "failed")))
        roll = self.chance.random()
        node = self.line.flow.nodes[self.state.node]
        if roll < self.care:
            if self.state.gate:
                return Keys("1")
            if node.word.startswith("spoken_"):
                phrases = {"en-US": "I authorize", "es-US": "autorizo"}
                return Speech(phrases[self.state.language], 0.9)
            if node.word == "payer_name":
                return Speech(VOCABULARY.fields[node.word].said[0], 0.9)
            return _keys(self.chance.choice(_right(node.word)))
        if roll < self.care + (1 - self.care) / 3:
            return Silence()
        if roll < self.care + (1 - self.care) / 2:
            return Speech(self.chance.choice(VOCABULARY.fields["spoken_authorization"].said), 0.9)
        return _keys(self.chance.choice(ODD))


def _right(word):
    """Return what fits a question, ended by `#` where it is not counted."""
    field = VOCABULARY.fields.get(word)
    if field is None:
        return OTHER_RIGHT[word]
    right = field.samples[""]
    return (right if field.num_digits == len(right) else f"{right}#", *OTHER_RIGHT.get(word, ()))


def _keys(text):
    return Keys(text.rstrip("#"), finished=text.endswith("#"))
