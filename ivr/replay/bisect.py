"""`ivr replay --bisect`: the first revision on which a set of calls is no longer what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.actions.line import Line
from ivr.replay.against import Comparison
from ivr.replay.versions import VersionError, line_at, revisions_between, subject_of


@dataclass(frozen=True, slots=True)
class FirstChange:
    """Where the calls change: `commit` (None: nowhere), and what differs there from the good revision.

    `skipped` are the revisions that were tried and do not load, `instead` those of them that may be the first
    as well: they lie between the last that is the same and the first that is not.
    """

    commit: str | None
    about: str
    comparison: Comparison | None
    skipped: tuple[str, ...]
    instead: tuple[str, ...]
    tried: int
    revisions: int

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "commit": self.commit,
            "about": self.about,
            "skipped": list(self.skipped),
            "instead": list(self.instead),
            "tried": self.tried,
            "revisions": self.revisions,
            "comparison": None if self.comparison is None else self.comparison.as_json(),
        }

    def as_text(self, good: str, bad: str) -> str:
        """Return it for people."""
        lines = [f"The first revision at which a call changes: {self.about}"]
        if self.commit is None:
            revisions = f"{self.revisions} revisions of flows and prompts"
            lines = [f"No call changes from {good} to {bad} ({revisions})."]
        if self.instead:
            lines.append(f"It may also be one of these, which do not load: {', '.join(self.instead)}")
        others = (each for each in self.skipped if each not in self.instead)
        lines += [f"Left out, for it does not load: {each}" for each in others]
        if self.comparison is not None:
            lines += ["", self.comparison.as_text(good, self.about)]
        return "\n".join(lines)


def find_first_change(
    project: Path,
    good: str,
    bad: str,
    compare: Callable[[Line], Comparison],
    *,
    languages: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda _revision: None,
) -> FirstChange:
    """Find by halving the first revision after `good`, up to `bad`, on which a call differs from `good`.

    `compare` compares the calls on the good line with a line it is given. Raises `VersionError`.
    """
    commits = revisions_between(project, good, bad)
    search = _Search(project, commits, compare, languages, progress)
    return search.run()


class _Search:
    def __init__(
        self,
        project: Path,
        commits: Sequence[str],
        compare: Callable[[Line], Comparison],
        languages: Sequence[str] | None,
        progress: Callable[[str], None],
    ) -> None:
        self._project = project
        self._commits = commits
        self._compare = compare
        self._languages = languages
        self._progress = progress
        self._found: dict[int, Comparison | None] = {}  # None: it does not load

    def run(self) -> FirstChange:
        """Halve what lies between the last that is the same and the first that is not."""
        same, differs = -1, self._last_that_loads()
        if differs is None or not self._differs(differs):
            return self._result(None, ())
        while True:
            middle = self._next(same, differs)
            if middle is None:
                return self._result(differs, range(same + 1, differs))
            if self._differs(middle):
                differs = middle
            else:
                same = middle

    def _last_that_loads(self) -> int | None:
        numbers = range(len(self._commits) - 1, -1, -1)
        return next((number for number in numbers if self._look(number) is not None), None)

    def _next(self, same: int, differs: int) -> int | None:
        """Return the revision nearest to the middle that loads; None when there is none between."""
        middle = (same + differs) // 2
        between = sorted(range(same + 1, differs), key=lambda number: (abs(number - middle), number))
        return next((number for number in between if self._look(number) is not None), None)

    def _differs(self, number: int) -> bool:
        comparison = self._look(number)
        return comparison is not None and bool(comparison.differing)

    def _look(self, number: int) -> Comparison | None:
        if number not in self._found:
            commit = self._commits[number]
            self._progress(commit)
            try:
                line = line_at(self._project, commit, languages=self._languages)
            except VersionError:
                self._found[number] = None
            else:
                self._found[number] = self._compare(line)
        return self._found[number]

    def _result(self, number: int | None, between: Sequence[int]) -> FirstChange:
        about = {
            each: subject_of(self._project, self._commits[each])
            for each, found in self._found.items()
            if found is None or each == number
        }
        skipped = [each for each, found in sorted(self._found.items()) if found is None]
        return FirstChange(
            commit=None if number is None else self._commits[number],
            about="" if number is None else about[number],
            comparison=None if number is None else self._found[number],
            skipped=tuple(about[each] for each in skipped),
            instead=tuple(about[each] for each in skipped if each in between),
            tried=len(self._found),
            revisions=len(self._commits),
        )
