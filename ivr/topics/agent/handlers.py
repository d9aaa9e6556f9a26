"""Whether an agent can be reached: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.topics.services import TurnServices


def reach_person(turn: TurnServices, _state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether an agent can be reached now."""
    return Outcome("open" if turn.services.agent_available(turn.now) else "closed")
