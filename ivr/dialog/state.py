"""What a call is in the middle of: everything the engine needs to take the next turn, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ivr.dialog.vocabulary import Value


class Said(NamedTuple):
    """One prompt to speak, with the values of its slots at that moment.

    `piece` -1 is the whole prompt; `language` and `pace` "" are the call's. `barge_in` false: no key may
    cut it short.
    """

    prompt: str
    attribute: str = ""
    piece: int = -1
    language: str = ""
    values: dict[str, Value] = {}  # noqa: RUF012 (never changed)
    barge_in: bool = True
    pace: str = ""

    @property
    def label(self) -> str:
        """The prompt as the `Ivr-Prompts` header and call files name it: `id.again`, `id[2]`, `id@es-US`."""
        attribute = f".{self.attribute}" if self.attribute else ""
        piece = f"[{self.piece + 1}]" if self.piece > 0 else ""
        language = f"@{self.language}" if self.language else ""
        return f"{self.prompt}{attribute}{piece}{language}"


class State(msgspec.Struct, forbid_unknown_fields=True):
    """The state of one call's dialog between two turns.

    `secrets` holds what was keyed in secret fields, or is a name, and is never part of `to_json`: it is
    stored sealed.
    `slowest` is the slowest pace so far: who goes back to a quicker one keeps its limits.
    `frames` are the nodes to come back to; one ending in `!` was interrupted and asks again, in `!gate` goes
    on with what was `held` for it. `gate` tells that a piece (`chunk`) was spoken and 1 goes on with what is
    `pending`; `said` is everything since the caller's last answer, which 9 repeats.
    """

    node: str
    language: str
    pace: str = "voice"
    slowest: str = "voice"
    turns: int = 0
    frames: list[str] = []
    slots: dict[str, Value] = {}
    secrets: dict[str, Value] = {}
    counters: dict[str, int] = {}
    failures: int = 0
    renewals: int = 0
    reasons: list[str] = []
    gate: bool = False
    pending: list[Said] = []
    chunk: list[Said] = []
    held: list[Said] = []
    said: list[Said] = []
    evidence: dict[str, Said] = {}

    def copy(self) -> State:
        """Return a copy that can be changed without touching this one."""
        return msgspec.structs.replace(
            self,
            frames=[*self.frames],
            slots={**self.slots},
            secrets={**self.secrets},
            counters={**self.counters},
            reasons=[*self.reasons],
            pending=[*self.pending],
            chunk=[*self.chunk],
            held=[*self.held],
            said=[*self.said],
            evidence={**self.evidence},
        )

    def to_json(self) -> str:
        """Return everything but the secrets as JSON text."""
        return _write(msgspec.structs.replace(self, secrets=msgspec.UNSET)).decode()

    def secrets_json(self) -> str:
        """Return the secrets as JSON text; empty text when there are none."""
        return _write(self.secrets).decode() if self.secrets else ""

    @classmethod
    def from_json(cls, text: str, secrets: str = "") -> State:
        """Rebuild a state from `to_json` and `secrets_json`."""
        state = _read(text)
        state.secrets = _read_secrets(secrets) if secrets else {}
        return state


_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(State).decode
_read_secrets = msgspec.json.Decoder(dict[str, Value]).decode
