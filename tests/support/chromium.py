"""A real Chromium: the one that is there, or Debian's where this account may install it."""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WANTED = "Chromium is needed for the tests of the console: install it (on Debian: apt-get install chromium)."


def find_chromium():
    """Return the path of a Chromium. Raises `RuntimeError` with what to install where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *command], capture_output=True, check=False)
        found = shutil.which("chromium")
    if found is None:
        raise RuntimeError(WANTED)
    return found
