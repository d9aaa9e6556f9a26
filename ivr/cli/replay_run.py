"""What `ivr replay` does: plays call files, rewrites them, or compares calls on two versions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from ivr.base.project import project_folder
from ivr.base.settings import load_database_settings
from ivr.callfile.junit import junit_xml
from ivr.callfile.player import CallResult
from ivr.callfile.suite import Players, print_json, print_result, print_summary, replay_with
from ivr.callfile.update import print_json as print_update_json
from ivr.callfile.update import print_text
from ivr.callfile.update import update as update_files
from ivr.cli.against import bisect_calls, compare_against, played_calls, recorded_calls, require_versions
from ivr.cli.call_filters import chosen
from ivr.cli.files import write_file
from ivr.cli.progress import Counter
from ivr.sandbox.players import open_players, remote_host, scratch_players_host, useful_jobs


def run(
    paths: tuple[Path, ...],
    *,
    verbose: bool,
    as_json: bool,
    junit: Path | None,
    update: bool,
    jobs: int | None,
    url: str | None,
    against: str | None,
    bisect: tuple[str, str] | None,
    recorded: bool,
    **which: str | None,
) -> int:
    """Do what the options of `ivr.cli.replay` ask for; return the exit status."""
    if against is not None or bisect is not None or recorded or any(which.values()):
        _refuse({"--url": url, "--junit": junit, "--update": update, "--verbose": verbose})
        return _compare(paths, against, bisect, jobs=jobs, recorded=recorded, which=which, as_json=as_json)
    _check_playing(paths, update=update, url=url, junit=junit)
    make_host = scratch_players_host if url is None else partial(remote_host, url)
    with open_players(make_host, useful_jobs(paths, jobs)) as players:
        if update:
            return _update(players, paths, as_json=as_json)
        return _play(players, paths, verbose=verbose, as_json=as_json, junit=junit)


def _refuse(options: Mapping[str, object]) -> None:
    """Raise `click.UsageError` for an option that plays calls, where they are compared."""
    if found := [option for option, value in options.items() if value]:
        raise click.UsageError(f"{found[0]} plays calls: leave it out where calls are compared.")


def _check_playing(paths: tuple[Path, ...], *, update: bool, url: str | None, junit: Path | None) -> None:
    """Raise `click.UsageError` for what cannot be played so; make the report's file before anything is."""
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.")
    if update and (url is not None or junit is not None):
        raise click.UsageError("--update rewrites files after the line here: leave --url and --junit out.")
    if junit is not None and junit.suffix == ".call":
        raise click.UsageError(f"--junit would write over {junit}, a call file: name the report first.")
    if junit is not None:
        write_file(junit, b"")  # who cannot write it hears so now, not after some minutes


def _compare(
    paths: tuple[Path, ...],
    against: str | None,
    bisect: tuple[str, str] | None,
    *,
    jobs: int | None,
    recorded: bool,
    which: Mapping[str, str | None],
    as_json: bool,
) -> int:
    if (against is None) == (bisect is None):
        raise click.UsageError("Give one of --against and --bisect: what to compare the calls on.")
    if recorded == bool(paths):
        raise click.UsageError("Give either files at PATH or --recorded: which calls to compare.")
    if not recorded and any(which.values()):
        raise click.UsageError("The options from --on to --last-node choose among calls: add --recorded.")
    if recorded and jobs is not None:
        raise click.UsageError("--jobs plays files, and recorded calls are not played: leave it out.")
    if recorded:
        calls = recorded_calls(chosen(load_database_settings(), **which))
    else:
        require_versions(against, bisect, project_folder())
        calls = played_calls(paths, jobs)
    with calls as found:
        if bisect is not None:
            return bisect_calls(found, *bisect, project_folder(), as_json=as_json)
        return compare_against(found, str(against), project_folder(), as_json=as_json)


def _play(
    players: Players, paths: tuple[Path, ...], *, verbose: bool, as_json: bool, junit: Path | None
) -> int:
    counter = Counter()

    def progress(result: CallResult) -> None:
        if not as_json:
            counter.clear()
            print_result(result, sys.stdout, verbose=verbose)
        counter.count(result)

    report = replay_with(players, paths, progress=progress, expect=counter.expect)
    counter.clear()
    if junit is not None:
        write_file(junit, junit_xml(report))
    (print_json if as_json else print_summary)(report, sys.stdout)
    return report.exit_status


def _update(players: Players, paths: tuple[Path, ...], *, as_json: bool) -> int:
    counter = Counter()
    report = update_files(players, paths, progress=counter.count, expect=counter.expect)
    counter.clear()
    (print_update_json if as_json else print_text)(report, sys.stdout)
    return report.exit_status
