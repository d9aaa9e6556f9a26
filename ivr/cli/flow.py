"""`ivr flow`: what the line does and says, checked and counted."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click

from ivr.base.errors import EXIT_NO

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_PATHS = click.Path(path_type=Path)


@click.group("flow")
def flow_group() -> None:
    """Check the flows and prompts, and count what written calls visit of them."""


@flow_group.command()
@click.argument("folder", type=_FOLDER, required=False)
def check(folder: Path | None) -> None:
    """Prove the flows and prompts in FOLDER (the project's by default) sound; name every fault."""
    from ivr.actions.line import compile_line, read_line_files
    from ivr.start import project_folder

    line = compile_line(read_line_files(folder or project_folder()))
    flow = line.flow
    click.echo(
        f"{len(flow.dialogs)} dialogs, {len(flow.nodes)} nodes, {len(flow.languages)} languages, without"
        f" a fault: version {flow.version}"
    )


@flow_group.command()
@click.argument("paths", type=_PATHS, nargs=-1, metavar="[PATH]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def coverage(paths: tuple[Path, ...], *, as_json: bool) -> int:
    """Play the call files at PATH (tests/calls by default) and count the nodes and edges they visit.

    The answer is no when one is missed in a language and pace, or a call differs.
    """
    from ivr.base.logs import configure_logs
    from ivr.cli.local_host import scratch_host
    from ivr.replay.player import CallResult
    from ivr.replay.runner import replay
    from ivr.start import project_folder

    configure_logs(level=logging.ERROR)
    with scratch_host() as host:
        counted = host.new_coverage()

        def progress(result: CallResult) -> None:
            counted.add(result.visits, result.language, result.pace)

        report = replay(paths or (project_folder() / "tests" / "calls",), host, progress=progress)
    click.echo(json.dumps(counted.as_json(), indent=1) if as_json else counted.as_text())
    for result in report.results:
        if result.difference is not None:
            click.echo(result.difference, err=True)
    for problem in report.problems:
        click.echo(problem, err=True)
    return 0 if counted.complete and report.passed else EXIT_NO
