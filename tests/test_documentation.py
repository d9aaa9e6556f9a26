"""The page for ops staff does what it says: its commands run in order, its call files play, its tables are whole."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import URL, Engine
from support.started import started_commands

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_settings
from ivr.billing.samples import demo_member
from ivr.callfile import circumstances
from ivr.callfile import grammar as callfile
from ivr.callfile.grammar import parse_call
from ivr.calls.store import keep_flow_version
from ivr.replay import compare
from ivr.sandbox.members import facts_of, load_members
from ivr.simulator.lines import WsgiLine
from ivr.simulator.phone import Phone
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "replaying-calls.md"
TODAY = "2026-12-17T09:30-05:00"  # a Thursday; the page says so
TO_PAY = ("1", "1", "{member_id}", "{ssn_last4}", "{date_of_birth}", "2", "1", "1")
CALLS_ON_TUESDAY = (
    ("2026-12-15T20:52-05:00", (*TO_PAY, "021000021")),
    ("2026-12-15T21:10-05:00", TO_PAY[:1]),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of the page: where it stands, its kind, the file it is to be saved as, its text."""

    line: int
    kind: str
    file: str
    text: str


def blocks() -> Iterator[Block]:
    """Yield the page's blocks in order."""
    page = PAGE.read_text()
    for match in re.finditer(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield Block(page.count("\n", 0, match.start()) + 1, match[1], match[2] or "", match[3])


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a console block, each with the lines that the page shows under it."""
    command, shown = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line.removeprefix("$ "), []
        else:
            shown.append(line)
    yield command, shown


def as_pattern(shown: list[str]) -> str:
    """Return what output must match: `…` on a line stands for anything in it, alone for any lines."""
    pattern = ""
    for line in shown:
        pattern += (
            r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        )
    return pattern


@dataclass(frozen=True)
class House:
    """A copy of the project with a history of its own, and the environment its commands run in."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, command: str) -> str:
        """Run a command as someone in a terminal would; return all it wrote."""
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.stdout


@pytest.fixture
def recorded(engine: Engine, tmp_path: Path) -> None:
    """Place two calls on Tuesday around nine: one drops after the routing number, one at the main menu."""
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "var")})
    line = compile_line(read_line_files(ROOT))
    account = (settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
    for number, (began, keys) in enumerate(CALLS_ON_TUESDAY):
        clock = ManualClock(datetime.fromisoformat(began))
        member = demo_member("demo.health_and_dental", clock.now().date())
        with engine.begin() as db:
            keep_flow_version(db, line.flow.version, dict(line.files), clock.now())
            load_members(db, settings, [member], clock)
        app = serve_line(settings, engine, line, clock, SeededRandomness(number))
        phone = Phone(
            WsgiLine(app, *account),
            clock,
            call_sid=f"CA{number + 1:032x}",
            account_sid=settings.twilio_account_sid,
        )
        phone.dial()
        for entry in keys:
            phone.press(entry.format_map(facts_of(member)))
        phone.hang_up()


@pytest.fixture
def house(tmp_path: Path, database_url: URL, recorded: None) -> Iterator[House]:
    """Copy the project, commit it, and put `ivr` on the path."""
    folder = tmp_path / "project"
    for part in ("ivr", "flows", "prompts", "tests/calls"):
        copytree(ROOT / part, folder / part)
    with started_commands(tmp_path / "bin", folder) as command:
        made = House(
            folder,
            {
                "PATH": f"{command.parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "LANG": "C.UTF-8",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_PAGER": "cat",
                "IVR_DEMO": "yes",
                "IVR_NOW": TODAY,
                "IVR_VAR": str(tmp_path / "var"),
                "DATABASE_URL": database_url.render_as_string(hide_password=False),
            },
        )
        made.run("git init -q && git config user.name Staff && git config user.email staff@example.org")
        (folder / ".git" / "info" / "exclude").write_text("__pycache__\n")
        made.run("git add . && git commit -q -m 'The line'")
        yield made


@pytest.mark.long
@pytest.mark.whole
def test_every_step_works_as_printed(house: House) -> None:
    files = []
    for block in blocks():
        place = f"{PAGE.name}:{block.line}"
        if block.kind == "call":
            path = house.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
            files.append(block.file)
        elif block.kind == "diff":
            (house.folder.parent / "change").write_text(block.text)
            assert house.run("git apply ../change") == "", place
        else:
            assert block.kind == "console", place
            for command, shown in steps(block.text):
                written = house.run(command)
                assert re.fullmatch(as_pattern(shown), written), f"{place}: $ {command}\n{written}"
    replayed = house.run(f"ivr replay {' '.join(files)}")
    assert " 0 differ, 0 problems" in replayed, replayed
    assert len(files) >= 3


def table(heading: str) -> set[str]:
    """Return what stands in code in the first column of the table under a heading."""
    section = PAGE.read_text().split(f"\n### {heading}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| *(`[^|]*?) *\|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_the_tables_hold_every_word_of_a_call_file_and_no_other() -> None:
    readers = callfile._Parser("x")._readers
    assert table("Headers") == {*callfile._HEADERS, *circumstances.WORDS}
    assert table("Lines") == set(readers)
    assert table("Faults") == set(callfile.FAULTS)
    assert table("Members' numbers") == {f"{{{name}}}" for name in callfile.PLACEHOLDERS}
    page = PAGE.read_text()
    assert all(f"`{kind}`" in page for kind in (*callfile.ENDS, *callfile.PACES))
    kinds = page.split("\n| it says | what it means |\n")[1].split("\n\n")[0].splitlines()[1:]
    assert tuple(row.split("|")[1].strip() for row in kinds) == compare.KINDS


def test_what_a_caller_can_do_is_all_there() -> None:
    steps = [
        parse_call(f"{line}\ncaller 1", "x.call").steps[0] for line in sorted(table("What a caller does"))
    ]
    assert {type(step).__name__ for step in steps} == {
        "KeysLine",
        "SilenceLine",
        "WordsLine",
        "WaitsLine",
        "HangsUpLine",
    }


def test_the_examples_of_headers_and_lines_are_right() -> None:
    page = PAGE.read_text()
    examples = re.findall(r"\| `([^`|]+)` \|$", page, re.MULTILINE)
    for example in examples:
        head = "member made_up\n" if example.split()[0] in circumstances.WORDS else ""
        bill = (
            "bill health 400.00 due 2026-12-23\n" if example.startswith(("paid", "held", "returned")) else ""
        )
        parse_call(f"{head}{bill}{example}\n", "x.call")
    assert len(examples) > 12
