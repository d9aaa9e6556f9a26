"""Recorded calls without a database: random callers on the pure engine, kept as the line keeps them."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ivr.actions.masks import Since, shapes_of
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

STARTED_AT = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
GIVEN = {"call_date": "2026-12-18", "support_phone": "+18005550100", "support_hours": "Mon-Fri 08:00-18:00"}
RIGHT = {
    "member_id": ("400000000222", "740000333#"),
    "ssn_last4": ("4321",),
    "date_of_birth": ("01111953",),
    "amount": ("4050#", "99#", "999999#"),
    "routing_number": ("021000021",),
    "account_number": ("00123456789012345#", "4111111111111111#", "123456#"),
    "account_number_again": ("00123456789012345#", "123456#"),
    "authorization_code": ("982451#",),
    "ready": ("1",),
    "gate": ("1",),
    "menu": ("1", "1", "2", "3"),
    "language": ("1", "1", "2"),
}
ODD = ("0", "7", "9", "#", "*", "12*", "5", "55", "021000020", "512345678", "01", "99999999")
WORDS = ("yes", "I authorize", "sí", "autorizo", "no", "maybe", "hello")
VALUES = {
    "date": ("2026-12-23", "2026-11-23"),
    "date_year": ("2026-12-18", "2026-12-21"),
    "money": (12_034, 30_017, 40_000, 4_050),
    "moment": ("2026-12-18T09:00:00-05:00", "2026-12-18T17:00:00-05:00"),
    "last4": ("2345",),
    "routing": ("021000021",),
    "confirmation": ("90210042197",),
    "count": (1, 2),
    "secret": ("00123456789012345",),
}
CHOICES = {
    "plan": ("health", "dental"),
    "recent_plan": ("health", "dental"),
    "waiting_plan": ("health", "dental"),
    "returned_plan": ("health", "dental"),
    "account_type": ("checking", "savings"),
    "channel": ("sms", "email", "letter"),
    "health_account": ("740000222", ""),
    "billing_account": ("740000222",),
    "member_id": ("400000000222",),
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
        self.hangs_up_after = chance.choice((3, 8, 200, 200, 200))

    def call(self):
        started_at = self.at
        result = self.turn(Start())
        while not isinstance(result, End) and len(self.turns) <= self.hangs_up_after:
            self.at += timedelta(seconds=self.chance.uniform(0.5, 20))
            result = self.turn(self.deed(result))
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
        if ask.action == "bank_known":
            name = "known" if set(action.outcomes["known"]) <= known.keys() else "unknown"
        slots = {slot: self.value(slot) for slot in action.outcomes[name]}
        if "total" in slots and "past_due" in slots:
            slots["total"] = slots["past_due"] + slots.get("current", 9_999)
        if ask.action == "set_amount":
            slots = {"amount": known["total" if ask.args["amount"] == "full" else "past_due"]}
        if ask.action == "check_amount" and name == "ok":
            slots = {"amount": known["keyed_amount"]}
        if name == "known":
            slots = {slot: known[slot] for slot in slots}
        return Outcome(name, slots)

    def value(self, slot):
        kind = self.line.flow.vocabulary.slots[slot]
        return self.chance.choice(VALUES[kind] if kind in VALUES else CHOICES.get(slot, ("other",)))

    def deed(self, wait):
        if wait.listen is None:
            return TransferEnded(self.chance.choice(("completed", "failed")))
        roll = self.chance.random()
        node = self.line.flow.nodes[self.state.node]
        if roll < self.care:
            if self.state.gate:
                return Keys("1")
            if node.word == "spoken_authorization":
                phrases = {"en-US": "I authorize", "es-US": "autorizo"}
                return Speech(phrases[self.state.language], 0.9)
            return _keys(self.chance.choice(RIGHT[node.word]))
        if roll < self.care + (1 - self.care) / 3:
            return Silence()
        if roll < self.care + (1 - self.care) / 2:
            return Speech(self.chance.choice(WORDS), 0.9)
        return _keys(self.chance.choice(ODD))


def _keys(text):
    return Keys(text.rstrip("#"), finished=text.endswith("#"))
