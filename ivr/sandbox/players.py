"""What plays calls: in this process or several, on a line of this machine or one somewhere else."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from ivr.base.errors import OperatorError
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_phone_settings
from ivr.billing.samples import demo_member
from ivr.callfile.circumstances import MADE_UP
from ivr.callfile.host import Host, RemoteHost
from ivr.callfile.processes import Processes
from ivr.callfile.suite import InTurn, Players, find_calls
from ivr.sandbox.host import scratch_host
from ivr.sandbox.members import facts_of
from ivr.start import lost_database_told

MOST_JOBS_UNASKED: Final = 4
FILES_A_JOB: Final = 10  # fewer are done before another process is ready


def useful_jobs(paths: tuple[Path, ...], jobs: int | None = None) -> int:
    """Return how many processes are worth starting: at most one a file.

    Without a number asked for they are at most one a core, and one for a handful of files.
    """
    files, _ = find_calls(paths)
    if jobs is not None:
        return max(1, min(jobs, len(files)))
    return max(1, min(os.cpu_count() or 1, MOST_JOBS_UNASKED, len(files) // FILES_A_JOB))


@contextmanager
def open_players(make_host: Callable[[], AbstractContextManager[Host]], jobs: int) -> Iterator[Players]:
    """Give what plays runs: this process, or several. Raises what `make_host` raises."""
    configure_logs(level=logging.ERROR)
    if jobs == 1:
        with make_host() as host:
            yield InTurn(host)
        return
    with Processes(make_host, jobs) as players:
        yield players


@contextmanager
def scratch_players_host(*, records: bool = False) -> Iterator[Host]:
    """Give the project's line on a scratch database, as `scratch_host`; called in each process that plays."""
    configure_logs(level=logging.ERROR)
    with lost_database_told(), scratch_host(records=records) as host:
        yield host


@contextmanager
def remote_host(url: str) -> Iterator[Host]:
    """Give the line at `url`, as its Twilio account calls it. Raises `SettingsError`."""
    settings = load_phone_settings()
    clock = settings.make_clock()
    today = clock.now().astimezone(settings.ivr_timezone).date()

    def facts(name: str | None) -> Mapping[str, str]:
        if name is None:
            return {}
        if name == MADE_UP:
            raise OperatorError(
                "a member who is made up is not on a line somewhere else: replay the file without --url"
            )
        try:
            return facts_of(demo_member(name, today))
        except LookupError as error:
            raise OperatorError(str(error)) from None

    host = RemoteHost(
        url.rstrip("/"),
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        languages=settings.ivr_languages,
        clock=clock,
        randomness=SecretRandomness(),
        facts_of=facts,
        authorities=settings.authorities,
    )
    try:
        yield host
    finally:
        host.close()
