"""docs/money.md: the way from a yes to a settled debit, and back: its commands, as printed, print what it says."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.started import started_commands

from ivr.storage.embedded import EmbeddedPostgres, forget

ROOT = Path(__file__).resolve().parents[1]
NUMBER, FOLDER = "51370537879", "/home/you/line"  # the page's
PAYS = [
    *("1", "1", "400000000101", "4321", "01111953", "2", "1", "1", "1"),
    *("021000021", "1", "1234567890#", "1234567890#", "say yes", "2"),
]
IS_TOLD = PAYS[:5]

pytestmark = [pytest.mark.long, pytest.mark.whole]


@dataclass
class Command:
    """A command, and the lines that it prints, as the page says."""

    line: str
    prints: list[str] = field(default_factory=list)


def read_commands() -> list[Command]:
    page = (ROOT / "docs" / "money.md").read_text()
    commands: list[Command] = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append(Command(line[2:]))
            else:
                commands[-1].prints.append(line)
    return commands


def run_all(commands: list[Command], folder: Path, ivr: Path) -> list[str]:
    """Run them one after the other in one shell, in `folder`; return what each printed, errors last."""
    script = ["set -e"]
    calls = iter((PAYS, IS_TOLD))
    for place, command in enumerate(commands):
        if command.line == "ivr call":
            (folder / f"keys.{place}").write_text("\n".join(next(calls)) + "\n")
        keys = f"keys.{place}" if command.line == "ivr call" else "/dev/null"
        script.append(f"{{ {command.line}\n}} < {keys} > out.{place} 2> err.{place}".replace(">> ", "> "))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    environ.pop("DATABASE_URL", None)
    environ["PATH"] = f"{ivr.parent}{os.pathsep}{environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = "".join(file.read_text() for file in sorted(folder.glob("err.*")))
    assert (ran.returncode, ran.stderr) == (0, ""), errors
    places = range(len(commands))
    return ["".join((folder / f"{name}.{place}").read_text() for name in ("out", "err")) for place in places]


def test_the_pages_commands_print_what_it_says(tmp_path):
    commands = read_commands()
    assert len(commands) > 14
    try:
        with (
            EmbeddedPostgres(tmp_path / "var" / "try", durable=False),
            started_commands(tmp_path / "bin", ROOT) as ivr,
        ):
            printed = run_all(commands, tmp_path, ivr)
    finally:
        forget(tmp_path / "var" / "try")
    number = next(output for output in printed if output.endswith("  sent\n"))[:11]
    for command, output in zip(commands, printed, strict=True):
        named = output.replace(number, NUMBER).replace(str(tmp_path.resolve()), FOLDER)
        shown = re.sub(r"(T\d\d:\d\d):\d\dZ", r"\1:06Z", named)
        for line in command.prints:
            assert line in shown, (command.line, output)
