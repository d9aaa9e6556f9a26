"""`ivr flow check`: the flows and prompts, proved sound or with every fault named."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ivr.base.errors import EXIT_NO
from ivr.base.facts import FACTS_FILE, read_facts
from ivr.base.project import project_folder
from ivr.base.settings import load_fact_settings
from ivr.cli.files import FOLDER
from ivr.proof.prove import prove, write_calls
from ivr.topics.line import read_line_files, sound_line

_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option("--quick", is_flag=True, help="Only read and compare, explore no call: what a server does.")
@click.option("--calls", type=_DIRECTORY, help="Write the shortest call of each fault into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(folder: Path | None, *, quick: bool, calls: Path | None, as_json: bool) -> int:
    """Prove the flows and prompts in FOLDER (the project's by default) sound; name every fault.

    Explores every call there can be, in half a minute. Each fault comes with the shortest call that shows
    it, as a call file. Facts that callers are told and that must be read again are named too.
    """
    files = read_line_files(folder or project_folder())
    _warn_of_facts(folder)
    if quick:
        flow = sound_line(files).flow
        click.echo(f"{len(flow.nodes)} nodes without a fault: version {flow.version}")
        return 0
    proof = prove(files)
    if calls is not None:
        proof = write_calls(proof, calls)
    if as_json:
        click.echo(json.dumps(proof.as_json(), indent=1, ensure_ascii=False))
    else:
        for line in proof.faults_as_text():
            click.echo(line, err=True)
        if proof.holds:
            click.echo(proof.as_text())
    return 0 if proof.holds else EXIT_NO


def _warn_of_facts(folder: Path | None) -> None:
    """Name the facts whose date is near or past: of `folder`, or of the line's own file."""
    settings = load_fact_settings()
    own = None if folder is None else folder / FACTS_FILE
    facts = read_facts(own if own is not None and own.is_file() else settings.ivr_facts)
    for warning in facts.warnings(settings.make_clock().now().astimezone(settings.ivr_timezone).date()):
        click.echo(warning, err=True)
