"""Finding a recorded call, looking at it, and making a test of it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from ivr.base.settings import load_settings
from ivr.callfile.grammar import load_call, parse_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.calls.histories import RecipeError, load_recipes
from ivr.jobs.purge import purge_calls
from ivr.replay.export import CannotMaskError, call_text
from ivr.sandbox.host import LocalHost
from ivr.storage.tables import Call, FlowVersion, Payment, Turn
from ivr.topics.line import compile_line, read_line_files

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
            result = play_run(CallPlay(load_call(file, root=CALLS), language, pace), host)
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
        *("Tue", "2026-12-15", "21:05", "EST"),
        *("2:28", "en-US", "voice", "hangup", "bank/routing_read_back", recipe.call_sid),
    ]
    shown = ivr("calls", "show", recipe.call_sid).out
    assert "keyed 9 digits" in shown
    assert "asked   bill_balance health: current (plan health, total 250-500, due_date +8d" in shown, shown
    exported = ivr("calls", "export", recipe.call_sid)
    assert (exported.status, exported.err) == (0, "")
    assert recipe.call_sid not in exported.out
    call = parse_call(exported.out, "x.call")
    assert [str(step.keys) for step in call.steps if hasattr(step, "keys")][-1] == "021000021"
    again = play(exported.out)
    assert [turn.prompts for turn in again[0].turns] == [turn.prompts for turn in recipe.turns]


TO_DATE = (
    "line welcome, language-option\ncaller {language_key}\nline main-menu\ncaller 1\nline verify-member-id\n"
    "caller {member_id}\nline verify-ssn\ncaller {ssn_last4}\nline verify-birth\ncaller {date_of_birth}\n"
)
MADE_UP = "now 2026-12-18T10:15-05:00\nmember made_up\nbill health 300.00 due 2026-12-23\n"
FROM_READY = (
    "caller 1\nline bank-routing-ask\ncaller 021000021\n"
    "line bank-routing-read-back\ncaller 1\nline bank-account-ask\ncaller 40815739#\n"
    "line bank-account-again\ncaller 40815739#\nline authorization-terms, authorization-ask\n"
)
NOT_TWICE_THE_SAME = (  # both amounts lie in one bucket
    f"{MADE_UP}paid health 149.00 at 2026-12-18T09:15-05:00\n{TO_DATE}"
    "line recent-payment, balance-current, balance-as-of, amount-one\ncaller 1\n"
    "line bank-ready\ncaller hangs up\nend hangup\n"
)
ALL_OF_IT_KEYED = (
    f"{MADE_UP}{TO_DATE}line balance-current, balance-as-of, amount-one\n"
    "caller 2\nline amount-other\ncaller 30000#\nline amount-read-back\ncaller 1\n"
    f'line bank-ready\n{FROM_READY}caller says "yes"\nline confirmation, finish-menu\n'
    "did payment amount=300.00\ncaller hangs up\nend hangup\n"
)
NO_BILL = (
    "now 2026-12-18T10:15-05:00\nmember demo.no_bill\nline welcome, language-option\ncaller {language_key}\n"
    "line main-menu\ncaller 1\nline verify-member-id\ncaller 759000157#\nline verify-ssn\n"
    "caller {ssn_last4}\nline verify-birth\ncaller {date_of_birth}\nline verify-rejected, verify-member-id.again\n"
    "caller {member_id}\nline verify-ssn\ncaller {ssn_last4}\nline verify-birth\ncaller {date_of_birth}\n"
)
EXPORTED = [
    NOT_TWICE_THE_SAME,
    ALL_OF_IT_KEYED,
    *(file.read_text() for file in sorted((CALLS / "returned").glob("*.call"))),
    *(file.read_text() for file in sorted((CALLS / "held").glob("*.call"))),
    (CALLS / "limit" / "seventh.call").read_text(),
    "after limit/at_the_yes.call\n",
    *(file.read_text() for file in sorted((CALLS / "authorize").glob("in_time*.call"))),
]


@pytest.mark.parametrize("text", EXPORTED, ids=range(len(EXPORTED)))
def test_an_export_goes_the_same_way(play, text):
    [recipe] = play(text)
    [again] = play(call_text(recipe, LINE))
    assert [turn.prompts for turn in again.turns] == [turn.prompts for turn in recipe.turns]
    assert outcomes(again) == outcomes(recipe)


def outcomes(recipe):
    """Return what the domain was asked, and its answers."""
    return [(each.action, each.outcome) for turn in recipe.turns for each in turn.asked]


def test_who_has_no_bill_keys_no_account_of_theirs(play, engine):
    """A number of nine digits was keyed, and nobody's account has it."""
    [recipe] = play(f"{NO_BILL}line balance-nothing, finish-menu\ncaller hangs up\nend hangup\n")
    text = call_text(recipe, LINE)
    assert "caller  777777777#\n" in text
    [again] = play(text)
    assert outcomes(again) == outcomes(recipe)


def test_an_account_closed_for_a_reason_nobody_told_is_refused(play):
    [recipe] = play("after returned/closed_account_said.call\n")
    turns = tuple(
        dataclasses.replace(
            turn, asked=tuple(each for each in turn.asked if each.action != "next_returned_payment")
        )
        for turn in recipe.turns
    )
    with pytest.raises(CannotMaskError, match="for a payment that was not told in the call: leave it out"):
        call_text(dataclasses.replace(recipe, turns=turns), LINE)


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
    none = ivr("calls", "list", "--pace", "relay")
    assert (none.status, none.out) == (0, "")
    assert none.err.startswith("no calls in the database ")


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
        assert ran.err.startswith(f"No call is recorded as CA{'0' * 32}: find it with ivr calls list. Asked")


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


WHOLE = '{"recipe":2,"heard":%s,"path":%s,"asked":%s,"milliseconds":%s,"values":[]}'
ASKED = '[{"action":"set_amount","args":{},"outcome":"ok","slots":null,"given":{}}]'
DAMAGED = [
    ("{", "what was kept of it is damaged"),
    ("[]", "it was recorded by another version of the line"),
    ('{"heard":"","path":[]}', "it was recorded by another version of the line"),
    ('{"recipe":2,"heard":""}', "what was kept of it is damaged"),
    ("[" * 100_000, "what was kept of it is damaged"),
    (WHOLE % ("5", "[]", "[]", "1"), "what was kept of it is damaged"),
    (WHOLE % ('""', "[5]", "[]", "1"), "what was kept of it is damaged"),
    (WHOLE % ('"keys 1"', "[]", "[]", "1"), "what was kept of it is damaged"),
    (WHOLE % ('""', '["main/main_menu"]', "[]", "1"), "what was kept of it is damaged"),
    (WHOLE % ('""', "[]", "[]", "1e999"), "what was kept of it is damaged"),
    (WHOLE % ('""', "[]", ASKED, "1"), "what was kept of it is damaged"),
]


def test_a_damaged_recipe_is_told_and_the_rest_loads(ivr, play, engine):
    """The file calls twice; the second call's third turn is damaged, each time in another way."""
    one, two = play((CALLS / "redial" / "after_a_drop.call").read_text())
    for events, problem in DAMAGED:
        with engine.begin() as db:
            db.execute(update(Turn).where(Turn.call_sid == two.call_sid, Turn.seq == 3).values(events=events))
        problems = []
        with engine.connect() as db:
            assert list(load_recipes(db, problems=problems)) == [one], events
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
        f"call {recipe.call_sid}, turn 5: there is no mask for new_slot: write its slot in ivr/topics\n"
    )
