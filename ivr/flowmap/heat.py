"""How many calls came to each node, and how many hung up while waiting there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ivr.callfile.host import Visit
from ivr.callfile.player import CallResult
from ivr.calls.history import Recipe
from ivr.dialog.definition import MAIN
from ivr.dialog.flow import Flow
from ivr.flowmap.coverage import recorded_visits

STEPS = (0.0, 0.10, 0.25, 0.50)  # above each of these shares begins another shade


class Heat:
    """Counts calls, each node at most once a call."""

    def __init__(self) -> None:
        self.calls = 0
        self._came: Counter[str] = Counter()
        self._left: Counter[str] = Counter()

    @classmethod
    def of(cls, calls: int, came: Mapping[str, int], left: Mapping[str, int]) -> Heat:
        """Return the heat of what was counted elsewhere: all calls, and by node who came and who hung up."""
        heat = cls()
        heat.calls = calls
        heat._came.update(came)
        heat._left.update(left)
        return heat

    def add(self, nodes: Iterable[str], hung_up_at: str | None) -> None:
        """Count a call: the nodes it came to, and the one where the caller hung up, if so."""
        self.calls += 1
        self._came.update(set(nodes))
        if hung_up_at is not None:
            self._left[hung_up_at] += 1

    def add_recorded(self, flow: Flow, recipe: Recipe) -> None:
        """Count a recorded call; a hang-up is the caller's unless the line itself ended the call."""
        visits = list(recorded_visits(flow, recipe))
        self._add_visits(flow, visits, hung_up=recipe.end == "hangup")

    def add_played(self, flow: Flow, result: CallResult) -> None:
        """Count the calls of a replayed file."""
        for visits, hung_up in zip(_calls_of(flow, result.visits), _hang_ups(result), strict=False):
            self._add_visits(flow, visits, hung_up=hung_up)

    def _add_visits(self, flow: Flow, visits: list[Visit], *, hung_up: bool) -> None:
        last = visits[-1].node if visits else None
        ended = last in flow.nodes and flow.nodes[str(last)].kind == "end"
        self.add((visit.node for visit in visits), last if hung_up and not ended else None)

    def share(self, node: str) -> float:
        """Return the share of all calls that came to a node, 0 to 1."""
        return self._came[node] / self.calls if self.calls else 0.0

    def step(self, node: str) -> int:
        """Return a node's shade: 0 where no call came, 4 where more than half did."""
        return sum(self.share(node) > step for step in STEPS)

    @staticmethod
    def steps() -> tuple[str, ...]:
        """Name the shades."""
        return ("no call", "to 10 %", "to 25 %", "to 50 %", "more")

    @property
    def explanation(self) -> str:
        """Say what the numbers are."""
        return f"Of {self.calls} calls, how many came to a node; hung up: how many of those did so there."

    def hung_up(self, node: str) -> int:
        """Return how many calls ended at a node because the caller hung up."""
        return self._left[node]

    def lines(self, node: str) -> list[str]:
        """Return what stands at a node: its calls, their share of all; hang-ups, their share of those."""
        came, left = self._came[node], self._left[node]
        lines = [f"{_calls(came)}, {came / self.calls:.0%}" if came else "no call"]
        if left:
            lines.append(f"{left} hung up, {left / came:.0%}" if came else f"{left} hung up")
        return lines


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _calls_of(flow: Flow, visits: Iterable[Visit]) -> Iterator[list[Visit]]:
    """Divide the visits of a file by its calls: each begins where every call begins."""
    first = f"{MAIN}/{flow.dialogs[MAIN].start}"
    call: list[Visit] = []
    for visit in visits:
        if call and visit.node == first and visit.edge is not None:
            yield call
            call = []
        call.append(visit)
    if call:
        yield call


def _hang_ups(result: CallResult) -> list[bool]:
    """Tell for each call of a file whether the caller hung up."""
    hung_up: list[bool] = []
    for line in result.transcript:
        if (line.who, line.text) == ("caller", "dials"):
            hung_up.append(False)
        elif hung_up and (line.who, line.text) in {("caller", "hangs up"), ("end", "hangup")}:
            hung_up[-1] = True
    return hung_up
