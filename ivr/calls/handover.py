"""What an agent is told of a call that is handed to them: why, where the caller was, and who they deal with.

Nothing of it is a value of the caller's or a name: a reason, a node, whether the caller is verified, and how
they are spoken with. It travels in the address that Twilio asks for the agent's ears (`<Number url>`:
twilio.com/docs/voice/twiml/number), which is as open as any log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from ivr.dialog.definition import AGENT_DIALOG, GIVE_UP
from ivr.dialog.events import TOO_LONG, BranchTaken, Event
from ivr.languages.registry import LANGUAGES, SPOKEN

ASKED: Final = "asked"
LINE_FAILED: Final = "line_failed"
_WHY: Final[Mapping[str, str]] = {
    ASKED: "The caller asked for a person",
    "gave_up": "Three tries did not work",
    "time_up": "The call took too long",
    "sent": "The line sent the caller on",
    LINE_FAILED: "The line failed",
}
_STOPPED: Final[Mapping[str, str]] = {GIVE_UP: "gave_up", TOO_LONG: "time_up"}
_PACES: Final[Mapping[str, str]] = {"unhurried": "Needs time", "relay": "An operator types"}
_NODE: Final = re.compile("[a-z0-9_]+/[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Handover:
    """What is told: `reason` is one of the keys of the words for it, `node` where the caller was, or "".

    `verified` is yes, no, or "" where that is not known.
    """

    reason: str
    node: str = ""
    verified: str = ""
    language: str = ""
    pace: str = ""

    @property
    def address(self) -> str:
        """The query of the address at which it is told."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return urlencode({name: value for name, value in fields.items() if value}, safe="/")

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Handover:
        """Read what `address` wrote; what is none of it is left out."""
        return cls(*(query.get(name, "") for name in cls.__slots__))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences, in English: staff's language."""
        why = _WHY.get(self.reason, "")
        where = self.node.translate({ord("/"): ", ", ord("_"): " "}) if _NODE.fullmatch(self.node) else ""
        first = ", at: ".join(filter(None, (why, where)))
        spoken = SPOKEN.get(self.language)
        rest = (
            {"yes": "Verified", "no": "Not verified"}.get(self.verified, ""),
            f"Speaks {spoken.name}" if spoken and self.language != next(iter(LANGUAGES)) else "",
            _PACES.get(self.pace, ""),
        )
        return tuple(f"{sentence}." for sentence in (first, *rest) if sentence)


def reason_and_node(events: Iterable[Event], before: str) -> tuple[str, str] | None:
    """Tell from a turn's events why it leads to an agent, and at which node; None where they do not tell.

    `before` is the node at which the turn was heard. In relay pace a gate may stand between the reason and
    the call to the agent; the turn of the reason tells then.
    """
    path = [event for event in events if isinstance(event, BranchTaken)]
    stopped = next((event for event in path if event.label in _STOPPED), None)
    if stopped is not None:
        return _STOPPED[stopped.label], stopped.node
    if not path:
        return None
    first = path[0].node
    if any(_is_asked_for(event.node) for event in path):
        return ASKED, before if _is_asked_for(first) else first
    return "sent", first


def _is_asked_for(node: str) -> bool:
    return node.startswith(f"{AGENT_DIALOG}/")
