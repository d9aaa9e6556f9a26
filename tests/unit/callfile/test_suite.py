from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from ivr.base.errors import DatabaseUnavailableError
from ivr.callfile.grammar import CallFile, CallFileError
from ivr.callfile.host import LineDownError
from ivr.callfile.player import PlayOptions
from ivr.callfile.suite import (
    CallPlay,
    InTurn,
    find_calls,
    list_runs,
    play_run,
    print_json,
    print_result,
    print_summary,
    replay_with,
)

ROOT = Path(__file__).parents[3]
MENU = ("main-menu", "menu")
BYE = ("goodbye", "hangup")
GOOD = "line main-menu\ncaller 1\nline goodbye\nend goodbye\n"
VOICE = "now 2026-12-18T10:15Z\npace voice\nlanguage en-US\n"


def replay(paths, host, **options):
    """Play the files on one host, one after another."""
    return replay_with(InTurn(host), paths, **options)


def printed(report, **options):
    out = io.StringIO()
    for result in report.results:
        print_result(result, out, **options)
    print_summary(report, out)
    return out.getvalue()


def test_folders_are_searched_and_calls_that_must_fail_left_out(write_call, tmp_path):
    b = write_call("", name="calls/pay/b.call")
    a = write_call("", name="calls/a.call")
    failing = write_call("", name="calls/must_fail/c.call")
    write_call("", name="calls/notes.txt")
    calls = tmp_path / "calls"
    assert find_calls([calls]) == ([a, b], [])
    assert find_calls([calls / "must_fail", b]) == ([failing, b], [])


def test_a_file_named_twice_is_played_once(write_call, tmp_path, monkeypatch):
    a = write_call("", name="calls/a.call")
    b = write_call("", name="calls/b.call")
    monkeypatch.chdir(tmp_path)
    assert find_calls([a, tmp_path / "calls", Path("calls/b.call"), a]) == ([a, b], [])


def found_calls(paths):
    """Return what is found, and the problems as they are printed."""
    files, problems = find_calls(paths)
    return files, list(map(str, problems))


def test_what_is_no_file_in_a_folder_is_told_and_the_rest_is_played(write_call, tmp_path):
    """None of it may end or hold up a replay: not a link to itself, nor a pipe into which nobody writes."""
    inside = write_call("", name="calls/folder.call/a.call")
    calls = tmp_path / "calls"
    (calls / "again").symlink_to(".")
    (calls / "circle.call").symlink_to("circle.call")
    (calls / "gone.call").symlink_to("nowhere")
    os.mkfifo(calls / "pipe.call")
    told = "is no file that can be read: mend it, or take it out [call.unreadable]"
    names = ("circle", "gone", "pipe")
    assert found_calls([calls]) == ([inside], [f"{calls / name}.call: {told}" for name in names])
    assert found_calls([calls / "circle.call", calls / ("x" * 300), inside]) == (
        [inside],
        [
            f"{calls / 'circle.call'}: no such file or folder: check the name [call.no-file]",
            f"{calls / ('x' * 300)}: no such file or folder: check the name [call.no-file]",
        ],
    )
    assert found_calls([calls / "pipe.call"]) == ([], [f"{calls / 'pipe.call'}: {told}"])


def test_a_name_that_is_no_text_is_told(tmp_path, monkeypatch):
    odd = Path(os.fsdecode(b"\xff.call"))
    monkeypatch.chdir(tmp_path)
    assert found_calls([odd]) == ([], [r"\xff.call: no such file or folder: check the name [call.no-file]"])
    monkeypatch.setattr(Path, "rglob", lambda folder, _pattern: [folder / odd])  # not every disk has such
    [told] = found_calls([tmp_path])[1]
    assert told == rf"{tmp_path}/\xff.call: its name is not UTF-8: rename it [call.file-name]"


def test_paths_that_hold_no_call_are_problems(tmp_path):
    assert found_calls([tmp_path, tmp_path / "x"]) == (
        [],
        [
            f"{tmp_path}: no call file in it: name a folder that holds *.call files [call.no-file]",
            f"{tmp_path}/x: no such file or folder: check the name [call.no-file]",
        ],
    )


def test_every_file_runs_in_every_language_and_pace(write_call):
    runs, problems = list_runs([write_call("")], ("en-US", "es-US"))
    assert [(run.language, run.pace) for run in runs] == [
        ("en-US", "voice"),
        ("en-US", "relay"),
        ("es-US", "voice"),
        ("es-US", "relay"),
    ]
    assert problems == []
    assert str(runs[0]).endswith("a.call en-US voice")


def test_the_rest_still_runs_when_a_file_cannot(write_call, written_host, tmp_path):
    write_call("lines\n", name="a.call")
    write_call("", name="b.call", head="now 2026-12-18T10:15Z\nlanguage vi-VN\n")
    write_call("", name="c.call", head=f"{VOICE}member nobody\n")
    write_call(GOOD, name="d.call", head=f"{VOICE}member demo.one\n")
    seen = []
    host = written_host([MENU, BYE], members=["demo.one"])
    report = replay([tmp_path, tmp_path / "e"], host, progress=seen.append)
    assert [Path(result.name).name for result in report.results] == ["d.call"]
    assert seen == list(report.results)
    assert [str(problem).rsplit("/", 1)[-1][:40] for problem in report.problems] == [
        "e: no such file or folder: check the nam",
        "a.call:3: 'lines' is no word of a call f",
        "b.call:2: the line does not speak vi-VN:",
        "c.call en-US voice: there is no sample m",
    ]
    rules = [each["rule"] for each in report.as_json()["call_file_problems"]]
    assert rules == ["call.no-file", "call.unknown-word", "call.language-not-spoken"]
    assert report.exit_status == 1


def test_a_line_that_is_down_is_called_no_more(write_call, written_host):
    class GoesDown(written_host):
        def prepare(self, setup):
            if len(self.setups) == 1:
                raise LineDownError("https://line.example takes no connection")
            return super().prepare(setup)

    paths = [write_call(GOOD, name=name, head=VOICE) for name in ("a.call", "b.call", "c.call")]
    expected = []
    report = replay_with(InTurn(GoesDown([MENU, BYE])), paths, expect=expected.append)
    assert [Path(result.name).name for result in report.results] == ["a.call"]
    assert report.problems == ("https://line.example takes no connection; 2 calls were not played",)
    assert expected == [3]


def test_a_database_that_goes_away_ends_the_replay(write_call, written_host):
    class Broken(written_host):
        def prepare(self, setup):
            raise DatabaseUnavailableError("it went away")

    with pytest.raises(DatabaseUnavailableError):
        replay([write_call(GOOD, head=VOICE)], Broken([]))


def test_a_replay_that_passes(write_call, written_host):
    report = replay([write_call(GOOD, head=VOICE)], written_host([MENU, BYE]))
    assert (report.passed, report.exit_status) == (True, 0)
    text = printed(report)
    assert text.startswith("ok   ")
    assert "a.call en-US voice (2 turns, 0:0" in text
    assert text.endswith("1 call, 0 differ, 0 problems\n")
    assert "line    main-menu" not in text


def test_words_are_shown_on_request(write_call, written_host):
    report = replay([write_call(GOOD, head=VOICE)], written_host([MENU, BYE]))
    assert "     line    goodbye\n               [en-US] Goodbye.\n" in printed(report, verbose=True)


def test_a_difference_is_shown_with_the_transcript_around_it(write_call, written_host):
    path = write_call("caller 1\n" * 20 + "line goodbye\n", head=VOICE)
    report = replay([path], written_host([MENU] * 30))
    text = printed(report).splitlines()
    assert text[0].startswith("FAIL ")
    assert len(text) == 1 + 12 + 1 + 1
    assert text[-2] == f"{path}:24: expected line goodbye, heard line main-menu"
    assert text[-1] == "1 call, 1 differ, 0 problems"
    assert report.exit_status == 1


def test_what_could_not_be_looked_at_is_said(write_call, written_host):
    report = replay([write_call("did payment\n", head=VOICE)], written_host([MENU, BYE], events=None))
    assert "not checked on this line: " in printed(report)


def test_the_report_as_json(write_call, written_host):
    paths = [write_call(GOOD, head=VOICE), write_call("line x\n", name="b.call", head=VOICE)]
    out = io.StringIO()
    print_json(replay(paths, written_host([MENU, BYE])), out)
    report = json.loads(out.getvalue())
    assert report["passed"] is False
    assert [call["passed"] for call in report["calls"]] == [True, False]
    assert report["calls"][0]["difference"] is None
    assert report["calls"][1]["difference"] == {
        "file": str(paths[1]),
        "line": 4,
        "expected": "line x",
        "heard": "line main-menu",
    }
    assert report["calls"][1]["transcript"][0] == {"who": "caller", "text": "dials"}


def test_no_call_at_all_is_no_success(written_host):
    assert replay([], written_host([])).exit_status == 1


def test_a_call_without_an_instant_cannot_be_played(written_host):
    with pytest.raises(CallFileError, match="no header says when the call is"):
        play_run(CallPlay(CallFile("a.call"), "en-US", "voice"), written_host([]), PlayOptions())


def test_the_call_that_must_fail_fails(written_host):
    report = replay([ROOT / "tests/calls/must_fail"], written_host([MENU]))
    assert len(report.results) == 4
    assert not any(result.passed for result in report.results)
    assert report.problems == ()
