"""docs/tutorial-a-topic.md does what it says: its edits make a line with one more question, and its call is played."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import URL
from support.started import started_commands

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("tutorial")]

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "tutorial-a-topic.md").read_text()
BLOCKS = re.findall(r"^```(\w+) file=(\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\.venv/bin/ivr (.+)$", PAGE, re.MULTILINE)
FILES = {file for _, file, _ in BLOCKS}


def edited(text: str, diff: str) -> str:
    """Return a text with a block's lines taken out (-) and put in (+) between those that stay."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    assert text.count(old) == 1, old
    return text.replace(old, "".join(line[1:] for line in lines if not line.startswith("-")))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("ivr", "flows", "prompts", "tests/calls/way"):
        copytree(ROOT / name, folder / name)
    for kind, name, text in BLOCKS:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(edited(file.read_text(), text) if kind == "diff" else text)
    return folder


@pytest.fixture(scope="module")
def ivr(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with started_commands(tmp_path_factory.mktemp("commands") / "bin", project) as ivr:
        yield ivr


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_say_yes(command: str, ivr: Path, project: Path, database_url: URL) -> None:
    environment = {
        **os.environ,
        "IVR_DEMO": "yes",
        "IVR_VAR": str(project / "var"),
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
    }
    ran = subprocess.run(
        [ivr, *command.split()],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_says_how_many_files_it_touches() -> None:
    assert len(FILES) == 6
    assert [file for file in FILES if file.endswith(".py")] == ["ivr/topics/agent/words.py"]
    assert "**six files, one of them Python**" in PAGE
