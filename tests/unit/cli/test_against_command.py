"""`ivr replay --against` and `--bisect`: which calls, which version, what comes out, and the exit status."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update
from support.recorder import recorded_calls

from ivr.base.settings import load_settings
from ivr.callfile.grammar import load_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.cli.against import CallSet, bisect_calls, named_recipes
from ivr.replay.against import NamedRecipe
from ivr.sandbox.host import LocalHost
from ivr.storage.tables import Call, FlowVersion, Turn
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[3]
LINE = compile_line(read_line_files(ROOT))
CALL = "now 2026-12-18T10:15-05:00\nmember demo.health_and_dental\nlanguage en-US\npace voice\nafter way/ready.call\ncaller hangs up\nend hangup\n"


@pytest.fixture
def other(tmp_path):
    """Give a folder with other words for the balance."""
    folder = tmp_path / "other"
    for name in ("flows", "prompts"):
        shutil.copytree(ROOT / name, folder / name)
    prompts = folder / "prompts" / "en-US.ftl"
    prompts.write_text(
        prompts.read_text()
        .replace("Enter the last four", "Key the last four")
        .replace("Enter your date of birth", "Key your date of birth")
    )
    return folder


@pytest.fixture
def call_file(tmp_path):
    file = tmp_path / "mine.call"
    file.write_text(CALL.replace("after way/ready.call", f"after {ROOT}/tests/calls/way/ready.call"))
    return file


@pytest.fixture
def recorded(engine, tmp_path, environ, call_file):
    """Record one call on the line's own database."""
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "replay")})
    with LocalHost(engine, LINE, settings, over_http=False) as host:
        result = play_run(CallPlay(load_call(call_file), "en-US", "voice"), host)
    assert result.passed, result.difference


def test_a_recorded_call_is_compared_with_a_folder(ivr, recorded, other):
    same = ivr("replay", "--recorded", "--against", str(ROOT))
    assert (same.status, same.out, same.err) == (
        0,
        f"1 call on this folder and on {ROOT}: none differs\n",
        "",
    )
    differs = ivr("replay", "--recorded", "--against", str(other))
    assert differs.status == 1
    assert "verify/date_of_birth\n  changed wording only, 1 call\n      verify-birth\n" in differs.out
    told = json.loads(ivr("replay", "--recorded", "--against", str(other), "--json").out)
    assert (told["calls"], told["differ"], told["causes"][0]["cause"]) == (1, 1, "verify/date_of_birth")
    none = ivr("replay", "--recorded", "--until", "2020-01-01", "--against", str(other))
    assert (none.status, none.out.startswith("no call to compare")) == (1, True)


def test_a_recorded_call_is_compared_with_the_version_that_was_kept(ivr, recorded):
    same = ivr("replay", "--recorded", "--against", LINE.flow.version[:10])
    assert (same.status, same.err) == (0, "")


def test_calls_that_cannot_be_compared_are_told_and_make_the_answer_no(ivr, recorded, engine):
    with engine.begin() as db:
        db.execute(update(Turn).where(Turn.seq == 2).values(events="{"))
    damaged = ivr("replay", "--recorded", "--against", str(ROOT))
    assert (damaged.status, damaged.out.startswith("no call to compare")) == (1, True)
    assert damaged.err.count("\n") == 1
    assert ", turn 2: what was kept of it is damaged" in damaged.err


def test_a_version_that_is_gone_is_told(ivr, recorded, engine):
    with engine.begin() as db:
        db.execute(update(Call).values(flow_version="ab" * 32))
        db.execute(update(FlowVersion).values(version="cd" * 32))
    gone = ivr("replay", "--recorded", "--against", str(ROOT))
    assert gone.status == 1
    assert (
        "not compared, 1 call: recorded on flow version abababababab, which was never kept here" in gone.out
    )


def test_a_call_file_is_played_and_compared(ivr, environ, call_file, other):
    (call_file.parent / "broken.call").write_text("caller\n")
    files = [str(call_file), str(call_file.parent / "broken.call")]
    ran = ivr("replay", *files, "--against", str(other))
    assert ran.status == 1
    assert "such as " + f"{call_file} en-US voice" in ran.out
    assert "broken.call:1: " in ran.err


def test_what_was_recorded_comes_back_from_another_process(engine, tmp_path, call_file):
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "replay")})
    with LocalHost(engine, LINE, settings, over_http=False, records=True) as host:
        result = play_run(CallPlay(load_call(call_file), "en-US", "voice"), host)
    [named] = named_recipes(pickle.loads(pickle.dumps(result)))
    assert named.name == f"{call_file} en-US voice"
    assert len(named.recipe.turns) == result.turns
    twice = named_recipes(replace(result, recorded=(named.recipe, named.recipe)))
    assert [each.name for each in twice] == [f"{named.name} (call 1)", f"{named.name} (call 2)"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--recorded"], "Give one of --against and --bisect"),
        (["--recorded", "--against", "x", "--bisect", "a", "b"], "Give one of --against and --bisect"),
        (["--against", "x"], "Give either files at PATH or --recorded"),
        (["a.call", "--recorded", "--against", "x"], "Give either files at PATH or --recorded"),
        (["a.call", "--against", "x", "--pace", "relay"], "add --recorded"),
        (["--recorded", "--against", "x", "--jobs", "2"], "--jobs plays files"),
        (["a.call", "--against", "x", "--update"], "--update plays calls"),
        (["a.call", "--against", "x", "--url", "http://x.example"], "--url plays calls"),
    ],
)
def test_what_makes_no_sense_together(ivr, environ, arguments, told):
    ran = ivr("replay", *arguments)
    assert (ran.status, told in ran.err) == (2, True), ran.err


@pytest.mark.parametrize("words", [("--against", "no-such-thing"), ("--bisect", "no-such-thing", "HEAD")])
def test_a_version_there_is_not_is_told_before_any_file_is_played(ivr, call_file, words, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")  # there is none to play on
    ran = ivr("replay", call_file, *words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "no-such-thing" in ran.err or "is not a git checkout" in ran.err


def test_a_version_there_is_not(ivr, recorded):
    ran = ivr("replay", "--recorded", "--against", "no-such-thing")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "no-such-thing" in ran.err or "is not a git checkout" in ran.err


def test_bisect_names_the_revision(tmp_path, other, capsys):
    def git(*arguments):
        identity = (
            "-c",
            "user.name=Tester",
            "-c",
            "user.email=tester@example.org",
            "-c",
            "commit.gpgsign=false",
        )
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    project = tmp_path / "project"
    project.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    for subject, folder in (("Begin", ROOT), ("Key it", other)):
        for name in ("flows", "prompts"):
            shutil.copytree(folder / name, project / name, dirs_exist_ok=True)
        git("add", ".")
        git("commit", "--quiet", "-m", subject)
    calls = CallSet(LINE, lambda: (NamedRecipe(each.call_sid, each) for each in recorded_calls(LINE, 12)))
    assert bisect_calls(calls, "HEAD~1", "main", project, as_json=False) == 1
    assert "at which a call changes: " in capsys.readouterr().out
    assert bisect_calls(calls, "HEAD~1", "main", project, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["about"].endswith("Key it")
    assert bisect_calls(calls, "main", "main", project, as_json=False) == 0
    assert (
        capsys.readouterr().out == "No call changes from main to main (0 revisions of flows and prompts).\n"
    )
