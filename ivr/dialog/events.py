"""What happens in a call, as values: what was heard, once a turn, and what the engine did with it.

Masked from the start: a menu's key stays what it is, of an entry there is its length and whether it fitted.
So they may be kept and shown; `ivr.calls.notation` writes them and reads what was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialog.definition import ENDS, GIVE_UP

CALLED = "call"
TOO_LONG = "too_long"
# How a node is left without a branch of its own: into a dialog, for want of patience or time, at the end.
ENGINE_LABELS = frozenset((GIVE_UP, CALLED, TOO_LONG, *ENDS))


# What was heard.


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The call was answered."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key, where one is asked for or where it means the same everywhere; `reason`: why it did not fit."""

    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeveralKeysPressed:
    """Keys where one, or speech, is asked for: which is not kept, they may be a number of somebody's."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class DigitsKeyed:
    """An entry of `length` digits, `finished` when `#` ended it; `reason`: why it did not fit (nomatch)."""

    length: int
    finished: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SpeechHeard:
    """Speech where it is listened for; `verdict` is the field's result, or the reason why it did not fit."""

    verdict: str


@dataclass(frozen=True, slots=True)
class SpeechUnasked:
    """Speech where nothing listens for it: a room, or an operator's own words."""


@dataclass(frozen=True, slots=True)
class NoInput:
    """Nothing, until the time-out had passed."""


@dataclass(frozen=True, slots=True)
class EntryDiscarded:
    """An entry with a `*` in it, which the caller takes back by that."""


@dataclass(frozen=True, slots=True)
class StrayPound:
    """A `#` alone, as many callers press after an entry that needs none."""


@dataclass(frozen=True, slots=True)
class TransferReported:
    """How calling an agent went: `completed`, or `failed` when nobody could be reached."""

    result: str


@dataclass(frozen=True, slots=True)
class LineFailed:
    """Nothing that was kept: the line closed a call that it could not go on with."""


Heard = (
    CallAnswered
    | KeyPressed
    | SeveralKeysPressed
    | DigitsKeyed
    | SpeechHeard
    | SpeechUnasked
    | NoInput
    | EntryDiscarded
    | StrayPound
    | TransferReported
    | LineFailed
)


# What happened then. Each names the node it happened at.


@dataclass(frozen=True, slots=True)
class BranchTaken:
    """The call left a node by the branch `label`, or by what the engine does by itself (`ENGINE_LABELS`)."""

    node: str
    label: str


@dataclass(frozen=True, slots=True)
class OutcomeGiven:
    """The domain answered what an action asked. The branch follows: `exhausted`, where no try is left."""

    node: str
    outcome: str


@dataclass(frozen=True, slots=True)
class EntryRefused:
    """An entry did not fit (VoiceXML: nomatch); `reason` chose the sentence that says why."""

    node: str
    reason: str


Event = BranchTaken | OutcomeGiven | EntryRefused
