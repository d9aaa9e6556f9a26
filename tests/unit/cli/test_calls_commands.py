"""Finding a recorded call, looking at it, and making a test of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from ivr.actions.line import compile_line, read_line_files
from ivr.base.settings import load_settings
from ivr.cli.local_host import LocalHost
from ivr.jobs.purge import purge_calls
from ivr.replay.callfile import load_call, parse_call
from ivr.replay.recordings import RecipeError, load_recipes
from ivr.replay.runner import Run, play_run
from ivr.storage.tables import Call, FlowVersion, Payment, Turn

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CALLS = ROOT / "tests" / "calls"
LINE = compile_line(read_line_files(ROOT))
DROPPED = "now 2026-12-15T21:05-05:00\nafter way/routing_read_back.call\ncaller hangs up\nend hangup\n"


@pytest.fixture
def play(engine, tmp_path, environ):
    """Play a call file, and return what was recorded of it."""
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "replay")})

    def played(text, language="en-US", pace="voice"):
        file = tmp_path / "a.call"
        file.write_text(text)
        with LocalHost(engine, LINE, settings, over_http=False) as host:
            result = play_run(Run(load_call(file, root=CALLS), language, pace), host)
        assert result.passed, result.difference
        with engine.connect() as db:
            return list(load_recipes(db))

    return played


@pytest.fixture
def on_friday(monkeypatch, environ):
    monkeypatch.setenv("IVR_DEMO", "yes")
    monkeypatch.setenv("IVR_NOW", "2026-12-18T12:00-05:00")


@pytest.mark.usefixtures("on_friday")
def test_a_complaint_becomes_a_test(ivr, play):
    """My call on Tuesday around nine dropped after the routing number."""
    [recipe] = play(DROPPED)
    listed = ivr("calls", "list", "--on", "tuesday", "--around", "9pm", "--last-node", "routing")
    assert listed.out.split() == [
        *("Tue", "2026-12-15", "21:05"),
        *("2:33", "en-US", "voice", "hangup", "bank/routing_read_back", recipe.call_sid),
    ]
    shown = ivr("calls", "show", recipe.call_sid).out
    assert "keyed 9 digits" in shown
    assert "asked   bill_balance health: current (plan health, total 250-500, due_date +8d)" in shown
    exported = ivr("calls", "export", recipe.call_sid)
    assert (exported.status, exported.err) == (0, "")
    assert recipe.call_sid not in exported.out
    call = parse_call(exported.out, "x.call")
    assert [str(step.keys) for step in call.steps if hasattr(step, "keys")][-1] == "021000021"
    again = play(exported.out)
    assert [turn.prompts for turn in again[0].turns] == [turn.prompts for turn in recipe.turns]


FILTERS = [
    ({"--since": "2026-12-15", "--until": "2026-12-15"}, 1),
    ({"--since": "2026-12-15T21:10"}, 0),
    ({"--until": "2026-12-14"}, 0),
    ({"--on": "2026-12-15"}, 1),
    ({"--on": "2026-12-15", "--around": "22:00"}, 0),
    ({"--language": "en-US", "--pace": "voice", "--end": "hangup"}, 1),
    ({"--language": "es-US"}, 0),
    ({"--pace": "relay"}, 0),
    ({"--end": "goodbye"}, 0),
    ({"--end": "open"}, 0),
    ({"--last-node": "bank/"}, 1),
    ({"--last-node": "%"}, 0),
    ({"--confirmation": "999-9999-9999"}, 0),
]


def test_calls_are_found_by_what_is_known_of_them(ivr, play):
    play(DROPPED)
    for options, count in FILTERS:
        ran = ivr("calls", "list", "--json", *(word for option in options.items() for word in option))
        assert (ran.status, len(json.loads(ran.out)["calls"])) == (0, count), options
    assert ivr("calls", "list", "--pace", "relay").out == "no calls\n"


def test_a_call_is_found_by_its_confirmation_number(ivr, play, engine):
    [recipe] = play("now 2026-12-18T10:15-05:00\nafter way/paid.call\n", "es-US", "relay")
    with engine.connect() as db:
        number = db.execute(select(Payment.confirmation_number)).scalar_one()
    spaced = f"{number[:3]} {number[3:7]}-{number[7:]}"
    [found] = json.loads(ivr("calls", "list", "--confirmation", spaced, "--json").out)["calls"]
    assert found["call_sid"] == recipe.call_sid
    assert found["turns"] == len(recipe.turns)
    shown = json.loads(ivr("calls", "show", recipe.call_sid, "--json").out)
    assert (shown["language"], shown["pace"], shown["end"]) == ("es-US", "relay", "hangup")
    assert all(set(turn) >= {"heard", "think_seconds", "milliseconds", "prompts"} for turn in shown["turns"])
    assert 0 < shown["turns"][1]["think_seconds"] < 3
    assert number not in json.dumps(shown)


def test_a_call_that_is_not_there(ivr):
    for command in ("show", "export"):
        ran = ivr("calls", command, "CA" + "0" * 32)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err == f"No call is recorded as CA{'0' * 32}: find it with ivr calls list.\n"


def test_options_that_do_not_go_together(ivr):
    ran = ivr("calls", "list", "--on", "tuesday", "--since", "2026-12-15")
    assert (ran.status, ran.out) == (2, "")
    assert ivr("calls", "list", "--on", "someday").status == 2


def test_a_call_whose_version_of_the_flow_is_gone_is_shown_with_todays(ivr, play, engine):
    [recipe] = play(DROPPED)
    with engine.begin() as db:
        db.execute(delete(FlowVersion))
    assert "keyed 9 digits" in ivr("calls", "show", recipe.call_sid).out
    with engine.begin() as db:
        db.execute(
            FlowVersion.__table__.insert().values(
                version=recipe.flow_version, files={}, first_seen_at=recipe.started_at
            )
        )
    ran = ivr("calls", "show", recipe.call_sid)
    assert "keyed 9 digits" in ran.out
    assert ran.err == "The flow this call ran on is no longer understood: today's is used.\n"


DAMAGED = [
    ("{", "what was kept of it is damaged"),
    ("[]", "it was recorded by another version of the line"),
    ('{"heard":"","path":[]}', "it was recorded by another version of the line"),
    ('{"recipe":2,"heard":""}', "what was kept of it is damaged"),
]


@pytest.mark.parametrize(("events", "problem"), DAMAGED)
def test_a_damaged_recipe_is_told_and_the_rest_loads(ivr, play, engine, events, problem):
    """The file calls twice; the second call's third turn is damaged."""
    one, two = play((CALLS / "redial" / "after_a_drop.call").read_text())
    with engine.begin() as db:
        db.execute(update(Turn).where(Turn.call_sid == two.call_sid, Turn.seq == 3).values(events=events))
    problems = []
    with engine.connect() as db:
        assert list(load_recipes(db, problems=problems)) == [one]
        with pytest.raises(RecipeError):
            list(load_recipes(db))
    assert [each.partition(": ")[0] for each in problems] == [f"call {two.call_sid}, turn 3"]
    assert problem in problems[0]
    ran = ivr("calls", "export", two.call_sid)
    assert (ran.status, ran.err) == (1, f"{problems[0]}\n")


def test_a_call_with_a_turn_missing_is_told(play, engine):
    play(DROPPED)
    problems = []
    with engine.begin() as db:
        db.execute(delete(Turn).where(Turn.seq == 2))
        assert list(load_recipes(db, problems=problems)) == []
        db.execute(delete(Turn))
        assert list(load_recipes(db, problems=problems)) == []
    assert [each.partition(": ")[2] for each in problems] == [
        "a turn of it is missing: leave it out",
        "no turn of it was kept: leave it out",
    ]


def test_the_purge_keeps_the_recipe(play, engine):
    [recipe] = play(DROPPED)
    assert purge_calls(engine, datetime(2027, 1, 1, tzinfo=UTC)) == 1
    with engine.connect() as db:
        assert list(load_recipes(db)) == [recipe]
        assert db.execute(select(Call.state, Call.secrets)).one() == ("{}", None)


def test_an_open_call_can_be_looked_at(ivr, play, engine):
    [recipe] = play(DROPPED)
    with engine.begin() as db:
        db.execute(update(Call).values(status="open", end=None, ended_at=None))
    assert "its end was not reported" in ivr("calls", "show", recipe.call_sid).out
    assert "\nend " not in ivr("calls", "export", recipe.call_sid).out
    assert len(json.loads(ivr("calls", "list", "--end", "open", "--json").out)["calls"]) == 1


def test_an_answer_that_nobody_can_make_up_is_refused(ivr, play, engine):
    [recipe] = play(DROPPED)
    with engine.begin() as db:
        turn = db.execute(select(Turn.events).where(Turn.seq == 5)).scalar_one()
        db.execute(update(Turn).where(Turn.seq == 5).values(events=turn.replace("choose_bill", "guess_bill")))
    ran = ivr("calls", "export", recipe.call_sid)
    assert (ran.status, ran.out) == (1, "")
    assert (
        "turn 5: nobody wrote how to make up the answer health_and_dental of guess_bill: do so in" in ran.err
    )


def test_what_nobody_can_make_up_is_refused(ivr, play, engine):
    [recipe] = play(DROPPED)
    with engine.begin() as db:
        turn = db.execute(select(Turn.events).where(Turn.seq == 5)).scalar_one()
        masked = turn.replace('"due_date":"+8d"', '"new_slot":"?"', 1)
        db.execute(update(Turn).where(Turn.seq == 5).values(events=masked))
    ran = ivr("calls", "export", recipe.call_sid)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"call {recipe.call_sid}, turn 5: there is no mask for new_slot: write one in ivr/actions/masks.py\n"
    )
