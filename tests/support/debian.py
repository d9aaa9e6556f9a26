"""Programs of others that tests use for real: what is there, or Debian's package where this account may install it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from fcntl import LOCK_EX, flock
from pathlib import Path
from shutil import which
from tempfile import gettempdir


def found_or_installed(find: Callable[[], str | None], packages: Sequence[str], wanted: str) -> str:
    """Return what `find` finds, at last after the first of Debian's `packages` that there is was installed.

    Raises `RuntimeError` with `wanted`, which says what to install, where there is none.
    """
    found = find()
    if found is None and os.geteuid() == 0 and which("apt-get"):
        with (Path(gettempdir()) / "ivr-tests-apt.lock").open("w") as turn:  # two at once, and one is refused
            flock(turn, LOCK_EX)
            found = find() or _installed(find, packages)
    if found is None:
        raise RuntimeError(wanted)
    return found


def _installed(find: Callable[[], str | None], packages: Sequence[str]) -> str | None:
    for command in (["update"], *(["install", "-y", "--no-install-recommends", name] for name in packages)):
        subprocess.run(["apt-get", "-q", *command], capture_output=True, check=False)
        if found := find():
            return found
    return None
