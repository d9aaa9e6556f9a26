"""A real Chromium."""

from __future__ import annotations

from shutil import which

from support.debian import found_or_installed

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium-headless-shell", "chromium")  # what has no window takes two thirds of the time
WANTED = "Chromium is needed for the tests of the console: install it (on Debian: apt-get install chromium)."


def find_chromium() -> str:
    """Return the path of a Chromium. Raises `RuntimeError` with what to install where there is none."""
    return found_or_installed(lambda: next(filter(None, map(which, NAMES)), None), PACKAGES, WANTED)
