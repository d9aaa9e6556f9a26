"""`ivr replay`: written calls, played on a scratch database or on a line somewhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ivr.cli.call_filters import filters
from ivr.cli.lazy import later

LAST_PORT = 65_535
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PUBLIC_URL = re.compile(rf"https?://{_LABEL}(?:\.{_LABEL})*(?::([0-9]{{1,5}}))?/?")


def line_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the address that an option names; raises `click.BadParameter` where it is no PUBLIC_URL."""
    parts = None if value is None else _PUBLIC_URL.fullmatch(value)
    if value is not None and (parts is None or int(parts[1] or 0) > LAST_PORT):
        raise click.BadParameter("give the line's PUBLIC_URL, scheme://host[:port] and nothing after it.")
    return value


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, metavar="[PATH]...")
@click.option("--verbose", "-v", is_flag=True, help="Print every word of every call.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file."
)
@click.option(
    "--update", is_flag=True, help="Rewrite what the files expect; look at the change with git diff."
)
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes that play (one a core, at most 4).")
@click.option("--url", callback=line_address, help="Call the line at this address instead, as Twilio does.")
@click.option(
    "--against",
    metavar="VERSION",
    help="Compare the calls on the line here with another: a git revision, a folder, a flow version.",
)
@click.option(
    "--bisect",
    nargs=2,
    metavar="GOOD BAD",
    help="Name the first git revision after GOOD, up to BAD, at which a call changes.",
)
@click.option("--recorded", is_flag=True, help="Compare recorded calls, instead of files at PATH.")
@filters
def replay(**options: Any) -> int:
    """Play the call files at PATH, every turn posted twice, in every language and pace they allow.

    Folders are searched for *.call. The answer is no when a call goes another way than its file says.
    With --url the calls go to a line somewhere else: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are its own, it
    must hold the sample members, and what it did (`did`) cannot be checked.

    With --against or --bisect each call runs again on two versions of flows and prompts, with the answers it
    got when it was recorded (files at PATH are played here first, which records them); the answer is no when
    a call differs, or cannot be compared. The options from --on to --last-node choose among recorded calls.

        ivr replay --recorded --since yesterday --against new-wording
    """
    run: Callable[..., int] = later("ivr.cli.replay_run:run")
    return run(**options)
