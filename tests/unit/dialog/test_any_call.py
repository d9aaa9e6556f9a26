"""Whatever a caller does and whatever the domain answers: no exception, every call ends, the promises hold.

The engine runs alone on the real flows: every outcome of every question is chosen at random, so are keys,
words, silences, and how long all of it takes.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.dialog.engine import (
    LAST_TURNS_MAX,
    RELAY_WORDS_MAX,
    TURNS_MAX,
    Ask,
    End,
    Keys,
    Outcome,
    Silence,
    Speech,
    Start,
    TransferEnded,
    initial_state,
    step,
)
from ivr.dialog.state import State
from ivr.dialog.turn import ASKS_MAX
from ivr.topics.registry import CANARIES, SLOTS, VOCABULARY
from ivr.topics.sentences import sentences

GIVEN = {name: slot.sample for name, slot in SLOTS.items() if slot.is_given}
SECRETS = [entry for entry in CANARIES if len(entry) > 6]
ODD_AMOUNTS = (0, 1, 75, 4050, 123456789)
BEFORE_TERMS = {"amount", "routing_number", "account_number", "account_type"}


class Call:
    """One call from the answer to its end, judged at every step."""

    def __init__(self, line, random):
        self.line = line
        self.random = random
        self.flow = line.flow
        self.state = initial_state(line.flow, GIVEN)
        self.seconds = 0.0
        self.patience = random.choice((0.5, 0.8, 0.95))
        self.delays = random.choice(((1, 5), (5, 20), (20, 70)))
        self.told = set()  # what of the terms was spoken since the amount and the bank were last changed
        self.spoken_before = False
        self.consent = random.choice(("spoken", "spoken", "bill_code", "either"))
        self.unconfirmed = False  # a payment was authorized whose number has not been spoken
        self.visited = Counter()

    def run(self):
        result, asks = self.step(Start()), 0
        while not isinstance(result, End):
            if isinstance(result, Ask):
                asks += 1
                assert asks <= ASKS_MAX
                result = self.answer(result)
            else:
                asks = 0
                self.heard(result)
                self.seconds += self.random.choice(self.delays)
                assert self.state.turns <= TURNS_MAX["relay"] + LAST_TURNS_MAX
                result = self.step(self.action(result))
        self.speak(result.prompts)
        assert result.prompts or result.manner == "agent"
        assert self.state.secrets == {}
        return self.visited

    def step(self, heard):
        before = self.state.to_json(), self.state.secrets_json()
        taken = step(self.flow, self.state, heard, self.seconds)
        assert (self.state.to_json(), self.state.secrets_json()) == before
        again = step(self.flow, State.from_json(*before), heard, self.seconds)
        assert again == taken
        kept = taken.state.to_json() + repr((taken.heard, taken.events))
        assert not [secret for secret in SECRETS if secret in kept]
        self.visited.update(taken.events)
        amount_or_bank = self.facts(self.state) != self.facts(taken.state)
        if amount_or_bank:
            self.told = set()
        self.state = taken.state
        return taken.result

    @staticmethod
    def facts(state):
        return [{**state.slots, **state.secrets}.get(slot) for slot in sorted(BEFORE_TERMS)]

    def answer(self, ask):
        action = self.flow.vocabulary.actions[ask.action]
        missing = [
            slot for slot in action.needs if slot not in self.state.slots and slot not in self.state.secrets
        ]
        assert missing == []
        if ask.action == "authorize_payment":
            ask_of = "authorization-ask-either" if self.consent == "either" else "authorization-ask"
            assert {"authorization-terms", ask_of} <= self.told
            assert {"authorization-terms", ask_of} <= self.state.evidence.keys()
        if ask.action == "authorize_with_code":
            instead = {"authorization-terms", "authorization-code-instead"}
            terms = instead if self.consent == "either" else {"authorization-terms-code"}
            assert {*terms, "authorization-code-ask"} <= self.told
            assert {*terms, "authorization-code-ask"} <= self.state.evidence.keys()
        outcomes = list(action.outcomes)
        name = outcomes[0] if self.random.random() < self.patience else self.random.choice(outcomes)
        slots = {slot: self.value(slot) for slot in action.outcomes[name]}
        if ask.action == "bank_known" and name == "known":
            known = {**self.state.slots, **self.state.secrets}
            if not slots.keys() <= known.keys():
                name, slots = "unknown", {}
            else:
                slots = {slot: known[slot] for slot in slots}
        if ask.action == "prepare_authorization":
            name = self.consent
        self.unconfirmed = self.unconfirmed or name == "authorized"
        return self.step(Outcome(name, slots))

    def value(self, slot):
        if SLOTS[slot].kind == "money":
            return self.random.choice(ODD_AMOUNTS)
        return self.random.choice(SLOTS[slot].samples or (SLOTS[slot].sample,))

    def heard(self, wait):
        """Judge what a caller hears before the line waits."""
        assert wait.prompts
        self.speak(wait.prompts)
        if self.state.pace == "relay":
            said = [each for each in wait.prompts if each.prompt != "gate-go-on"]
            assert sum(map(self.words, said)) <= RELAY_WORDS_MAX
        if all(said.attribute == "nudge" for said in wait.prompts):
            assert self.spoken_before
        self.spoken_before = True

    def speak(self, prompts):
        confirmed = "confirmation" in {said.prompt for said in prompts}
        assert confirmed or not self.unconfirmed
        self.unconfirmed = False
        for said in prompts:
            spoken = sentences(
                self.line.catalog, self.flow.vocabulary.slots, said, self.state.language, self.state.pace
            )
            assert all(sentence.text for sentence in spoken)
            pieces = self.flow.prompts.pieces(said.prompt, None, self.state.language, self.state.pace)
            if said.piece < 0 or said.piece == len(pieces) - 1:
                self.told.add(said.prompt)

    def words(self, said):
        language = said.language or self.state.language
        words = self.flow.prompts.pieces(said.prompt, said.attribute or None, language, "relay")
        return sum(words) if said.piece < 0 else words[said.piece]

    def action(self, wait):
        if wait.early is not None and self.random.random() < 0.2:
            return Keys(self.random.choice(("0", "000", "21000021")))
        if wait.listen is None:
            return TransferEnded(self.random.choice(("completed", "failed", "failed")))
        if self.random.random() < self.patience:
            return self.sensible(wait)
        return self.random.choice(
            (
                Silence(),
                Silence(),
                Keys(self.random.choice("0790790123456")),
                Keys("", finished=True),
                Keys("12*4"),
                Keys(self.random.choice(("12", "77", "123456789", "0" * 64)), finished=True),
                Speech(
                    self.random.choice(VOCABULARY.fields["spoken_authorization"].said),
                    self.random.choice((None, 0.2, 0.9)),
                ),
            )
        )

    def sensible(self, wait):
        node = self.flow.nodes[self.state.node]
        if self.state.gate:
            return Keys("1")
        if node.word == "payer_name":
            return Speech("Joanna Quillfeather")
        if wait.listen.speech:
            return Speech(self.random.choice(("I authorize", "autorizo", "yes", "no")))
        if node.word == "menu":
            return Keys(self.random.choice([key for key in node.branches if key.isdigit()]))
        if node.word not in VOCABULARY.fields:
            return Keys(self.random.choice("12"))  # a language
        field = VOCABULARY.fields[node.word]
        entries = (field.samples[""],) if self.random.random() < 0.7 else tuple(field.samples.values())
        return Keys(self.random.choice(entries), finished=wait.listen.num_digits == 0)


@pytest.mark.whole
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_call_ends_and_keeps_its_promises(line, random):
    Call(line, random).run()


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_many_thousands_of_calls(line, random):
    Call(line, random).run()
