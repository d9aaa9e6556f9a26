"""`ivr flow coverage` and `ivr flow draw`, on recorded calls and on written ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ivr.base.settings import load_settings
from ivr.callfile.grammar import load_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.sandbox.host import LocalHost
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[3]

CALL = """\
now     2026-12-18T10:15-05:00
language en-US
pace    voice
line    welcome, language-option
caller  1
line    main-menu
caller  hangs up
end     hangup
"""


@pytest.fixture
def call_file(tmp_path: Path) -> Path:
    file = tmp_path / "short.call"
    file.write_text(CALL)
    return file


def test_the_line_is_drawn(ivr, tmp_path: Path) -> None:
    for name, beginning in (("line.svg", "<svg "), ("line.mmd", "flowchart TB\n")):
        ran = ivr("flow", "draw", "--output", tmp_path / name)
        assert (ran.status, ran.out, ran.err) == (0, f"{tmp_path / name}\n", "")
        assert (tmp_path / name).read_text("utf-8").startswith(beginning)


def test_heat_is_counted_from_written_calls(ivr, tmp_path: Path, call_file: Path) -> None:
    ran = ivr("flow", "draw", "--heat", "--output", tmp_path / "line.mmd", call_file)
    assert (ran.status, ran.err) == (0, "")
    assert "main_menu<br>1 call, 100%<br>1 hung up, 100%" in (tmp_path / "line.mmd").read_text("utf-8")


def test_heat_of_no_recorded_call_is_cold(ivr, tmp_path: Path) -> None:
    ran = ivr("flow", "draw", "--heat", "--recorded", "--output", tmp_path / "line.mmd")
    assert (ran.status, ran.err) == (0, "")
    assert "welcome<br>no call" in (tmp_path / "line.mmd").read_text("utf-8")


def test_heat_is_counted_from_recorded_calls(ivr, engine, environ, tmp_path: Path, call_file: Path) -> None:
    """The calls were made on the line, and are read where it keeps them."""
    line = compile_line(read_line_files(Path(__file__).resolve().parents[3]))
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "replay")})
    with LocalHost(engine, line, settings, over_http=False) as host:
        assert play_run(CallPlay(load_call(call_file), "en-US", "voice"), host).passed
    ran = ivr("flow", "draw", "--heat", "--recorded", "--output", tmp_path / "line.mmd")
    assert (ran.status, ran.err) == (0, "")
    drawn = (tmp_path / "line.mmd").read_text("utf-8")
    assert "main_menu<br>1 call, 100%<br>1 hung up, 100%" in drawn
    assert "member_id<br>no call" in drawn


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--output", "line.png"], ".svg or .mmd"),
        (["--output", "line.svg", "--heat"], "--recorded or PATH"),
        (["--output", "line.svg", "--recorded"], "--heat needs calls"),
        (["--output", "line.svg", "--heat", "--recorded", "a.call"], "no other"),
        ([], "--output"),
    ],
)
def test_what_cannot_be_drawn_is_said(ivr, arguments, cure) -> None:
    ran = ivr("flow", "draw", *arguments)
    assert ran.status == 2
    assert cure in ran.err


def test_a_file_that_cannot_be_written_is_said(ivr, tmp_path: Path) -> None:
    ran = ivr("flow", "draw", "--output", tmp_path / "nowhere" / "line.mmd")
    assert ran.status == 1
    assert "cannot be written" in ran.err


def test_recorded_calls_stand_beside_written_ones(ivr, call_file: Path) -> None:
    ran = ivr("flow", "coverage", "--recorded", call_file)
    assert ran.status == 1
    assert ran.out.startswith("1 written calls | 0 recorded calls:\n")
    assert "tested, never seen live:\n  main/welcome: en-US voice\n" in ran.out
    as_json = json.loads(ivr("flow", "coverage", "--recorded", "--json", call_file).out)
    assert as_json["recorded"]["calls"] == 0
    assert as_json["seen_never_tested"] == []
    welcome = {"kind": "nodes", "place": "main/welcome", "language": "en-US", "pace": "voice"}
    assert welcome in as_json["tested_never_seen"]


def test_a_call_that_differs_is_a_no_and_told(ivr, call_file: Path) -> None:
    call_file.write_text(CALL.replace("main-menu", "bills-both"))
    ran = ivr("flow", "coverage", call_file)
    assert ran.status == 1
    assert "expected line bills-both" in ran.err


def test_who_read_the_words_is_written_down_and_held_against_them(ivr, tmp_path):
    for name in ("flows", "prompts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    reviewed = ("flow", "reviewed", "es-US", "welcome", "main-menu", "--folder", str(tmp_path))
    before = ivr(*reviewed)
    assert (before.status, before.out.splitlines()[0].split()) == (1, ["welcome", "not", "reviewed"])
    assert ivr(*reviewed, "--by", "Ana").status == 2
    done = ivr(*reviewed, "--by", "Ana Sample", "--on", "2026-12-01")
    assert (done.status, "main-menu.relay" in done.out) == (0, True)
    spanish = tmp_path / "prompts" / "es-US.ftl"
    spanish.write_text(spanish.read_text().replace("Línea de pagos", "La línea de pagos", 1))
    after = ivr(*reviewed)
    assert (after.status, "changed since  Ana Sample, 2026-12-01" in after.out) == (1, True)
    assert "has no prompt wellcome" in ivr(*reviewed[:3], "wellcome").err


def test_the_phrases_are_printed_with_how_each_is_taken(ivr):
    ran = ivr("flow", "phrases")
    lines = ran.out.splitlines()
    assert "en-US  voice  yes            yes" in lines
    assert "en-US  relay  not-yes-or-no  yes" in lines
    assert "es-US  voice  no             todavía no" not in lines, "a no is a word anywhere"
    assert "es-US  voice  repeat         repita" in lines
    [said, *_] = json.loads(ivr("flow", "phrases", "No, thanks", "--json").out)
    assert said == {"language": "en-US", "pace": "voice", "taken_as": "no", "words": "No, thanks"}


def test_a_fact_whose_date_is_past_is_named_beside_the_proof(ivr, tmp_path: Path) -> None:
    texts = {
        "flows/main.toml": 'start = "end"\n[node.end]\nend = "goodbye"\n',
        "prompts/en-US.ftl": "goodbye = Goodbye.\n",
        "prompts/facts.toml": '[place.bank_bill_pay]\nname = "Connector"\nsource = "a page"\n'
        "seen = 2019-11-28\nreview_by = 2020-01-01\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    told = "place.bank_bill_pay was to be read again by 2020-01-01: callers hear whom to call instead\n"
    assert ivr("flow", "check", tmp_path).err.startswith(told)
