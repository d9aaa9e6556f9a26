"""What calls visit of the flows, per language and pace, and what not: written calls and recorded ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from ivr.callfile.host import Visit
from ivr.calls.history import Recipe
from ivr.dialog.definition import GATE, LANGUAGE, MENU, Node
from ivr.dialog.engine import FAILURES_MAX
from ivr.dialog.events import ENGINE_LABELS, BranchTaken, Event
from ivr.dialog.flow import Flow
from ivr.languages.language import WORDED, Variant, worded

NODES, EDGES, ATTEMPTS = "nodes", "edges", "attempts"
LEVELS = ("first", "again", "last")[:FAILURES_MAX]  # after 0, 1, 2 failures at a question


def edge_name(node: str, label: str) -> str:
    """Write an edge as coverage counts it: `dialog/node -> label`."""
    return f"{node} -> {label}"


def attempt_name(node: str, level: str) -> str:
    """Write an attempt level of a question as coverage counts it: `dialog/node.again`."""
    return f"{node}.{level}"


def visits_of(flow: Flow, node: str, events: Iterable[Event], prompts: Iterable[str]) -> Iterator[Visit]:
    """Yield the places one turn came through: those on its way, the one where it stopped, how that asked."""
    for event in events:
        if isinstance(event, BranchTaken):
            known = flow.nodes.get(event.node)
            own = event.label in ENGINE_LABELS and (known is None or event.label not in known.branches)
            yield Visit(event.node, None if own else event.label)
    if "/" in node:
        yield Visit(node, None)
        asked = flow.nodes.get(node)
        if asked is not None and asked.kind == "collect":
            yield from (Visit(node, None, level) for level in _levels(asked, prompts))


def recorded_visits(flow: Flow, recipe: Recipe) -> Iterator[Visit]:
    """Yield the places a recorded call came through."""
    for turn in recipe.turns:
        yield from visits_of(flow, turn.node, turn.events, turn.prompts)


def _levels(node: Node, prompts: Iterable[str]) -> Iterator[str]:
    """Yield the levels at which a node's question is among the labels of prompts."""
    for label in prompts:
        prompt, _, attribute = label.partition("@")[0].partition("[")[0].partition(".")
        level = attribute or LEVELS[0]
        if prompt == node.prompts[0] and level in LEVELS:
            yield level


def question_levels(flow: Flow, node: Node, pace: str) -> tuple[str, ...]:
    """Return the attempt levels there can be at a node in a pace; none at what asks nothing there."""
    only_language = node.word == LANGUAGE and len(flow.languages) == 1
    if node.kind != "collect" or only_language or node.only not in {"", pace}:
        return ()
    return LEVELS if _can_fail(flow, node, pace) else LEVELS[:1]


def _can_fail(flow: Flow, node: Node, pace: str) -> bool:
    """Return whether there is anything that counts as a failure at a question."""
    if node.word in {MENU, LANGUAGE, GATE}:
        return True  # any other key
    return pace == "voice" or bool(flow.vocabulary.fields[node.word].reasons)


class Missed(NamedTuple):
    """A place not visited in a run of language and pace; or visited there, with the number of calls."""

    kind: str
    place: str
    run: Variant
    calls: int = 0


class FlowCoverage:
    """Counts the calls that visit each place. A visit counts for the language and pace of its call.

    A call that is unhurried counts for voice, whose nodes and words it has.

    `places` are names by kind, per pace: nodes are `dialog/node`, edges `dialog/node -> label`, attempts
    `dialog/node.again`. A written call's language and pace are those it is played in, so that the nodes
    before the caller has chosen count for each.
    """

    def __init__(self, places: Mapping[str, Mapping[str, Sequence[str]]], languages: Sequence[str]) -> None:
        self._places = places
        self.calls = 0
        self.runs: tuple[Variant, ...] = tuple(product(languages, places))
        self._visits: Counter[tuple[Variant, str]] = Counter()
        self._known = {place for kinds in places.values() for of_kind in kinds.values() for place in of_kind}

    @classmethod
    def of(cls, flow: Flow) -> FlowCoverage:
        """Return a count that begins at zero, of all places of a flow that can be reached."""
        return cls({pace: _places_of(flow, pace) for pace in WORDED}, flow.languages)

    def add(self, visits: Iterable[Visit], language: str, pace: str) -> None:
        """Count one call."""
        self.calls += 1
        seen = set()
        for visit in visits:
            seen.add(visit.node)
            if visit.edge is not None:
                seen.add(edge_name(visit.node, visit.edge))
            if visit.level:
                seen.add(attempt_name(visit.node, visit.level))
        self._visits.update(((language, worded(pace)), place) for place in seen)

    @property
    def complete(self) -> bool:
        """Whether every place was visited in every language and pace."""
        return not any(self.missed())

    @property
    def unknown(self) -> list[str]:
        """The nodes and edges visited that the flows do not have."""
        return sorted(
            place for place in {place for _, place in self._visits} - self._known if not _is_attempt(place)
        )

    def places(self) -> Iterator[tuple[str, str, Variant]]:
        """Yield each place with its kind, for each run it is there in."""
        for run in self.runs:
            for kind, names in self._places[run[1]].items():
                yield from ((kind, name, run) for name in names)

    def count(self, place: str, run: Variant) -> int:
        """Return how many calls of a run visited a place."""
        return self._visits[run, place]

    def missed(self) -> Iterator[Missed]:
        """Yield each place not visited, by run."""
        for kind, place, run in self.places():
            if not self.count(place, run):
                yield Missed(kind, place, run)

    def totals(self, run: Variant) -> dict[str, tuple[int, int]]:
        """Return for each kind how many places were visited in a run, and how many there are."""
        return {
            kind: (sum(self.count(name, run) > 0 for name in names), len(names))
            for kind, names in self._places[run[1]].items()
        }

    def as_json(self) -> dict[str, Any]:
        """Return the counts and the places not visited; `unknown` are visits the flows do not have."""
        missed = list(self.missed())
        return {
            "calls": self.calls,
            "runs": [
                {
                    "language": run[0],
                    "pace": run[1],
                    **{
                        kind: {
                            "total": total,
                            "visited": visited,
                            "not_visited": [
                                each.place for each in missed if (each.run, each.kind) == (run, kind)
                            ],
                        }
                        for kind, (visited, total) in self.totals(run).items()
                    },
                }
                for run in self.runs
            ],
            "unknown": self.unknown,
        }


def _places_of(flow: Flow, pace: str) -> dict[str, list[str]]:
    edges = [
        edge_name(path, label)
        for path, node in flow.nodes.items()
        for label in node.branches
        # In relay pace silence only renews the wait, so no flow leads anywhere from it.
        if not (label == "silence" and pace == "relay" and node.kind == "collect")
    ]
    attempts = [
        attempt_name(path, level)
        for path, node in flow.nodes.items()
        for level in question_levels(flow, node, pace)
    ]
    return {NODES: list(flow.nodes), EDGES: edges, ATTEMPTS: attempts}


def _is_attempt(place: str) -> bool:
    return place.rpartition(".")[2] in LEVELS


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report to read. `alarming`: what somebody should look at first."""

    title: str
    lines: tuple[str, ...]
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """What the written calls visited, beside what the recorded ones did (None: not asked for)."""

    written: FlowCoverage
    recorded: FlowCoverage | None = None

    @property
    def complete(self) -> bool:
        """Whether the written calls visited everything."""
        return self.written.complete

    def never_tested(self) -> list[Missed]:
        """Return what recorded calls visited and written ones did not, the most visited first."""
        if self.recorded is None:
            return []
        found = [
            missed._replace(calls=self.recorded.count(missed.place, missed.run))
            for missed in self.written.missed()
        ]
        return sorted((each for each in found if each.calls), key=lambda each: -each.calls)

    def never_seen(self) -> list[Missed]:
        """Return what written calls visited and no recorded one did."""
        if self.recorded is None:
            return []
        return [each for each in self.recorded.missed() if self.written.count(each.place, each.run)]

    def visited_by_none(self) -> list[Missed]:
        """Return what no call visited at all."""
        return [
            each
            for each in self.written.missed()
            if self.recorded is None or not self.recorded.count(each.place, each.run)
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        report = self.written.as_json()
        if self.recorded is not None:
            report["recorded"] = self.recorded.as_json()
            report["seen_never_tested"] = [
                {**_named(each), "calls": each.calls} for each in self.never_tested()
            ]
            report["tested_never_seen"] = [_named(each) for each in self.never_seen()]
        return report

    def sections(self) -> Iterator[Section]:
        """Yield the report in parts to read; those with nothing in them are left out."""
        yield Section(self._headline(), tuple(map(self._line, self.written.runs)))
        if self.recorded is None:
            yield Section("not visited", tuple(_by_place(self.visited_by_none(), self.written)))
        else:
            tested = tuple(_by_place(self.never_tested(), self.written))
            yield Section("seen live, never tested", tested, alarming=True)
            yield Section("tested, never seen live", tuple(_by_place(self.never_seen(), self.written)))
            yield Section("neither", tuple(_by_place(self.visited_by_none(), self.written)))
            live = tuple(self.recorded.unknown)
            yield Section("seen live, not in these flows (recorded on another version)", live)
        yield Section("visited, but not in the flows", tuple(self.written.unknown), alarming=True)

    def _headline(self) -> str:
        written = f"{self.written.calls} written calls"
        return written if self.recorded is None else f"{written} | {self.recorded.calls} recorded calls"

    def _line(self, run: Variant) -> str:
        sides = [_totals(self.written.totals(run))]
        if self.recorded is not None:
            sides.append(_totals(self.recorded.totals(run)))
        return f"{run[0]} {run[1]}: {' | '.join(sides)}"


def _totals(totals: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(f"{kind} {visited} of {total}" for kind, (visited, total) in totals.items())


def _named(missed: Missed) -> dict[str, Any]:
    return {"kind": missed.kind, "place": missed.place, "language": missed.run[0], "pace": missed.run[1]}


def _by_place(missed: Iterable[Missed], all_places: FlowCoverage) -> Iterator[str]:
    """Yield a line a place: the runs it is missed in, and by how many calls it was seen."""
    there: Counter[str] = Counter(place for _, place, _ in all_places.places())
    runs: dict[str, list[Missed]] = defaultdict(list)
    for each in missed:
        runs[each.place].append(each)
    for place, found in runs.items():
        everywhere = len(found) == there[place] and len(found) > 1
        where = (
            "in every language and pace" if everywhere else ", ".join(" ".join(each.run) for each in found)
        )
        calls = sum(each.calls for each in found)
        seen = f" ({calls} call{'s' * (calls > 1)})" if calls else ""
        yield f"{place}: {where}{seen}"
