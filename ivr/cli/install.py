"""Make the environment in .venv, or see in a moment that it is there: `python ivr/cli/install.py [test]`.

Run by make with the system's Python, before any package is there: standard library only. A venv holds the
absolute path of its folder, so one that was copied or moved is made anew, and so is one whose Python is gone.
What is installed is what `requirements/` names, version by version and hash by hash: two hosts get the same.
pip takes a minute for the packages of the tests, uv some seconds: where it can be had, it installs the rest.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed.json"
LOCKS = ROOT / "requirements"


def main() -> str | None:
    """Install what is missing; return what went wrong as a sentence, None when nothing did."""
    extra = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        with (ROOT / "pyproject.toml").open("rb") as project:
            fcntl.flock(project, fcntl.LOCK_EX)  # two installations at once go one after the other
            wanted = {"folder": str(ROOT), "pyproject": _digest(project)}
            found = _installed()
            if found is None or found.get("folder", wanted["folder"]) != wanted["folder"]:
                shutil.rmtree(ENVIRONMENT, ignore_errors=True)
                found = {}
            extras = found.get("extras", [])
            if wanted.items() <= found.items() and (not extra or extra in extras):
                return None
            return _install(wanted, sorted({*extras, extra} - {""}))
    except OSError as error:
        return f"The environment in {ENVIRONMENT} cannot be made: {error}."


def _digest(project: BinaryIO) -> str:
    """Return one digest of what decides which packages there are: the project's file and the locks."""
    digest = hashlib.sha256(project.read())
    for lock in sorted(LOCKS.glob("*.txt")):
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def _installed() -> dict[str, Any] | None:
    """Return what the stamp says, nothing without one; None when the environment does not work."""
    try:
        _run(PYTHON, "-c", "pass", check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
    except (OSError, ValueError):  # made by hand, or its installation was interrupted
        return {}
    return stamp


def _install(wanted: dict[str, str], extras: list[str]) -> str | None:
    sys.stderr.write("Installing packages into .venv (once; a minute or two)\n")
    if not PYTHON.exists() and _run(sys.executable, "-m", "venv", ENVIRONMENT).returncode != 0:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        return (
            f"{sys.executable} cannot make an environment in {ENVIRONMENT}: see that the folder can be"
            " written and that Python has its venv module (on Debian and Ubuntu: the package python3-venv)."
        )
    # Twice quiet: errors only.
    options = ["--quiet", "--quiet", "--disable-pip-version-check"]
    if os.geteuid() == 0:
        options.append("--root-user-action=ignore")
    lock = LOCKS / ("test.txt" if "test" in extras else "run.txt")
    pip: list[Path | str] = [PYTHON, "-m", "pip", "install", *options]
    uv = _uv(lock, pip)
    # The project itself is built by what the lock holds, and brings nothing of its own choice.
    steps: list[list[Path | str]] = [
        ["--require-hashes", "--requirement", lock],
        ["--no-deps", "--no-build-isolation", "--editable", "."],
    ]
    for what in steps:
        if uv and _run(uv, "pip", "install", "--python", PYTHON, *what).returncode == 0:
            continue
        if _run(*pip, *what, quiet=False).returncode != 0:  # it knows registries that uv was not told of
            return "The packages could not be installed: see pip's message above, then try again."
    STAMP.write_text(json.dumps({**wanted, "extras": extras}))
    return None


def _uv(lock: Path, pip: list[Path | str]) -> Path | None:
    """Install uv as the lock has it; None where the lock has none, or it cannot be had here."""
    line, *hashes = [*lock.read_text().splitlines(), ""]
    while hashes and not line.startswith("uv=="):
        line, *hashes = hashes
    if not line:
        return None
    named = ENVIRONMENT / "uv.txt"
    named.write_text("\n".join([line, *takewhile(lambda each: each.startswith(" "), hashes)]))
    installed = _run(*pip, "--no-deps", "--require-hashes", "--requirement", named).returncode == 0
    return ENVIRONMENT / "bin" / "uv" if installed else None


def _run(*command: Path | str, check: bool = False, quiet: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, cwd=ROOT, check=check, capture_output=quiet)  # noqa: S603 (fixed commands)


if __name__ == "__main__":
    sys.exit(main())
