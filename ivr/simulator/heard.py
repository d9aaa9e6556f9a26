"""What a person holding the phone notices: turns of the line, sounds, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from ivr.simulator.twiml import Gather

NoteKind = Literal[
    "said",
    "cut",
    "pressed",
    "spoke",
    "silence",
    "lost",
    "dialed",
    "agent hears",
    "request",
    "error",
    "ended",
]
Ending = Literal["goodbye", "agent", "hangup", "rejected", "error"]


@dataclass(frozen=True)
class HeardTurn:
    """One reply of the line, from the headers it carries: its number, node, prompt ids and flow version."""

    path: str
    seq: int | None
    node: str
    prompts: tuple[str, ...]
    flow: str


class Sounded(NamedTuple):
    """A stretch of sound: words in a language, or a silence (no text)."""

    seconds: float
    language: str
    text: str


@dataclass(frozen=True)
class Heard:
    """Everything since the caller last did something.

    `waiting_for` is the Gather now open (its sounds are already among `sounds`; a key pressed before they end
    cuts them short), or None when the call is over. `ended` says how: `goodbye` the line hung up, `agent`
    after a conversation with a person, `hangup` the caller did, `rejected`, `error` the line failed.
    """

    turns: tuple[HeardTurn, ...]
    sounds: tuple[Sounded, ...]
    waiting_for: Gather | None
    ended: Ending | None

    @property
    def spoken(self) -> tuple[tuple[str, str], ...]:
        """The words, each with its language: (language, text)."""
        return tuple((sound.language, sound.text) for sound in self.sounds if sound.text)

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompt ids of all turns, in order."""
        return tuple(prompt for turn in self.turns for prompt in turn.prompts)


class Note(NamedTuple):
    """One line of a call's log: seconds since it began, what happened, and the details."""

    seconds: float
    kind: NoteKind
    text: str


class PhoneWarning(NamedTuple):
    """What Twilio would have noted in its debugger about a reply, with the reply's path."""

    path: str
    code: int
    message: str


class PhoneFailure(NamedTuple):
    """An error of the line as Twilio counts it; `injected` when a fault was asked for."""

    path: str
    code: int
    message: str
    injected: bool
