"""Programs of others that tests use for real: what is there, or Debian's package where this account may install it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from shutil import which
from tempfile import gettempdir


def found_or_installed(find: Callable[[], str | None], package: str, wanted: str) -> str:
    """Return what `find` finds, at last after Debian's `package` was installed.

    Raises `RuntimeError` with `wanted`, which says what to install, where there is none.
    """
    found = find()
    if found is None and os.geteuid() == 0 and which("apt-get"):
        with (Path(gettempdir()) / "ivr-tests-apt.lock").open("w") as turn:  # two at once, and one is refused
            flock(turn, LOCK_EX)
            for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
                subprocess.run(["apt-get", "-q", *command], capture_output=True, check=False)
        found = find()
    if found is None:
        raise RuntimeError(wanted)
    return found
