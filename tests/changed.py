"""Print the tests of what changed since the last commit, for `make check`: paths, a line each.

A changed test stands for itself, a module for the tests of its package, flows and prompts for the tests of the
dialog and of speech. Where nothing changed, the quickest package that touches everything pure is printed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
NOTHING_CHANGED = "tests/unit/dialog"
OF_FOLDER = {"flows": ("tests/unit/dialog",), "prompts": ("tests/unit/speech", "tests/unit/dialog")}


def chosen(changed: Iterable[str]) -> list[str]:
    """Return the paths of the tests for the changed files, both relative to the project, each once and sorted."""
    return sorted({test for file in changed for test in _tests_of(PurePosixPath(file))}) or [NOTHING_CHANGED]


def _tests_of(file: PurePosixPath) -> Iterable[str]:
    if file.parts[0] == "tests" and file.name.startswith("test_") and (ROOT / file).is_file():
        yield str(file)
    elif file.parts[0] == "ivr" and len(file.parts) > 2:
        mirrored = f"tests/unit/{file.parts[1]}"
        yield from [mirrored] if (ROOT / mirrored).is_dir() else []
    else:
        yield from OF_FOLDER.get(file.parts[0], ())


def _changed() -> list[str]:
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--no-renames", "-z"]
    status = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [line[3:] for line in status.split("\0") if line]


if __name__ == "__main__":
    print("\n".join(chosen(_changed())))  # noqa: T201 (a command)
