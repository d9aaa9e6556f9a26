"""A turn: from what was heard to the next wait or end, with every question to the domain on the way.

The engine stops at each `Ask`; here, once, is the loop that has it answered and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ivr.dialog.engine import Ask, DialogError, End, Input, Outcome, Wait, step
from ivr.dialog.events import Event, Heard
from ivr.dialog.flow import Flow
from ivr.dialog.state import State

ASKS_MAX = 50  # in one turn


class Answered(NamedTuple):
    """A question to the domain, the state it was asked in, and the answer."""

    ask: Ask
    state: State
    outcome: Outcome


class Turn:
    """One turn as far as it has come: what was heard, what happened, the state, and what to do now.

    What it holds stays true when it breaks off: its node is where, its events are what led there.
    """

    def __init__(self, flow: Flow, state: State, heard: Input, elapsed_seconds: float = 0.0) -> None:
        """Take the first step; `heard` is what came in. Raises `DialogError` like `step`."""
        taken = step(flow, state, heard, elapsed_seconds)
        if taken.heard is None:
            raise DialogError("a turn begins with what was heard, not with an outcome", state.node)
        self.heard: Heard = taken.heard
        self.events: list[Event] = list(taken.events)
        self.state = taken.state
        self.result = taken.result
        self.answered: list[Answered] = []
        self._flow = flow
        self._elapsed_seconds = elapsed_seconds

    @property
    def node(self) -> str:
        """Where the call stands, `dialog/node`."""
        return self.state.node

    def run(self, answer: Callable[[Ask, State], Outcome]) -> Wait | End:
        """Go on until the call must wait or ends, `answer` answering each question; return what to do then.

        Raises what `answer` raises, and `DialogError`, also where the questions have no end.
        """
        while isinstance(self.result, Ask):
            if len(self.answered) >= ASKS_MAX:
                raise DialogError(f"more than {ASKS_MAX} questions in one turn", self.node)
            outcome = answer(self.result, self.state)
            self.answered.append(Answered(self.result, self.state, outcome))
            taken = step(self._flow, self.state, outcome, self._elapsed_seconds)
            self.events += taken.events
            self.state, self.result = taken.state, taken.result
        return self.result
