"""`ivr replay --bisect`: the first revision on which a set of calls is no longer what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.base.errors import EXIT_NO
from ivr.replay.against import Comparison
from ivr.replay.versions import VersionError, find_commit, line_at, revisions_between, subject_of
from ivr.topics.line import Line


@dataclass(frozen=True, slots=True)
class FirstChange:
    """Where the calls change: `commit` (None: nowhere), and what differs there from the good revision.

    Where no call changes, `comparison` is there only if not every call could be compared, or there was none.
    `good` and `bad` are the revisions between which calls were compared: those asked for, or, where these do
    not load, the nearest between them that do. `ends` says so, a sentence each. `skipped` are the revisions
    that were tried and do not load, `instead` those of them that may be the first as well: they lie between
    the last that is the same and the first that is not.
    """

    commit: str | None
    about: str
    comparison: Comparison | None
    good: str
    bad: str
    ends: tuple[str, ...]
    skipped: tuple[str, ...]
    instead: tuple[str, ...]
    tried: int
    revisions: int

    @property
    def exit_status(self) -> int:
        """0 when no call changes from one end to the other, else 1.

        It is 1 as well when an end does not load, when a call cannot be compared, and when there is none.
        """
        return EXIT_NO if self.commit is not None or self.ends or self.comparison is not None else 0

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "commit": self.commit,
            "about": self.about,
            "good": self.good,
            "bad": self.bad,
            "ends": list(self.ends),
            "skipped": list(self.skipped),
            "instead": list(self.instead),
            "tried": self.tried,
            "revisions": self.revisions,
            "comparison": None if self.comparison is None else self.comparison.as_json(),
        }

    def as_text(self) -> str:
        """Return it for people."""
        lines = [*self.ends]
        if self.commit is None:
            revisions = f"{self.revisions} revision{'' if self.revisions == 1 else 's'} of flows and prompts"
            lines.append(f"No call changes from {self.good} to {self.bad} ({revisions}).")
        else:
            lines.append(f"The first revision at which a call changes: {self.about}")
        if self.instead:
            lines.append(f"It may also be one of these, which do not load: {', '.join(self.instead)}")
        others = (each for each in self.skipped if each not in self.instead)
        lines += [f"Left out, for it does not load: {each}" for each in others]
        if self.comparison is not None:
            lines += ["", self.comparison.as_text(self.good, self.about or self.bad)]
        return "\n".join(lines)


def find_first_change(
    project: Path,
    good: str,
    bad: str,
    compare: Callable[[Line, Line], Comparison],
    *,
    languages: Sequence[str] | None = None,
) -> FirstChange:
    """Find by halving the first revision after `good`, up to `bad`, on which a call differs from `good`.

    Where `good` or `bad` does not load on today's engine, the nearest revision between them that does stands
    in for it, and the result says so. `compare` compares the calls on two lines it is given. Raises
    `VersionError`, also when no two revisions load.
    """
    commits = [find_commit(project, good), *revisions_between(project, good, bad)]
    return _Search(project, commits, (good, bad), compare, languages).run()


@dataclass
class _Search:
    project: Path
    commits: Sequence[str]  # the good one, then those that changed something, up to the bad one
    names: tuple[str, str]
    compare: Callable[[Line, Line], Comparison]
    languages: Sequence[str] | None
    loaded: dict[int, Line | VersionError] = field(default_factory=dict)
    compared: dict[int, Comparison] = field(default_factory=dict)

    def run(self) -> FirstChange:
        """Halve what lies between the last that is the same and the first that is not."""
        ends = same, differs = self._nearest_that_load()
        good = self._line(same)
        if same == differs or not self._differs(good, differs):
            return self._result(ends, None, ())
        while True:
            middle = self._next(same, differs)
            if middle is None:
                return self._result(ends, differs, range(same + 1, differs))
            if self._differs(good, middle):
                differs = middle
            else:
                same = middle

    def _nearest_that_load(self) -> tuple[int, int]:
        """Return the two ends of what can be compared. Raises `VersionError` when there are no two."""
        numbers = range(len(self.commits))
        first = next(filter(self._loads, numbers), None)
        last = next(filter(self._loads, reversed(numbers)), None)
        if first is not None and last is not None and (first < last or len(numbers) == 1):
            return first, last
        good, bad = self.names
        which = "no revision" if first is None else f"only {self._about(first)}"
        name, fault = (good, self._fault(0)) if first != 0 else (bad, self._fault(numbers[-1]))
        raise VersionError(
            f"from {good} to {bad} {which} loads on today's engine: name two that do ({name}: {fault})"
        )

    def _next(self, same: int, differs: int) -> int | None:
        """Return the revision nearest to the middle that loads; None when there is none between."""
        middle = (same + differs) // 2
        between = sorted(range(same + 1, differs), key=lambda number: (abs(number - middle), number))
        return next(filter(self._loads, between), None)

    def _differs(self, good: Line, number: int) -> bool:
        if number not in self.compared:
            self.compared[number] = self.compare(good, self._line(number))
        return bool(self.compared[number].differing)

    def _loads(self, number: int) -> bool:
        return not isinstance(self._load(number), VersionError)

    def _line(self, number: int) -> Line:
        """Return a revision's line. Raises `VersionError` when it does not load."""
        loaded = self._load(number)
        if isinstance(loaded, VersionError):
            raise loaded
        return loaded

    def _load(self, number: int) -> Line | VersionError:
        if number not in self.loaded:
            try:
                line = line_at(self.project, self.commits[number], languages=self.languages)
            except VersionError as error:
                self.loaded[number] = error
            else:
                self.loaded[number] = line
        return self.loaded[number]

    def _fault(self, number: int) -> str:
        """Return the first reason for which a revision does not load."""
        loaded = self._load(number)
        problems = loaded.problems if isinstance(loaded, VersionError) else []
        return problems[0].removeprefix(f"{self.commits[number][:12]}: ") if problems else ""

    def _about(self, number: int) -> str:
        return subject_of(self.project, self.commits[number])

    def _stand_ins(self, ends: tuple[int, int]) -> tuple[str, ...]:
        """Say which revisions stand in for the ones that were asked for."""
        (good, bad), last = self.names, len(self.commits) - 1
        said = []
        if ends[0] > 0:
            said.append(
                f"{good} does not load on today's engine ({self._fault(0)}): calls are compared from"
                f" {self._about(ends[0])}, the oldest after it that loads"
            )
        if ends[1] < last:
            said.append(
                f"{bad} does not load on today's engine ({self._fault(last)}): calls are compared up to"
                f" {self._about(ends[1])}, the newest before it that loads"
            )
        return tuple(said)

    def _result(self, ends: tuple[int, int], number: int | None, between: Sequence[int]) -> FirstChange:
        skipped = {each: self._about(each) for each in sorted(self.loaded) if not self._loads(each)}
        (good, bad), last = self.names, len(self.commits) - 1
        comparison = self.compared.get(ends[1] if number is None else number)
        if number is None and comparison is not None and not comparison.exit_status:
            comparison = None  # nothing is to be said of it
        return FirstChange(
            commit=None if number is None else self.commits[number],
            about="" if number is None else self._about(number),
            comparison=comparison,
            good=good if ends[0] == 0 else self.commits[ends[0]][:12],
            bad=bad if ends[1] == last else self.commits[ends[1]][:12],
            ends=self._stand_ins(ends),
            skipped=tuple(skipped.values()),
            instead=tuple(about for each, about in skipped.items() if each in between),
            tried=len(self.compared),
            revisions=ends[1] - ends[0],
        )
