"""A recorded call as a recipe: what was asked, what kind of thing was answered, what the domain said.

Nothing in it is a secret or names a person: keys of menus stay as they are, entries are lengths and verdicts,
values are shapes (`ivr.topics.masks`). A recipe can be run again on any version of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ivr.dialog.events import Event, Heard
from ivr.dialog.flow import pace_prompt
from ivr.languages.language import PACES

OPEN: Final = "open"
ENDS: Final = ("goodbye", "agent", "hangup", "fallback", OPEN)  # how calls end, and one that has not


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the domain and its answer: the outcome, and the shape of each slot it filled.

    `args` are the flow's own. `given` are the shapes of the slots that the action needed, where they say more
    than that there was something.
    """

    action: str
    args: Mapping[str, str]
    outcome: str
    slots: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """One webhook and its answer.

    `heard` is what came in, an answer to the question of the turn before. `events` are what happened, `asked`
    what the domain was asked on the way, `node` where the line stands after it, `prompts` what it said
    (labels as in `Ivr-Prompts`). `at` is an aware UTC instant, `milliseconds` what the turn took. `values`
    are the shapes of the values in each prompt, one mapping a prompt, or none at all when no prompt has any.
    """

    seq: int
    at: datetime
    heard: Heard
    events: tuple[Event, ...]
    asked: tuple[Asked, ...]
    node: str
    prompts: tuple[str, ...]
    milliseconds: float
    values: tuple[Mapping[str, str], ...] = ()

    @property
    def told_pace(self) -> str | None:
        """The pace that this turn told the caller of; from here on the line speaks in it."""
        told = {prompt.partition("@")[0] for prompt in self.prompts}
        return next((pace for pace in PACES if pace_prompt(pace) in told), None)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recorded call. `end` is goodbye, agent, hangup or fallback; None while the call goes on.

    `language` and `pace` are those it ended in; `caller_kind` is number, withheld or other.
    """

    call_sid: str
    started_at: datetime
    ended_at: datetime | None
    flow_version: str
    language: str
    pace: str
    caller_kind: str
    end: str | None
    turns: tuple[RecordedTurn, ...]
