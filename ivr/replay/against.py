"""`ivr replay --against`: a set of calls on two versions of the line, and a row for each cause of change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TextIO
from zoneinfo import ZoneInfo

from ivr.base.clock import EASTERN
from ivr.base.errors import EXIT_NO, OperatorError
from ivr.calls.history import Recipe
from ivr.replay.compare import KINDS, Comparer, Difference
from ivr.replay.rerun import CallRerunner, Rerun, Script, disagreement
from ivr.replay.synthetic import UnknownShapeError
from ivr.topics.line import Line

EXAMPLES_MAX: Final = 3

LineOf = Callable[[str], Line | None]


@dataclass(frozen=True, slots=True)
class NamedRecipe:
    """A recorded call and what a report calls it: its call SID, or the file it was played from."""

    name: str
    recipe: Recipe


@dataclass(slots=True)
class Row:
    """Everything that comes from one cause: how many calls of each kind, and three examples of each."""

    cause: str
    reasons: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    whats: dict[str, list[str]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, difference: Difference) -> None:
        """Count one call's difference."""
        kind, _, why, what, seconds = difference
        if why:
            self.reasons.add(why)
        self.counts[kind] += 1
        self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds
        whats = self.whats.setdefault(kind, [])
        if what and what not in whats and len(whats) < EXAMPLES_MAX:
            whats.append(what)
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES_MAX:
            examples.append(name)

    @property
    def rank(self) -> tuple[int, int]:
        """The worst kind first, then the most calls."""
        worst = min(map(KINDS.index, self.counts))
        return worst, -sum(self.counts.values())


class Comparison:
    """Runs recorded calls on two lines, one after the other, and keeps count of what differs.

    `line_of` gives the line of a flow version, on which a recording is run first: it must come out as it was
    recorded. `zone` is the bank's.
    """

    def __init__(self, before: Line, after: Line, line_of: LineOf, zone: ZoneInfo = EASTERN) -> None:
        self._zone = zone
        self._before = CallRerunner(before, zone)
        self._after = CallRerunner(after, zone)
        self._recorded: dict[str, CallRerunner | str] = {before.flow.version: self._before}
        self._line_of = line_of
        self._comparer = Comparer(before.flow, after.flow)
        self.calls = 0
        self.differing: list[str] = []
        self.rows: dict[str, Row] = {}
        self.problems: dict[str, list[str]] = {}

    def add(self, named: NamedRecipe) -> list[Difference]:
        """Compare one call; a call that cannot be run is a problem of the comparison, and none of its own."""
        self.calls += 1
        try:
            before, after = self._runs(named)
        except _ProblemError as error:
            self.problems.setdefault(str(error), []).append(named.name)
            return []
        differences = self._comparer.compare(before, after)
        if differences:
            self.differing.append(named.name)
        for difference in differences:
            self.rows.setdefault(difference.cause, Row(difference.cause)).add(named.name, difference)
        return differences

    def _runs(self, named: NamedRecipe) -> tuple[Rerun, Rerun]:
        recipe = named.recipe
        recorder = self._recorder(recipe.flow_version)
        try:
            script = Script.of(recipe, recorder.line.flow)
        except UnknownShapeError as error:
            raise _ProblemError(f"the recording is not of its flow version: {error}") from None
        recorded = recorder.run(script)
        differs = disagreement(recipe, recorded)
        if differs:
            raise _ProblemError(f"the recording does not come out as recorded on its own version: {differs}")
        timed = script.timed(recorded)
        before = recorded if recorder is self._before else self._before.run_like(timed, recorded, recorder)
        return before, self._after.run_like(timed, recorded, recorder)

    def _recorder(self, version: str) -> CallRerunner:
        """Return the line a call was recorded on. Raises `_ProblemError` for one that is not to be had."""
        known = self._recorded.get(version)
        if known is None:
            known = self._recorded[version] = self._found(version)
        if isinstance(known, str):
            raise _ProblemError(known)
        return known

    def _found(self, version: str) -> CallRerunner | str:
        try:
            line = self._line_of(version)
        except OperatorError as error:
            return f"recorded on a version that does not load today: {'; '.join(error.problems)}"
        if line is None:
            return f"recorded on flow version {version[:12]}, which was never kept here"
        return CallRerunner(line, self._zone)

    # What is told of it.

    @property
    def exit_status(self) -> int:
        """0 when there were calls and every one is the same on both, else 1."""
        return EXIT_NO if self.differing or self.problems or not self.calls else 0

    def sorted_rows(self) -> list[Row]:
        """Return a row for each cause, the worst first."""
        return sorted(self.rows.values(), key=lambda row: (*row.rank, row.cause))

    def as_json(self) -> dict[str, Any]:
        """Return the comparison for programs."""
        return {
            "before": self._before.line.flow.version,
            "after": self._after.line.flow.version,
            "calls": self.calls,
            "differ": len(self.differing),
            "causes": [_row_json(row) for row in self.sorted_rows()],
            "problems": [
                {"message": message, "calls": len(names), "examples": names[:EXAMPLES_MAX]}
                for message, names in self.problems.items()
            ],
        }

    def as_text(self, before: str, after: str) -> str:
        """Return the comparison for people; the versions are called as they were named."""
        differ = f"{len(self.differing):,} differ" if self.differing else "none differs"
        lines = [f"{_counted(self.calls)} on {before} and on {after}: {differ}"]
        if not self.calls:
            lines = ["no call to compare: name other files, or choose other recorded calls"]
        for row in self.sorted_rows():
            lines += ["", *_row_text(row)]
        for message, names in self.problems.items():
            some = ", ".join(names[:EXAMPLES_MAX])
            lines += ["", f"not compared, {_counted(len(names))}: {message}", f"      such as {some}"]
        return "\n".join(lines)


class _ProblemError(Exception):
    """A call cannot be compared."""


def compare_all(
    comparison: Comparison,
    recipes: Iterable[NamedRecipe],
    progress: Callable[[int], None] = lambda _calls: None,
) -> Comparison:
    """Compare call after call; `progress` gets their number so far."""
    for named in recipes:
        comparison.add(named)
        progress(comparison.calls)
    return comparison


def print_comparison(comparison: Comparison, out: TextIO, *, before: str, after: str, as_json: bool) -> None:
    """Print a comparison as JSON or text."""
    if as_json:
        json.dump(comparison.as_json(), out, ensure_ascii=False, indent=1)
    else:
        out.write(comparison.as_text(before, after))
    out.write("\n")


def _sorted_kinds(row: Row) -> list[str]:
    return [kind for kind in KINDS if row.counts[kind]]


def _seconds(row: Row, kind: str) -> float:
    return round(row.seconds[kind] / row.counts[kind], 1)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "cause": row.cause,
        "why": sorted(row.reasons),
        "calls": sum(row.counts.values()),
        "kinds": [
            {
                "kind": kind,
                "calls": row.counts[kind],
                "what": row.whats[kind],
                "seconds": _seconds(row, kind),
                "examples": row.examples[kind],
            }
            for kind in _sorted_kinds(row)
        ],
    }


def _row_text(row: Row) -> list[str]:
    why = f": {'; '.join(sorted(row.reasons))}" if row.reasons else ""
    lines = [f"{row.cause}{why}"]
    for kind in _sorted_kinds(row):
        seconds = _seconds(row, kind)
        longer = f", {abs(seconds):.1f} s {'longer' if seconds > 0 else 'shorter'}" if seconds else ""
        lines.append(f"  {kind}, {_counted(row.counts[kind])}{longer}")
        lines += [f"      {what}" for what in row.whats[kind]]
        lines.append(f"      such as {', '.join(row.examples[kind])}")
    return lines


def _counted(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls:,} calls"
