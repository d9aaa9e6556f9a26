"""What a call is in the middle of: everything the engine needs to take the next turn, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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


@dataclass(slots=True)
class State:
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
    frames: list[str] = field(default_factory=list)
    slots: dict[str, Value] = field(default_factory=dict)
    secrets: dict[str, Value] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    failures: int = 0
    renewals: int = 0
    reasons: list[str] = field(default_factory=list)
    gate: bool = False
    pending: list[Said] = field(default_factory=list)
    chunk: list[Said] = field(default_factory=list)
    held: list[Said] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    evidence: dict[str, Said] = field(default_factory=dict)

    def copy(self) -> State:
        """Return a copy that can be changed without touching this one."""
        return State(
            node=self.node,
            language=self.language,
            pace=self.pace,
            slowest=self.slowest,
            turns=self.turns,
            frames=[*self.frames],
            slots={**self.slots},
            secrets={**self.secrets},
            counters={**self.counters},
            failures=self.failures,
            renewals=self.renewals,
            reasons=[*self.reasons],
            gate=self.gate,
            pending=[*self.pending],
            chunk=[*self.chunk],
            held=[*self.held],
            said=[*self.said],
            evidence={**self.evidence},
        )

    def to_json(self) -> str:
        """Return everything but the secrets as JSON text."""
        data = {name: getattr(self, name) for name in _STORED}
        return _write(data)

    def secrets_json(self) -> str:
        """Return the secrets as JSON text; empty text when there are none."""
        return json.dumps(self.secrets, separators=(",", ":")) if self.secrets else ""

    @classmethod
    def from_json(cls, text: str, secrets: str = "") -> State:
        """Rebuild a state from `to_json` and `secrets_json`."""
        data: dict[str, Any] = json.loads(text)
        for name in ("pending", "chunk", "held", "said"):
            data[name] = [Said(*each) for each in data[name]]
        data["evidence"] = {name: Said(*each) for name, each in data["evidence"].items()}
        return cls(**data, secrets=json.loads(secrets) if secrets else {})


_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_STORED = tuple(name for name in State.__slots__ if name != "secrets")
