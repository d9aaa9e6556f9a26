"""`ivr flow coverage` and `draw`: what calls visit of the flows, counted and drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import click

from ivr.base.errors import EXIT_NO
from ivr.base.project import project_folder
from ivr.base.settings import load_database_settings
from ivr.callfile.player import CallResult
from ivr.callfile.suite import Report, replay_with
from ivr.calls.histories import load_recipes
from ivr.calls.history import Recipe
from ivr.cli.files import write_file
from ivr.cli.progress import Counter
from ivr.flowmap.coverage import CoverageReport, FlowCoverage, Section, recorded_visits
from ivr.flowmap.drawing import svg_of
from ivr.flowmap.heat import Heat
from ivr.flowmap.mermaid import mermaid_of
from ivr.flowmap.picture import picture_of
from ivr.sandbox.players import open_players, scratch_players_host, useful_jobs
from ivr.start import ready_database
from ivr.topics.line import Line, compile_line, read_line_files

_PATHS = click.Path(path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_JOBS = click.IntRange(1, 64)


@click.command()
@click.argument("paths", type=_PATHS, nargs=-1, metavar="[PATH]...")
@click.option("--recorded", is_flag=True, help="Set beside it what the calls recorded on this line visited.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--jobs", type=_JOBS, help="Processes that play (one a core, at most 4).")
def coverage(paths: tuple[Path, ...], *, recorded: bool, as_json: bool, jobs: int | None) -> int:
    """Play the call files at PATH (tests/calls by default) and count what they visit of the flows.

    Counted are nodes, edges and attempts (each question asked first, again and for the last time), in every
    language and pace. With --recorded what callers came to and no file tests stands first. The answer is no
    when the files miss anything, or a call differs.
    """
    flow = _line().flow
    problems: list[str] = []
    live = None
    if recorded:
        live = FlowCoverage.of(flow)
        for recipe in _recorded(problems):
            live.add(recorded_visits(flow, recipe), recipe.language, recipe.pace)
    written = FlowCoverage.of(flow)
    report = _played(
        paths, jobs, lambda result: written.add(result.visits, result.language, result.pace), problems
    )
    counted = CoverageReport(written, live)
    if as_json:
        click.echo(json.dumps(counted.as_json(), indent=1))
    else:
        _print_sections(counted.sections())
    _print_problems(problems)
    return 0 if counted.complete and report.passed and not problems else EXIT_NO


@click.command()
@click.option("--output", type=_FILE, required=True, help="The file to write: .svg, or .mmd for Mermaid.")
@click.option("--heat", is_flag=True, help="Show how many calls came to each node, and hung up there.")
@click.option("--recorded", is_flag=True, help="Heat from the calls recorded on this line.")
@click.option("--jobs", type=_JOBS, help="Processes that play (one a core, at most 4).")
@click.argument("paths", type=_PATHS, nargs=-1, metavar="[PATH]...")
def draw(paths: tuple[Path, ...], *, output: Path, heat: bool, recorded: bool, jobs: int | None) -> int:
    """Draw the line: a frame a dialog, a box a node, an arrow a branch with the caller's words on it.

    An SVG prints on one page across: A3, or the next larger one on which all text is at least 6 points high.
    GitHub shows Mermaid text. Heat is counted from recorded calls, or from the call files at PATH.
    """
    drawn = {".svg": svg_of, ".mmd": mermaid_of}.get(output.suffix)
    if drawn is None:
        raise click.UsageError(f"--output {output}: end its name in .svg or .mmd.")
    if heat != (recorded or bool(paths)) or (recorded and paths):
        raise click.UsageError("--heat needs calls to count: give --recorded or PATH with it, and no other.")
    line = _line()
    counted = Heat() if heat else None
    problems: list[str] = []
    if counted is not None and recorded:
        for recipe in _recorded(problems):
            counted.add_recorded(line.flow, recipe)
    elif counted is not None:
        _played(paths, jobs, partial(counted.add_played, line.flow), problems)
    write_file(output, drawn(picture_of(line), counted).encode())
    click.echo(output)
    _print_problems(problems)
    return EXIT_NO if problems else 0


def _line() -> Line:
    """Return the project's line. Raises `OperatorError` with its faults."""
    return compile_line(read_line_files(project_folder()))


def _recorded(problems: list[str]) -> Iterator[Recipe]:
    """Yield the calls recorded on this line; `problems` takes in those that cannot be read."""
    with ready_database(load_database_settings()) as engine, engine.connect() as db:
        yield from load_recipes(db, problems=problems)


def _played(
    paths: tuple[Path, ...], jobs: int | None, take: Callable[[CallResult], None], problems: list[str]
) -> Report:
    """Play call files (the project's by default); `take` gets each result, `problems` what went wrong."""
    counter = Counter()

    def progress(result: CallResult) -> None:
        take(result)
        counter.count(result)

    files = paths or (project_folder() / "tests" / "calls",)
    with open_players(scratch_players_host, useful_jobs(files, jobs)) as players:
        report = replay_with(players, files, progress=progress, expect=counter.expect)
    counter.clear()
    problems += [str(result.difference) for result in report.results if result.difference is not None]
    problems += map(str, report.problems)
    return report


def _print_sections(sections: Iterable[Section]) -> None:
    for section in sections:
        if section.lines:
            click.secho(f"{section.title}:", fg="red" if section.alarming else None, bold=True)
            for line in section.lines:
                click.secho(f"  {line}", fg="red" if section.alarming else None)


def _print_problems(problems: Iterable[str]) -> None:
    for problem in problems:
        click.echo(problem, err=True)
