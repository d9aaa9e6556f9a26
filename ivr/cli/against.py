"""`ivr replay --against` and `--bisect`: calls run again on two versions of the line, without a caller."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.actions.line import Line
    from ivr.callfile.host import Host, PreparedLine, Setup
    from ivr.callfile.player import CallResult
    from ivr.calls.history import Recipe
    from ivr.replay.against import Comparison, NamedRecipe

HERE = "this folder"
SHOWN_EVERY = 100


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
        from ivr.replay.versions import stored_line

        if version == self.here.flow.version:
            return self.here
        return None if self.db is None else stored_line(self.db, version)

    def compare(self, before: Line, after: Line) -> Comparison:
        """Compare all calls on two lines."""
        from ivr.replay.against import Comparison, compare_all
        from ivr.replay.rerun import BANK_ZONE

        comparison = Comparison(before, after, self.line_of, self.zone or BANK_ZONE)
        compare_all(comparison, self.calls(), _show_count)
        _show_end()
        return comparison


def require_versions(against: str | None, bisect: tuple[str, str] | None, project: Path) -> None:
    """Look for the versions to compare with, before minutes are spent on playing. Raises `VersionError`."""
    from ivr.replay.versions import find_line, revisions_between

    if against is not None:
        find_line(against, project)
    if bisect is not None:
        revisions_between(project, *bisect)


def compare_against(calls: CallSet, version: str, project: Path, *, as_json: bool) -> int:
    """Compare calls on the line here and on another version; print it, return the exit status."""
    from ivr.base.errors import EXIT_NO
    from ivr.replay.against import print_comparison
    from ivr.replay.versions import find_line

    other = find_line(version, project, db=calls.db, languages=calls.languages)
    comparison = calls.compare(calls.here, other)
    print_comparison(comparison, sys.stdout, before=HERE, after=version, as_json=as_json)
    return EXIT_NO if _tell(calls.problems) else comparison.exit_status


def bisect_calls(calls: CallSet, good: str, bad: str, project: Path, *, as_json: bool) -> int:
    """Find the first revision at which a call changes; print it, return the exit status."""
    from ivr.base.errors import EXIT_NO
    from ivr.replay.bisect import find_first_change

    found = find_first_change(project, good, bad, calls.compare, languages=calls.languages)
    print(json.dumps(found.as_json(), indent=1) if as_json else found.as_text())  # noqa: T201
    return EXIT_NO if _tell(calls.problems) else found.exit_status


@contextmanager
def recorded_calls(filters: Mapping[str, Any]) -> Iterator[CallSet]:
    """Give the calls recorded on the line that fit, read from its database; nothing is written.

    `filters` are those of `ivr.calls.histories`.

    Raises `OperatorError`, `DatabaseUnavailableError`.
    """
    from ivr.actions.line import compile_line, read_line_files
    from ivr.base.settings import load_database_settings
    from ivr.calls.histories import load_recipes
    from ivr.cli.setup import ready_database
    from ivr.replay.against import NamedRecipe
    from ivr.replay.versions import languages_kept
    from ivr.start import project_folder

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
    from ivr.actions.line import compile_line, read_line_files
    from ivr.base.settings import load_replay_settings
    from ivr.callfile.player import PlayOptions
    from ivr.callfile.suite import replay_with
    from ivr.cli.replay import Counter, open_players, useful_jobs
    from ivr.start import project_folder

    settings = load_replay_settings()
    here = compile_line(read_line_files(project_folder()))
    counter = Counter()
    with open_players(recording_host, useful_jobs(paths, jobs)) as players:
        report = replay_with(
            players,
            paths,
            options=PlayOptions(post_twice=False),
            progress=counter.count,
            expect=counter.expect,
        )
    counter.clear()
    recorded = [named for result in report.results for named in named_recipes(result)]
    problems = [*report.problems, *(str(each.difference) for each in report.results if not each.passed)]
    yield CallSet(here, lambda: iter(recorded), zone=settings.ivr_timezone, problems=problems)


@contextmanager
def recording_host() -> Iterator[Host]:
    """Give the project's line on a scratch database, whose records are kept; for each process that plays."""
    import logging

    from ivr.actions.line import compile_line, read_line_files
    from ivr.base.logs import configure_logs
    from ivr.base.settings import load_replay_settings
    from ivr.cli.local_host import LocalHost, scratch_database
    from ivr.cli.setup import lost_database_told
    from ivr.start import hold_database, project_folder
    from ivr.storage.engine import make_engine

    configure_logs(level=logging.ERROR)
    settings = load_replay_settings()
    line = compile_line(read_line_files(project_folder()))
    with lost_database_told(), hold_database(settings) as server, scratch_database(server) as url:
        engine = make_engine(url, pool_size=4, application_name="ivr replay")
        try:
            with LocalHost(engine, line, settings, over_http=False) as host:
                yield RecordingHost(host, engine)
        finally:
            engine.dispose()


class RecordingHost:
    """A host whose lines' records are read before the next line takes their place."""

    def __init__(self, host: Host, engine: Engine) -> None:
        self._host = host
        self._engine = engine

    @property
    def languages(self) -> Sequence[str]:
        """The languages the line speaks."""
        return self._host.languages

    @contextmanager
    def prepare(self, setup: Setup) -> Iterator[PreparedLine]:
        """Give the line for one run; its result carries what was recorded."""
        with self._host.prepare(setup) as prepared:
            yield replace(prepared, recorded=self._recorded)

    def _recorded(self) -> list[Recipe]:
        from ivr.calls.histories import load_recipes

        with self._engine.connect() as db:
            return list(load_recipes(db))


def named_recipes(result: CallResult) -> list[NamedRecipe]:
    """Return what was recorded of a run, each call named after its file."""
    from ivr.replay.against import NamedRecipe

    name = f"{result.name} {result.language} {result.pace}"
    several = len(result.recorded) > 1
    return [
        NamedRecipe(f"{name} (call {number})" if several else name, recipe)
        for number, recipe in enumerate(result.recorded, start=1)
    ]


def _tell(problems: Sequence[str]) -> bool:
    """Print problems for people; tell whether there were any."""
    for problem in dict.fromkeys(problems):  # a set that is gone through twice has them twice
        sys.stderr.write(f"{problem}\n")
    return bool(problems)


def _show_count(count: int) -> None:
    if count % SHOWN_EVERY == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{count} calls compared")
        sys.stderr.flush()


def _show_end() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
