"""`ivr replay`: written calls, played on a scratch database by a phone made of code."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH...")
@click.option("--verbose", "-v", is_flag=True, help="Print every word of every call.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(paths: tuple[Path, ...], *, verbose: bool, as_json: bool) -> int:
    """Play the call files at PATH, every turn posted twice, in every language and pace they allow.

    Folders are searched for *.call. The answer is no when a call goes another way than its file says.
    """
    from ivr.base.logs import configure_logs
    from ivr.cli.local_host import scratch_host
    from ivr.replay.player import CallResult
    from ivr.replay.runner import print_json, print_result, print_summary
    from ivr.replay.runner import replay as play_all

    def progress(result: CallResult) -> None:
        if not as_json:
            print_result(result, sys.stdout, verbose=verbose)

    configure_logs(level=logging.ERROR)
    with scratch_host() as host:
        report = play_all(paths, host, progress=progress)
    if as_json:
        print_json(report, sys.stdout)
    else:
        print_summary(report, sys.stdout)
    return report.exit_status
