"""The measurements: slices of each server in turn, A B C A B C …, and medians over the cycles.

The machine's own speed drifts; what runs side by side drifts together. So every ratio is taken within one
cycle, and the median over all cycles counts.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from benchmarks.load import Played, closed_loop, open_loop
from benchmarks.scripts import KINDS, Script, Scripts, Strangers
from benchmarks.servers import Server, tree_cpu_seconds
from benchmarks.sizes import Sizes
from ivr.billing.samples import SampleMember

PERCENTS = (50, 95, 99)
TURNS = 16  # of a paying call


@dataclass(frozen=True)
class Slice:
    """One server's share of one cycle. Milliseconds of processor time are per turn."""

    turns: int
    web_ms: float
    database_ms: float
    turns_per_second: float
    mean_ms: float
    wall_ms: Mapping[int, float]  # percent -> milliseconds

    @property
    def cpu_ms(self) -> float:
        """The whole price of a turn: web and database."""
        return self.web_ms + self.database_ms


@dataclass
class Series:
    """All slices of one server, cycle by cycle."""

    slices: list[Slice] = field(default_factory=list)

    def middle(self, value: Callable[[Slice], float]) -> float:
        """Return the median over the cycles."""
        return median(map(value, self.slices))

    def ratio(self, baseline: Series, value: Callable[[Slice], float]) -> float:
        """Return the median over the cycles of this series' value over the baseline's in the same cycle."""
        pairs = zip(self.slices, baseline.slices, strict=True)
        return median(value(mine) / value(theirs) for mine, theirs in pairs)


Table = dict[str, Series]


class Bench:
    """Plays slices on several servers in turn."""

    def __init__(
        self,
        servers: Sequence[Server],
        postmaster: int,
        scripts: Scripts,
        payers: Sequence[SampleMember],
        sizes: Sizes,
    ) -> None:
        self.servers = servers
        self.sizes = sizes
        self._postmaster = postmaster
        self._scripts = scripts
        self._payers: Iterator[SampleMember] = iter(payers)
        gc.freeze()  # what is loaded by now need not be looked through before each slice

    def paying_calls(self, count: int) -> list[Script]:
        """Write `count` calls, each by a member who has not called yet."""
        return [self._scripts.paying(next(self._payers)) for _ in range(count)]

    def warm(self) -> None:
        """Let every worker meet every statement, and caches fill."""
        calls = self.paying_calls(self.sizes.warming_calls)
        for server in self.servers:
            closed_loop(server, calls, self.sizes.lanes)

    def whole_calls(self) -> Table:
        """Measure calls in which a member pays: 13 turns from the greeting to the confirmation."""
        return self._closed(self.sizes.cycles, self.sizes.paying_calls, self.sizes.lanes)

    def saturated(self) -> Table:
        """Measure the same with more calls at once than there are workers."""
        return self._closed(
            self.sizes.saturating_cycles, self.sizes.saturating_calls, self.sizes.saturating_lanes
        )

    def _closed(self, cycles: int, calls: int, lanes: int) -> Table:
        table: Table = {server.name: Series() for server in self.servers}
        for cycle in range(cycles):
            scripts = self.paying_calls(calls)
            for server in self._in_turn(cycle):
                taken = self._taken(server, partial(closed_loop, server, scripts, lanes))
                table[server.name].slices.append(taken)
        return table

    def menu_turns(self) -> Table:
        """Measure one ordinary turn, over and over: a key at the menu of other help."""
        return self._menu(self.sizes.cycles, self.sizes.lanes)

    def saturated_menu(self) -> Table:
        """Measure the same with more calls at once than there are workers."""
        return self._menu(self.sizes.saturating_cycles, self.sizes.saturating_lanes)

    def _menu(self, cycles: int, lanes: int) -> Table:
        table: Table = {server.name: Series() for server in self.servers}
        for cycle in range(cycles):
            for server in self._in_turn(cycle):
                calls = [self._scripts.menu(self.sizes.menu_turns) for _ in range(lanes)]
                closed_loop(server, [call[:3] for call in calls], lanes)
                measured = [call[3:] for call in calls]
                taken = self._taken(server, partial(closed_loop, server, measured, lanes))
                table[server.name].slices.append(taken)
        return table

    def at_rates(self, rates: Mapping[str, float]) -> Table:
        """Measure with turns that arrive by chance, at a rate for each server: turns a second."""
        table: Table = {server.name: Series() for server in self.servers}
        for cycle in range(self.sizes.open_loop_cycles):
            for server in self._in_turn(cycle):
                rate = rates[server.name]
                count = math.ceil(rate * self.sizes.open_loop_seconds / TURNS)
                scripts = [self._scripts.paying(payer) for payer in self._new_payers(server, count)]
                table[server.name].slices.append(
                    self._taken(server, partial(open_loop, server, scripts, rate, cycle))
                )
        return table

    def _new_payers(self, server: Server, count: int) -> list[SampleMember]:
        """Take payers who have not called yet; the baseline knows nobody, so it takes one again and again."""
        if server.node is not None:
            return [next(self._payers)] * count
        return [next(self._payers) for _ in range(count)]

    def alone(self, server: Server) -> Slice:
        """Measure paying calls one at a time: what a turn takes when nobody else waits."""
        calls = self.paying_calls(self.sizes.profiled_calls)
        return self._taken(server, partial(closed_loop, server, calls, 1))

    def rejections(self, server: Server, people: Strangers) -> dict[str, list[float]]:
        """Return the seconds that each rejected verification took, kind by kind, one call at a time."""
        taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for number in range(people.rounds):
            turned = number % len(KINDS)
            for kind in KINDS[turned:] + KINDS[:turned]:
                call = self._scripts.rejected(people.facts(kind, number))
                taken[kind].append(closed_loop(server, [call], 1).seconds[-1])
        return taken

    def _in_turn(self, cycle: int) -> Sequence[Server]:
        """Return the servers, each cycle with another one first."""
        first = cycle % len(self.servers)
        return [*self.servers[first:], *self.servers[:first]]

    def _taken(self, server: Server, play: Callable[[], Played]) -> Slice:
        web, database = tree_cpu_seconds(server.process.pid), tree_cpu_seconds(self._postmaster)
        played = play()
        web = tree_cpu_seconds(server.process.pid) - web
        database = tree_cpu_seconds(self._postmaster) - database
        if server.node is not None:
            database = 0.0  # the baseline has none; what PostgreSQL does by itself is not its doing
        return Slice(
            played.turns,
            web * 1000 / played.turns,
            database * 1000 / played.turns,
            played.turns_per_second,
            sum(played.seconds) * 1000 / played.turns,
            {percent: percentile(played.seconds, percent) * 1000 for percent in PERCENTS},
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of all are not above."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]
