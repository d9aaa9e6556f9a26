"""How many recorded calls a second run again: read from the database, on one version of the line and on two.

Written calls are played by the whole line once, which records them; the records are then copied until there
are as many as wanted. All of it in this one process, by its processor time.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert, select, text

from benchmarks.servers import ROOT, BenchmarkError
from ivr.base.logs import configure_logs
from ivr.base.settings import Settings
from ivr.callfile.host import PreparedLine, Setup
from ivr.callfile.player import PlayOptions
from ivr.callfile.suite import find_calls, list_runs, play_run
from ivr.calls.histories import load_recipes
from ivr.calls.store import keep_flow_version
from ivr.replay.against import Comparison, NamedRecipe, compare_all
from ivr.replay.rerun import CallRerunner, Script
from ivr.sandbox.host import LocalHost
from ivr.sandbox.scratch import empty
from ivr.storage.tables import Call, Turn
from ivr.topics.line import Line, compile_line, read_line_files

CALLS = ROOT / "tests" / "calls"
COMPARED = "read and compared on two versions"
# Copies of every call, begun at other times of ten hours, by callers who take other times to answer.
_COPY = """
WITH apart AS (SELECT interval '10 hours' / :copies AS later), copies AS (
    INSERT INTO calls SELECT (jsonb_populate_record(calls, jsonb_build_object(
        'call_sid', 'CA' || md5(call_sid || copy), 'started_at', started_at + copy * later))).*
    FROM calls, apart, generate_series(1, :copies) AS copy RETURNING 1
)
INSERT INTO turns SELECT (jsonb_populate_record(turns, jsonb_build_object(
    'call_sid', 'CA' || md5(call_sid || copy),
    'at', at + copy * later + seq * copy % 9 * interval '0.2 s'))).*
FROM turns, apart, generate_series(1, :copies) AS copy
"""


@dataclass(frozen=True)
class Taken:
    """What was done with how many calls, and the processor time it took."""

    what: str
    calls: int
    seconds: float


def replays(engine: Engine, settings: Settings, *, played: int, recorded: int) -> list[Taken]:
    """Record `played` written calls, multiply them to `recorded`, and run those again."""
    configure_logs(io.StringIO())
    line = compile_line(read_line_files(ROOT))
    kept = _Kept(engine)
    taken = [_timed("played by the whole line", lambda: _play(kept, settings, line, played))]
    _store(engine, line, kept.both(), recorded)
    other = compile_line({**line.files, **_changed(line.files)})
    runner = CallRerunner(line)
    comparison = Comparison(line, other, {line.flow.version: line}.get)
    with engine.connect() as db:
        taken.append(_timed("read", lambda: sum(1 for _ in load_recipes(db))))
        scripts = (Script.of(each, line.flow) for each in load_recipes(db))
        taken.append(_timed("read and run", lambda: len([runner.run(script).end for script in scripts])))
        named = (NamedRecipe(each.call_sid, each) for each in load_recipes(db))
        taken.append(_timed(COMPARED, lambda: compare_all(comparison, named).calls))
    if comparison.problems or not comparison.differing:
        raise BenchmarkError(f"the recorded calls do not run: {[*comparison.problems][:1]}")
    return taken


def recorded_rows(
    engine: Engine, settings: Settings, line: Line, played: int
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Play `played` written calls by the whole line, and return the rows of the calls and of their turns."""
    configure_logs(io.StringIO())
    kept = _Kept(engine)
    _play(kept, settings, line, played)
    return kept.both()


def _timed(what: str, work: Callable[[], int]) -> Taken:
    began = time.process_time()
    calls = work()
    return Taken(what, calls, time.process_time() - began)


def _changed(files: Mapping[str, str]) -> dict[str, str]:
    """Return English prompts with other words at the beginning, which every caller hears."""
    name = "prompts/en-US.ftl"
    return {name: files[name].replace("Connector payment line.", "Connector line for payments.", 1)}


class _Kept:
    """Reads what a line has recorded before the next one takes its place."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows: list[tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]] = []

    @contextmanager
    def prepare(self, host: LocalHost, setup: Setup) -> Iterator[PreparedLine]:
        with host.prepare(setup) as prepared:
            yield prepared
        with self.engine.connect() as db:
            calls, turns = (db.execute(select(table.__table__)).mappings().all() for table in (Call, Turn))
            self.rows.append((list(calls), [{**row, "reply": None} for row in turns]))

    def both(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return the rows of all calls, and of all turns."""
        return [row for some, _ in self.rows for row in some], [row for _, some in self.rows for row in some]


class _Host:
    def __init__(self, kept: _Kept, host: LocalHost) -> None:
        self._kept = kept
        self._host = host
        self.languages = host.languages

    def prepare(self, setup: Setup) -> Any:
        return self._kept.prepare(self._host, setup)


def _play(kept: _Kept, settings: Settings, line: Line, count: int) -> int:
    """Play `count` written calls, from all over the folders."""
    runs, problems = list_runs(find_calls([CALLS])[0], line.flow.languages, root=CALLS)
    if problems:
        raise BenchmarkError(problems[0])
    chosen = runs[:: max(len(runs) // count, 1)][:count]
    with LocalHost(kept.engine, line, settings, over_http=False) as host:
        for run in chosen:
            result = play_run(run, _Host(kept, host), PlayOptions(post_twice=False))
            if not result.passed:
                raise BenchmarkError(f"{run}: {result.difference}")
    return len(chosen)


def _store(
    engine: Engine,
    line: Line,
    rows: tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]],
    wanted: int,
) -> None:
    """Put the records into the empty database, as often as it takes."""
    calls, turns = rows
    with engine.begin() as db:
        empty(db)
        keep_flow_version(db, line.flow.version, dict(line.files), calls[0]["started_at"])
        db.execute(insert(Call), calls)
        db.execute(insert(Turn), turns)
        db.execute(text(_COPY), {"copies": max(-(-wanted // len(calls)) - 1, 1)})
