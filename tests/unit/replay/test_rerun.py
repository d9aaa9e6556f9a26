"""A recorded call runs again without its caller, its digits and its database, and comes out the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from support.recorder import recorded_calls

from ivr.calls.history import Asked
from ivr.calls.notation import read_heard, read_turn, write_event, write_heard, write_turn
from ivr.dialog.engine import Keys, Silence, Speech, initial_state, step
from ivr.dialog.events import TOO_LONG, BranchTaken, DigitsKeyed, LineFailed, NoInput
from ivr.languages.language import PACES
from ivr.replay.rerun import CallRerunner, Script, disagreement
from ivr.replay.synthetic import (
    SyntheticValues,
    UnknownShapeError,
    input_for,
    money_bounds,
)
from ivr.topics.line import compile_line, read_line_files
from ivr.topics.masks import BUCKET_DOLLARS, Since, money_shape

pytestmark = pytest.mark.xdist_group("rerun")  # calls are recorded once for all

ROOT = Path(__file__).resolve().parents[3]
LINE = compile_line(read_line_files(ROOT))


@cache
def calls():
    return recorded_calls(LINE, 300)


RUNNER = CallRerunner(LINE)


def run(recipe):
    return RUNNER.run(Script.of(recipe, LINE.flow))


def state_at(path, **slots):
    state = initial_state(LINE.flow, {"call_date": "2026-12-18", "support_phone": "", "support_hours": ""})
    state.node = path
    state.slots |= slots
    return state


def test_a_recorded_call_comes_out_as_it_was_recorded():
    assert [(each.call_sid, told) for each in calls() if (told := disagreement(each, run(each)))] == []


def test_the_recorded_calls_are_worth_running():
    """They pay, change language and pace, fail entries, pass gates, reach people and hang up."""
    heard = {write_heard(turn.heard) for recipe in calls() for turn in recipe.turns}
    path = {write_event(event) for recipe in calls() for turn in recipe.turns for event in turn.events}
    assert {"silence", "discarded", "stray", "speech:yes", "speech:unasked", "transfer:failed"} <= heard
    assert {"authorize/authorize ? authorized", "bank/compare ? different", "verify/check ? rejected"} <= path
    assert {recipe.end for recipe in calls()} == {"goodbye", "agent", "hangup"}
    assert {recipe.pace for recipe in calls()} == {*PACES}
    assert any(turn.gate for recipe in calls()[:50] for turn in run(recipe).turns)


def kept(recipe, later):
    """The call as it is read from the database, `later` than it was."""

    def read(turn):
        what = {name: getattr(turn, name) for name in ("heard", "events", "asked", "values", "milliseconds")}
        return replace(turn, at=turn.at + later, asked=read_turn(write_turn(**what)).asked)

    turns = tuple(map(read, recipe.turns))
    return replace(recipe, started_at=recipe.started_at + later, turns=turns)


def test_a_call_that_begins_as_others_did_comes_out_as_it_does_alone():
    """At another minute, hour and day: what was told then of a time is told anew."""
    together = CallRerunner(LINE)
    for recipe in calls()[:25]:
        for later in (timedelta(), timedelta(minutes=9), timedelta(hours=1), timedelta(days=1)):
            script = Script.of(kept(recipe, later), LINE.flow)
            known, alone = together.run(script), CallRerunner(LINE).run(script)
            assert known == alone
            for all_of_it, needed in zip(known.trace.looked_up, alone.trace.looked_up, strict=True):
                assert {*all_of_it} >= {*needed}


def test_an_answer_that_is_recorded_later_is_the_calls_own():
    """The same beginning, to the last thing recorded in it, and yet another call."""
    actions = LINE.flow.vocabulary.actions
    recipe, (asked,) = next(
        (each, turn.asked)
        for each in calls()
        for turn in each.turns
        if len(turn.asked) == 1 and len(actions[turn.asked[0].action].outcomes) > 1
    )
    *before, last = (replace(turn, asked=()) if asked in turn.asked else turn for turn in recipe.turns)
    together, ways = CallRerunner(LINE), set()
    for outcome in actions[asked.action].outcomes:
        answered = replace(last, asked=(replace(asked, outcome=outcome, slots={}),))
        script = Script.of(replace(recipe, turns=(*before, answered)), LINE.flow)
        known = together.run(script)
        assert known == CallRerunner(LINE).run(script)
        ways.add(tuple(known.events))
    assert len(ways) > 1


def test_time_runs_as_it_did():
    recipe = max(calls(), key=lambda each: len(each.turns))
    turns = run(recipe).turns
    gaps = [
        (later.at - turn.at).total_seconds()
        for turn, later in zip(recipe.turns, recipe.turns[1:], strict=False)
    ]
    assert [turn.seconds for turn in turns[: len(gaps)]] == pytest.approx(gaps)


def test_a_call_that_took_too_long_takes_too_long_again():
    recipe = next(each for each in calls() if any(turn.node.startswith("verify/") for turn in each.turns))
    first, *rest = recipe.turns
    late = replace(recipe, turns=(first, *(replace(turn, at=turn.at + timedelta(hours=2)) for turn in rest)))
    assert any(event.label == TOO_LONG for event in run(late).events if isinstance(event, BranchTaken))
    assert not any(event.label == TOO_LONG for event in run(recipe).events if isinstance(event, BranchTaken))


@pytest.mark.parametrize(
    ("path", "heard"),
    [
        ("verify/member_id", "digits:12"),
        ("verify/member_id", "digits:9#"),
        ("verify/member_id", "digits:9:without-pound"),
        ("verify/member_id", "digits:5#:member-id"),
        ("verify/ssn_last4", "digits:4"),
        ("verify/ssn_last4", "digits:2#:length"),
        ("verify/date_of_birth", "digits:8"),
        ("verify/date_of_birth", "digits:8:date"),
        ("verify/date_of_birth", "digits:3#:length"),
        ("amount/other", "digits:1#"),
        ("amount/other", "digits:5#"),
        ("amount/other", "digits:9#:amount"),
        ("bank/routing_number", "digits:9"),
        ("bank/routing_number", "digits:9:check-digit"),
        ("bank/routing_number", "digits:9:prefix"),
        ("bank/routing_number", "digits:9:deposit-slip"),
        ("bank/routing_number", "digits:9:billing-account"),
        ("bank/routing_number", "digits:4#:length"),
        ("bank/account_number", "digits:17#"),
        ("bank/account_number", "digits:4#"),
        ("bank/account_number", "digits:16#:card"),
        ("bank/account_number", "digits:13#:card"),
        ("bank/account_number", "digits:9#:account-is-routing"),
        ("bank/account_number", "digits:9#:account-is-billing-account"),
        ("bank/account_number", "digits:20#:account-length"),
        ("bank/account_again", "digits:10#"),
        ("bank/account_again", "digits:3#:account-length"),
        ("authorize/code", "digits:6#"),
        ("authorize/code", "digits:13#:code"),
        ("authorize/ask", "key:other:key-pressed"),
        ("authorize/ask", "speech:yes"),
        ("authorize/ask", "speech:no"),
        ("authorize/ask", "speech:not-yes-or-no"),
        ("main/main_menu", "key:2"),
        ("main/main_menu", "key:other:not-a-choice"),
        ("main/main_menu", "silence"),
        ("main/main_menu", "stray"),
        ("main/main_menu", "discarded"),
        ("main/main_menu", "speech:unasked"),
        ("main/main_menu", "key:9"),
    ],
)
@pytest.mark.parametrize(("language", "pace"), [("en-US", "voice"), ("es-US", "relay")])
def test_an_input_made_up_is_heard_as_it_was(path, heard, language, pace):
    """The engine, with the fields' own judges, gives it the same name."""
    state = state_at(path, **dict.fromkeys(LINE.flow.vocabulary.slots, "0"))
    state.slots |= {
        "total": 12_345,
        "keyed_amount": 1,
        "amount": 12_345,
        "routing_number": "021000021",
        "health_account": "740000222",
        "dental_account": "",
        "plan": "health",
        "call_date": "2026-12-18",
    }
    state.secrets = {"account_number": "4815162342"}
    state.language, state.pace, state.frames = language, pace, ["main/authorize"]
    recorded = read_heard(heard)
    assert step(LINE.flow, state, input_for(LINE.flow, state, recorded)).heard == recorded


def test_the_second_entry_follows_what_came_of_it():
    state = state_at("bank/account_again")
    state.secrets = {"account_number": "4815162342"}
    same = [Asked("compare_account", {}, "same", {})]
    different = [Asked("compare_account", {}, "different", {})]
    assert input_for(LINE.flow, state, DigitsKeyed(10, finished=True), same).digits == "4815162342"
    assert input_for(LINE.flow, state, DigitsKeyed(10, finished=True), different).digits != "4815162342"


@pytest.mark.parametrize(
    ("outcome", "slots", "fits"),
    [
        ("ok", {"amount": "50-100"}, lambda cents: 5_000 <= cents < 10_000),
        ("above_balance", {}, lambda cents: cents > 10_050),
        ("below_minimum", {}, lambda cents: 0 < cents < 100),
    ],
)
def test_an_amount_follows_what_came_of_it(outcome, slots, fits):
    state = state_at("amount/other", total=10_050)
    asked = [Asked("check_amount", {}, outcome, slots)]
    length = 2 if outcome == "below_minimum" else 5 if outcome == "above_balance" else 4
    digits = input_for(LINE.flow, state, DigitsKeyed(length, finished=True), asked).digits
    assert len(digits) == length
    assert fits(int(digits))


@pytest.mark.parametrize("low", BUCKET_DOLLARS)
@pytest.mark.parametrize("plan", ["health", "dental"])
def test_made_up_amounts_lie_in_their_buckets(low, plan):
    values = SyntheticValues(LINE.flow.vocabulary, calls()[0].started_at)
    since = Since(calls()[0].started_at.date(), calls()[0].started_at)
    shape = money_shape(low * 100, since)
    filled = values.fill(
        "select_bill",
        {},
        "one_amount",
        {"total": shape, "billing_account": "given"},
        state_at("amount/select", plan=plan),
    )
    assert money_shape(filled["total"], since) == shape
    assert money_bounds(shape)[0] <= filled["total"] < money_bounds(shape)[1]


@pytest.mark.parametrize(
    ("total", "past_due", "current"),
    [
        (30_017, 12_000, 18_017),
        (9_999, 5_000, 4_999),
        (250_000, 1, 249_999),
        (200, 100, 100),
        (49_999, 24_999, 25_000),
    ],
)
def test_made_up_bills_add_up(total, past_due, current):
    since = Since(calls()[0].started_at.date(), calls()[0].started_at)
    values = SyntheticValues(LINE.flow.vocabulary, calls()[0].started_at)
    told = {"total": total, "past_due": past_due, "current": current}
    shapes = {slot: money_shape(cents, since) for slot, cents in told.items()}
    state = state_at("bill/stands", plan="health")
    filled = values.fill("bill_balance", {"plan": "health"}, "past_due_and_current", shapes, state)
    assert filled["total"] == filled["past_due"] + filled["current"]
    assert {slot: money_shape(filled[slot], since) for slot in told} == shapes
    again = values.fill("select_bill", {}, "two_amounts", {**shapes, "billing_account": "given"}, state)
    assert (again["total"], again["past_due"]) == (filled["total"], filled["past_due"])


def test_values_are_the_same_every_time():
    once, again = (run(calls()[7]) for _ in range(2))
    assert once == again
    assert [type(turn.caller) for turn in once.turns if turn.heard == NoInput()] in ([], [Silence])
    assert {Keys, Speech} & {type(turn.caller) for turn in once.turns}


def test_a_call_that_broke_runs_up_to_there():
    recipe = next(each for each in calls() if len(each.turns) > 6 and each.end == "goodbye")
    broken = replace(recipe.turns[5], heard=LineFailed(), node="trouble", events=(), asked=(), prompts=())
    cut = replace(recipe, end="fallback", turns=(*recipe.turns[:5], broken))
    again = run(cut)
    assert (len(again.turns), again.end, disagreement(cut, again)) == (5, "hangup", "")
    at_once = replace(recipe, end="fallback", turns=(replace(broken, seq=0),))
    assert (run(at_once).turns, disagreement(at_once, run(at_once))) == ((), "")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"heard": NoInput()}, "turn 3"),
        ({"node": "main/finish_menu"}, "turn 3"),
        ({"events": (BranchTaken("main/main_menu", "9"),)}, "the way"),
        ({"prompts": ("welcome",)}, "what is said"),
    ],
)
def test_a_recording_that_is_not_true_is_noticed(change, told):
    recipe = next(each for each in calls() if len(each.turns) > 6 and each.turns[3].events)
    turns = list(recipe.turns)
    turns[3] = replace(turns[3], **change)
    assert told in disagreement(recipe, run(replace(recipe, turns=tuple(turns)))) + disagreement(
        replace(recipe, turns=tuple(turns)), run(recipe)
    )


def test_a_recording_of_another_flow_is_refused():
    recipe = replace(
        calls()[0],
        turns=(calls()[0].turns[0], replace(calls()[0].turns[1], node="main/nowhere"), calls()[0].turns[2]),
    )
    with pytest.raises(UnknownShapeError, match="no node main/nowhere"):
        Script.of(recipe, LINE.flow)
