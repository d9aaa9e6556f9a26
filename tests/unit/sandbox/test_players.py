"""How many processes play."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.sandbox.players import useful_jobs


@pytest.mark.parametrize(("asked", "files", "jobs"), [(64, 1, 1), (2, 3, 2), (None, 3, 1), (5, 0, 1)])
def test_no_more_processes_than_files(tmp_path: Path, asked: int | None, files: int, jobs: int) -> None:
    for number in range(files):
        (tmp_path / f"{number}.call").write_text("caller hangs up\n")
    assert useful_jobs((tmp_path,), asked) == jobs
