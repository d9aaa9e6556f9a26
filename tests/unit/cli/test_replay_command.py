"""`ivr replay`: what comes out, the exit status, other processes, rewriting, and a line somewhere else."""

from __future__ import annotations

import errno
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest
from sqlalchemy import Engine, text
from support.certificates import Authority, served_with

from ivr.ach.routing_numbers import routing_number_fault
from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_settings
from ivr.billing.samples import demo_member, demo_members
from ivr.calls.store import keep_flow_version
from ivr.cli.main import ivr as commands
from ivr.cli.main import main
from ivr.sandbox.canary import NO_BANK
from ivr.sandbox.members import load_members
from ivr.sandbox.server import LocalServer
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line

ROOT = Path(__file__).resolve().parents[3]
WAY = ROOT / "tests" / "calls" / "way"
HEAD = "now 2026-12-18T10:15-05:00\nlanguage en-US\npace voice\n"
NOW = datetime.fromisoformat("2026-12-18T10:15-05:00")


def write(folder: Path, name: str, text: str, head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + text)
    return path


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Make a folder with a good call, one that differs, one with a fault, and one that is no text."""
    folder = tmp_path / "calls"
    folder.mkdir()
    write(folder, "good.call", "line welcome, language-option\ncaller hangs up\nend hangup\n")
    write(folder, "differs.call", "line welcome, language-option\ncaller 1\nline hello\ncaller hangs up\n")
    write(folder, "fault.call", "caller\n")
    (folder / "picture.call").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "empty").mkdir()
    return folder


def problems(calls: Path) -> list[str]:
    return [
        f"{calls.parent / 'empty'}: no call file in it: name a folder that holds *.call files",
        f"{calls.parent / 'nowhere'}: no such file or folder: check the name [call.no-file]",
        f"{calls / 'fault.call'}:4: a caller cannot '': write keys",
        f"{calls / 'picture.call'}:1: not UTF-8 (byte 1): save it as UTF-8",
    ]


def test_a_line_a_call_what_differed_and_a_sentence_for_what_cannot_be_played(ivr, calls: Path) -> None:
    junit = calls.parent / "junit.xml"
    ran = ivr("replay", calls, calls.parent / "empty", calls.parent / "nowhere", "--junit", junit)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"FAIL {calls / 'differs.call'} en-US voice (2 turns, ")
    assert lines[-9:-7] == ["     caller  1", "     line    main-menu"]
    assert lines[-7] == f"{calls / 'differs.call'}:6: expected line hello, heard line main-menu"
    assert lines[-6].startswith(f"ok   {calls / 'good.call'} en-US voice (1 turns, ")
    assert all(line.startswith(start) for line, start in zip(lines[-5:-1], problems(calls), strict=True))
    assert lines[-1] == "2 calls, 1 differ, 4 problems"
    assert ran.err == "", "nobody looks, so nothing is counted"
    assert ET.parse(junit).getroot().get("failures") == "1"


def test_json_from_several_processes(ivr, calls: Path) -> None:
    ran = ivr("replay", calls, "--json", "--jobs", 2)
    report = json.loads(ran.out)
    assert (ran.status, ran.err) == (1, "")
    assert [(Path(call["file"]).name, call["passed"]) for call in report["calls"]] == [
        ("differs.call", False),
        ("good.call", True),
    ]
    assert len(report["problems"]) == 2


def test_what_a_file_expects_is_rewritten(ivr, calls: Path) -> None:
    ran = ivr("replay", "--update", calls)
    assert ran.status == 1, "two files cannot be played"
    assert ran.out.splitlines()[0] == f"updated {calls / 'differs.call'} (1 line)"
    assert ran.out.splitlines()[-1] == "1 updated, 0 left as they were, 1 as written, 2 problems"
    assert (calls / "differs.call").read_text() == (
        f"{HEAD}line welcome, language-option\ncaller 1\nline main-menu\ncaller hangs up\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        [".", "--jobs", "0"],
        [".", "--url", "line.example"],
        [".", "--url", "https://line.example/voice"],
        [".", "--url", "http://line.example:65536"],
        [".", "--url", "http://line..example"],
        [".", "--update", "--url", "https://line.example"],
        [".", "--update", "--junit", "x.xml"],
        [".", "--junit", "tests/calls/way/greeting.call"],
    ],
    ids=" ".join,
)
def test_wrong_usage(ivr, words: list[str]) -> None:
    ran = ivr("replay", *words)
    assert (ran.status, ran.out) == (2, "")


def test_a_report_that_cannot_be_written_is_told_before_anything_is_played(ivr, calls: Path) -> None:
    ran = ivr("replay", calls, "--junit", calls / "no" / "x.xml")
    assert (ran.status, ran.out) == (1, "")
    assert (
        ran.err
        == f"{calls / 'no' / 'x.xml'}: cannot be written (No such file or directory): name another file\n"
    )


def test_a_member_who_is_made_up_is_on_no_line_somewhere_else(ivr, served: str, tmp_path: Path) -> None:
    file = write(tmp_path, "made_up.call", "member made_up\nline welcome\n")
    ran = ivr("replay", file, "--url", served)
    assert ran.status == 1
    assert "is made up is not on a line somewhere else: replay the file without --url" in ran.out + ran.err


@pytest.fixture
def served(engine: Engine, environ: dict[str, str]) -> Iterator[str]:
    """Serve the line with the sample members, over HTTP, and give its address."""
    line = compile_line(read_line_files(ROOT))
    clock = ManualClock(NOW)
    with LocalServer() as server:
        settings = load_settings({**environ, "PUBLIC_URL": server.url})
        with engine.begin() as db:
            keep_flow_version(db, line.flow.version, dict(line.files), NOW)
            load_members(db, settings, demo_members(NOW.date()), clock)
        server.app = serve_line(settings, engine, line, clock, SeededRandomness(1))
        yield server.url


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """Copy the calls of a whole payment, for one language and pace."""
    shutil.copytree(WAY, tmp_path / "way")
    path = tmp_path / "way" / "goodbye.call"
    path.write_text(path.read_text().replace("after ", "language en-US\npace voice\nafter "))
    return path


def test_a_line_somewhere_else_is_called_and_what_it_did_is_not_checked(ivr, served: str, paid: Path) -> None:
    ran = ivr("replay", "--url", f"{served}/", paid)
    assert ran.status == 0, ran.out
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"ok   {paid} en-US voice (14 turns, ")
    assert lines[1].startswith("     not checked on this line: ")
    assert "paid.call:5: did payment amount=310.15 plan=health" in lines[1]
    assert lines[2:] == ["1 call, 0 differ, 0 problems"]
    ran = ivr("replay", "--url", served, paid, "--json")
    (call,) = json.loads(ran.out)["calls"]
    assert call["difference"]["heard"].startswith("line recent-payment, "), (
        "it remembers, as a real line does"
    )


def test_a_line_that_refuses_us_or_is_down_is_one_sentence(
    ivr, served: str, paid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = paid.with_name("missing.call")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another token 16")
    ran = ivr("replay", "--url", served, "--jobs", 1, paid.parent, missing)
    first, second, last = ran.out.splitlines()
    assert ran.status == 1
    assert first == f"{missing}: no such file or folder: check the name [call.no-file]"
    assert second.startswith(f"{served} refuses our signature: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    assert second.endswith(" calls were not played")
    assert last == "0 calls, 0 differ, 2 problems"
    nobody = "http://127.0.0.1:9"  # the port of the discard protocol, which nothing listens on
    ran = ivr("replay", "--url", nobody, paid)
    assert ran.out == (
        f"{nobody} takes no connection: start the line, or correct the address; 1 call was not played\n"
        "0 calls, 0 differ, 1 problem\n"
    )


def test_a_line_somewhere_else_needs_its_account(ivr, paid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    ran = ivr("replay", "--url", "https://line.example", paid)
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith("TWILIO_AUTH_TOKEN is missing: set it to ")


def test_a_certificate_is_trusted_as_everywhere_on_this_machine(
    ivr, served: str, paid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private authority's is named as such, until a variable that other programs obey names its file."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path)

    def front(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("404 Not Found", [])
        return []

    with served_with(authority.issue(), front) as url:
        ran = ivr("replay", "--url", url, paid)
        assert ran.status == 1
        assert ran.out.startswith(
            f"{url} has a certificate that is of an authority that is not trusted here: "
        )
        assert "takes no connection" not in ran.out
        for name, other in (("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")):
            monkeypatch.delenv(other, raising=False)
            monkeypatch.setenv(name, str(authority.file))
            assert ivr("replay", "--url", url, paid).out.startswith(f"{url} is no payment line: ")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(paid))
        ran = ivr("replay", "--url", url, paid)
        assert (ran.status, ran.err[:30]) == (3, "REQUESTS_CA_BUNDLE is wrong: s")


def test_a_language_that_the_line_does_not_speak(ivr, tmp_path: Path) -> None:
    ran = ivr("replay", write(tmp_path, "speaks.call", "speaks en-US, vi-VN\nline welcome, main-menu\n"))
    assert ran.status == 1
    assert "the line does not speak vi-VN: take it out of speaks" in ran.out + ran.err


class FullDisk(io.RawIOBase):
    """A file on a disk that has no room."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("out", "status", "told"),
    [
        (None, 0, ""),
        (io.TextIOWrapper(io.BytesIO(), encoding="ascii"), 0, ""),
        (
            io.TextIOWrapper(FullDisk(), encoding="utf-8", write_through=True),
            1,
            "The output cannot be written (No space left on device): make room, then try again\n",
        ),
        (
            io.TextIOWrapper(io.BufferedWriter(FullDisk()), encoding="utf-8"),
            1,
            "The output cannot be written (No space left on device): make room, then try again\n",
        ),
    ],
    ids=["closed", "ascii", "full", "full in the end"],
)
def test_whatever_the_output_is_the_exit_status_tells(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: io.TextIOWrapper | None,
    status: int,
    told: str,
) -> None:
    def say() -> None:
        sys.stdout.write("español")

    monkeypatch.setitem(commands.commands, "say", click.Command("say", callback=say))
    monkeypatch.setattr(sys, "argv", ["ivr", "say"])
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as raised:
        main()
    if out is None:
        sys.stdout.close()
    assert (raised.value.code, capsys.readouterr().err) == (status, told)


@pytest.fixture
def canary(ivr, served: str, monkeypatch: pytest.MonkeyPatch):
    """Call the served line as a sample member with one bill, without a pause."""
    member = demo_member("demo.letter", NOW.date())
    facts = f"{member.member_id}:{member.ssn_last4}:{member.date_of_birth_keyed}"
    monkeypatch.setenv("IVR_TEST_MEMBER", facts)
    return lambda *more: ivr("call", "--url", served, "--canary", "--again-after", "0", *more)


def test_a_canary_is_told_what_it_owes_and_can_pay_nothing(canary, ivr, served: str, engine: Engine) -> None:
    for _ in range(2):  # the second soon after the first, which was left before anything was paid
        ran = canary()
        assert ran.err == ""
        assert ran.out == f"{served} takes calls, and a bank that is none took no payment.\n"
    with engine.connect() as db:
        assert db.scalars(text("SELECT node FROM calls")).all() == ["bank/routing_number"] * 2
        assert db.scalar(text("SELECT count(*) FROM payments")) == 0
    assert routing_number_fault(NO_BANK) == "check_digit"


def test_a_canary_that_misses_twice_says_where(
    canary, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as db:
        db.execute(text("UPDATE members SET ssn_last4_hash = NULL"))
    ran = canary()
    assert (ran.status, ran.out, ran.err.count("where balance- belongs\n")) == (1, "", 2)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another token 16")
    assert canary().err.count(": /voice/answer: 11200 ") == 2
    monkeypatch.setenv("IVR_TEST_MEMBER", "")
    assert (canary().status, canary().err) == (3, "IVR_TEST_MEMBER is missing: name the member who calls\n")
