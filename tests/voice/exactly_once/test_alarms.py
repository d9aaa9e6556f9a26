"""The web process's own alarm, at any instant of a turn: nothing leaks, and what is said stays true."""

from __future__ import annotations

import subprocess
import sys

from sqlalchemy import URL
from support.served_line import ROOT


def ring(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.alarms", *arguments],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_an_alarm_at_the_very_end_does_not_go_on_ringing() -> None:
    ring("bare")


def test_alarms_at_random_instants_of_real_turns(database_url: URL) -> None:
    ring("turns", database_url.render_as_string(hide_password=False))
