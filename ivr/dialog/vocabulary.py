"""What flows may name: slots, fields and actions. The words are declared by the host and given as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr.dialog.definition import Waiting

Value = str | int
Slots = Mapping[str, Value]

AUTHORIZED = "authorized"  # what an action answers that has moved money
WITHOUT_POUND = "without-pound"  # the reason for a whole entry that may be the beginning of a longer one


@dataclass(frozen=True, slots=True)
class Match:
    """What a caller keyed or said fits the field; `slots` are filled with it, `result` names the branch."""

    slots: Slots = field(default_factory=dict)
    result: str = ""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """It does not fit; `reason` chooses the sentence, the prompt `nomatch-<reason>`.

    One that is not `counted` costs the caller no try.
    """

    reason: str
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Meant:
    """What was said means what a key means everywhere; `word` is kept of it."""

    key: str
    word: str


Judge = Callable[[str, Slots, tuple[str, ...]], Match | NoMatch]
Hearing = Callable[[str, float | None, str, str], Match | NoMatch | Meant]


@dataclass(frozen=True, slots=True)
class Field:
    """A kind of entry: how long it is, how it is judged, which slots it fills.

    `judge(digits, slots, reasons)` gets the keyed digits, the slots filled so far and the nomatch reasons
    already given for this entry, and answers `Match` or `NoMatch`. `num_digits` 0 means the entry ends with
    `#`. `secret` fields are kept sealed and can never be spoken. `hear` judges speech the same way.
    A field that fits fewer digits too than `num_digits` has the reason `WITHOUT_POUND`.

    `samples` has an entry by the reason it is refused for or the result beside the usual, "" where it fits;
    `said` is what may be said to bring out every answer of `hear`. Proofs, reruns and tests key and say them.
    `is_fact`: written calls name the member's own, as in `{ssn_last4}`.
    """

    name: str
    judge: Judge
    fills: tuple[str, ...]
    reasons: tuple[str, ...]
    waiting: Waiting = "number"
    num_digits: int = 0
    max_digits: int = 0
    secret: bool = False
    results: tuple[str, ...] = ()
    hear: Hearing | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    is_fact: bool = False

    def verdict(
        self, digits: str, slots: Slots, reasons: tuple[str, ...], *, finished: bool
    ) -> Match | NoMatch:
        """Judge an entry that `#` ended (`finished`), or the count of digits, or a time-out.

        What fits, but has fewer digits than are counted and no `#`, may be the beginning of the longer entry,
        by somebody who looks for the rest. It is asked for once more, then taken: some never press `#`.
        """
        judged = self.judge(digits, slots, reasons)
        may_go_on = WITHOUT_POUND in self.reasons and WITHOUT_POUND not in reasons
        in_doubt = may_go_on and not finished and len(digits) < self.num_digits
        return NoMatch(WITHOUT_POUND) if in_doubt and isinstance(judged, Match) else judged


class Answer(NamedTuple):
    """What an action was asked, and answered."""

    action: str
    args: Mapping[str, str]
    outcome: str


class Consent(NamedTuple):
    """What an action that moves money needs: the slots the caller's own answer fills, and the terms.

    `told` are the slots that must be told once it has answered `authorized`.
    """

    answer: tuple[str, ...]
    terms: tuple[str, ...]
    told: tuple[str, ...]


Answering = Callable[[Slots, Mapping[str, str]], tuple[str, Slots]]
StandIn = Callable[[Slots, Mapping[str, str]], Slots]


@dataclass(frozen=True, slots=True)
class Action:
    """Something a flow asks of the domain: its outcomes, and the slots each of them fills.

    `needs` must be filled before; `drops` names the secret slots that are forgotten once it has answered;
    `args` names the arguments a node must give, each with its allowed values; `speaks` the slot whose value
    such a choice is about, so that a sentence that speaks it names the key that makes this choice.
    `answer` (slots, args) returns outcome and values where the call itself tells them and no domain is asked.

    The rest is for whoever plays the domain. `consent`: what it must have been given to move money.
    `recalls`: the outcome that gives back what was filled before, and cannot be when nothing was.
    `ordinary`: the outcome an ordinary call gets, where it is not any. `stand_ins` (slots, args) return by
    outcome what the call itself tells of what it fills; the rest of it is the slots' samples. `keyed` is by
    outcome what a caller must have keyed last to get it, `faults` what must happen in that turn.
    """

    name: str
    outcomes: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    speaks: Mapping[str, str] = field(default_factory=dict)
    answer: Answering | None = None
    consent: Consent | None = None
    recalls: str = ""
    ordinary: str = ""
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    keyed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything a flow may name.

    `slots` maps each slot to its kind of speech (`secret`: never spoken, `spelled`: kept sealed and spoken
    letter by letter); `given` are filled from the start.
    """

    slots: Mapping[str, str]
    given: tuple[str, ...]
    fields: Mapping[str, Field]
    actions: Mapping[str, Action]
    language_keys: Mapping[str, str]  # key -> language tag

    def is_secret(self, slot: str) -> bool:
        """Return whether a slot holds what a caller keyed in a secret field."""
        return self.slots.get(slot) == "secret"

    def is_sealed(self, slot: str) -> bool:
        """Return whether a slot is kept sealed: a secret, or a name that is spelled back."""
        return self.slots.get(slot) in {"secret", "spelled"}
