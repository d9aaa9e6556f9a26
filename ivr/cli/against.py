"""`ivr replay --against` and `--bisect`: calls run again on two versions of the line, without a caller."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ivr.base.clock import EASTERN
from ivr.base.errors import EXIT_NO
from ivr.base.project import project_folder
from ivr.base.settings import load_database_settings, load_replay_settings
from ivr.callfile.player import CallResult, PlayOptions
from ivr.callfile.suite import replay_with
from ivr.calls.histories import load_recipes
from ivr.cli.progress import Counter, show_compared, show_end
from ivr.replay.against import Comparison, NamedRecipe, compare_all, print_comparison
from ivr.replay.bisect import find_first_change
from ivr.replay.versions import find_line, languages_kept, revisions_between, stored_line
from ivr.sandbox.players import open_players, scratch_players_host, useful_jobs
from ivr.start import ready_database
from ivr.topics.line import Line, compile_line, read_line_files

HERE = "this folder"


@dataclass
class CallSet:
    """Calls to compare: where they are read from, the line of this folder, and where versions are kept."""

    here: Line
    calls: Callable[[], Iterator[NamedRecipe]]
    db: Connection | None = None
    zone: ZoneInfo | None = None
    languages: Sequence[str] | None = None
    problems: list[str] = field(default_factory=list)

    def line_of(self, version: str) -> Line | None:
        """Return the line of a flow version that a call was recorded on."""
        if version == self.here.flow.version:
            return self.here
        return None if self.db is None else stored_line(self.db, version)

    def compare(self, before: Line, after: Line) -> Comparison:
        """Compare all calls on two lines."""
        comparison = Comparison(before, after, self.line_of, self.zone or EASTERN)
        compare_all(comparison, self.calls(), show_compared)
        show_end()
        return comparison


def require_versions(against: str | None, bisect: tuple[str, str] | None, project: Path) -> None:
    """Look for the versions to compare with, before minutes are spent on playing. Raises `VersionError`."""
    if against is not None:
        find_line(against, project)
    if bisect is not None:
        revisions_between(project, *bisect)


def compare_against(calls: CallSet, version: str, project: Path, *, as_json: bool) -> int:
    """Compare calls on the line here and on another version; print it, return the exit status."""
    other = find_line(version, project, db=calls.db, languages=calls.languages)
    comparison = calls.compare(calls.here, other)
    print_comparison(comparison, sys.stdout, before=HERE, after=version, as_json=as_json)
    return EXIT_NO if _tell(calls.problems) else comparison.exit_status


def bisect_calls(calls: CallSet, good: str, bad: str, project: Path, *, as_json: bool) -> int:
    """Find the first revision at which a call changes; print it, return the exit status."""
    found = find_first_change(project, good, bad, calls.compare, languages=calls.languages)
    print(json.dumps(found.as_json(), indent=1) if as_json else found.as_text())  # noqa: T201
    return EXIT_NO if _tell(calls.problems) else found.exit_status


@contextmanager
def recorded_calls(filters: Mapping[str, Any]) -> Iterator[CallSet]:
    """Give the calls recorded on the line that fit, read from its database; nothing is written.

    `filters` are those of `ivr.calls.histories`.

    Raises `OperatorError`, `DatabaseUnavailableError`.
    """
    settings = load_database_settings()
    with ready_database(settings) as engine, engine.connect() as plain:
        db = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        languages = languages_kept(db)
        here = compile_line(read_line_files(project_folder(), languages))
        found = CallSet(here, lambda: iter(()), db, settings.ivr_timezone, languages)

        def calls() -> Iterator[NamedRecipe]:
            for recipe in load_recipes(db, problems=found.problems, **filters):
                yield NamedRecipe(recipe.call_sid, recipe)

        found.calls = calls
        yield found


@contextmanager
def played_calls(paths: tuple[Path, ...], jobs: int | None = None) -> Iterator[CallSet]:
    """Give the call files at `paths`, each played once on this folder's line, which records it.

    `jobs` is how many processes play. Raises `OperatorError`, `SettingsError`, `DatabaseUnavailableError`.
    """
    settings = load_replay_settings()
    here = compile_line(read_line_files(project_folder()))
    counter = Counter()
    with open_players(partial(scratch_players_host, records=True), useful_jobs(paths, jobs)) as players:
        report = replay_with(
            players,
            paths,
            options=PlayOptions(post_twice=False),
            progress=counter.count,
            expect=counter.expect,
        )
    counter.clear()
    recorded = [named for result in report.results for named in named_recipes(result)]
    problems = [
        *map(str, report.problems),
        *(str(each.difference) for each in report.results if not each.passed),
    ]
    yield CallSet(here, lambda: iter(recorded), zone=settings.ivr_timezone, problems=problems)


def named_recipes(result: CallResult) -> list[NamedRecipe]:
    """Return what was recorded of a run, each call named after its file."""
    name = f"{result.name} {result.language} {result.pace}"
    several = len(result.recorded) > 1
    return [
        NamedRecipe(f"{name} (call {number})" if several else name, recipe)
        for number, recipe in enumerate(result.recorded, start=1)
    ]


def _tell(problems: Sequence[str]) -> bool:
    """Print problems for people; return whether there were any."""
    for problem in dict.fromkeys(problems):  # a set that is gone through twice has them twice
        sys.stderr.write(f"{problem}\n")
    return bool(problems)
