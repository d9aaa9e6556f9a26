"""A call, recorded, written as a call file with made-up values, and played: it goes the same way."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest
from sqlalchemy import select
from support.written import CALLS, LINE, RUNS

from ivr.base.settings import load_replay_settings
from ivr.callfile.grammar import load_call, parse_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.calls.histories import load_recipes
from ivr.replay.export import call_text
from ivr.sandbox.host import LocalHost
from ivr.storage.tables import Member, Payment

pytestmark = pytest.mark.whole

# What an export refuses to make up: a list of a year's payments, a day, a call that dropped before, a bill of someone else, and what is
# pressed while the line is silent.
REFUSED = (
    "payments_made",
    "day",
    "dropped",
    "guest",
    "hangup_before_yes",
    "status_overtakes_yes",
)
WRITTEN = [run for run in RUNS if {*Path(run.call.name).with_suffix("").parts[-2:]}.isdisjoint(REFUSED)]
SAMPLED = random.Random(20261218).sample(WRITTEN, 15)


def name_of(run):
    return f"{Path(run.call.name).relative_to(CALLS)}-{run.language}-{run.pace}"


@pytest.fixture
def host(engine, tmp_path_factory):
    settings = load_replay_settings({"IVR_VAR": str(tmp_path_factory.mktemp("var"))})
    with LocalHost(engine, LINE, settings, over_http=False) as host:
        yield host


def recorded(engine):
    with engine.connect() as db:
        return list(load_recipes(db))


def way(recipe):
    """Return what a recipe says of the way a call went; moments and banking days hang on the exact minute."""
    return [
        (
            turn.heard,
            turn.events,
            turn.node,
            turn.prompts,
            [
                (asked.action, dict(asked.args), asked.outcome, without_moments(asked.slots), asked.given)
                for asked in turn.asked
            ],
        )
        for turn in recipe.turns
    ]


def without_moments(shapes):
    return {slot: shape for slot, shape in shapes.items() if not shape.endswith("h")}


NOW = "now 2026-12-18T10:15-05:00\n"
MADE_UP = f"{NOW}member made_up\nbill health 210.00 due 2026-11-23\nbill health 310.15 due 2026-12-23\n"
VERIFIED = """
caller {language_key}
caller 1
caller {health_account}#
caller {ssn_last4}
caller {date_of_birth}
"""
TO_THE_TERMS = """
caller 1
caller 021000021
caller 1
caller 4815162#
caller 4815162#
"""
ODD = {
    "nobody answers, then somebody does": "after way/both_menu.call\nfault transfer_busy\ncaller 0\n"
    "fault transfer_answered\ncaller 0\nend agent\n",
    "leaves while the person's phone rings": "after way/both_menu.call\nfault hangup_after_turn\ncaller 0\nend hangup\n",
    "nobody answers, then a turn fails and somebody does": "after way/both_menu.call\nfault transfer_busy\ncaller 0\n"
    "fault transfer_answered\nfault lost_response\ncaller 1\nend agent\n",
    "the time runs out on the way of a key": f"{NOW}caller {{language_key}}\nfault hour_passes\ncaller 2\n"
    "line time-up, person-connecting\nend agent\n",
    "the time runs out on the way of a word": "after way/authorization.call\nfault hour_passes\n"
    'caller says "no idea"\nline time-up, person-connecting\nend agent\n',
    "the time runs out while a phone rings": f"{NOW}caller {{language_key}}\nfault transfer_busy\ncaller 0\n"
    "line person-connecting\nfault hour_passes\nline time-up, person-connecting\nline person-closed, goodbye\n"
    "end goodbye\n",
    "two payments within an hour": f"{MADE_UP}paid health 20.00 at 2026-12-18T09:40-05:00\n"
    f"paid health 60.00 at 2026-12-18T09:50-05:00\n{VERIFIED}caller hangs up\nend hangup\n",
    "the first turn fails": f"{NOW}fault slow\nstart\nend agent\n",
    "no telephone": f"{NOW}from client:kiosk\ncaller {{language_key}}\n",
    "paid this morning, what is left now": f"{MADE_UP}paid health 210.00 at 2026-12-18T09:00-05:00\n"
    f'{VERIFIED}caller 1\n{TO_THE_TERMS}caller says "yes"\n'
    "did payment amount=310.15 plan=health\n",
    "the same amount as this morning": f"{MADE_UP}paid health 20.00 at 2026-12-18T08:00-05:00\nnotices email\n"
    f"{VERIFIED}caller 3\ncaller 2000#\ncaller 1\ncaller 1\n{TO_THE_TERMS}caller hangs up\nend hangup\n",
    "extra time, nobody to reach, a code": f"{MADE_UP}extra_time\nsupport closed\nconsent bill_code\n"
    f"{VERIFIED}caller 0\ncaller 1\ncaller hangs up\nend hangup\n",
    "0 again, before the person's phone rings": "after way/both_menu.call\ncaller 000\nend agent\n",
    "0 in a number, and more of it": "after way/routing_number.call\ncaller 0#21000021\n",
    "a number at a gate, from its 0 on": "pace relay\nafter way/account_again.call\ncaller 0012345678#\n"
    "line authorization-terms, gate-go-on\ncaller 021000021\n"
    "line person-connecting\nline authorization-terms, gate-go-on\ncaller 1\n",
    "what is past due": f'{MADE_UP}{VERIFIED}caller waits 5\ncaller 2\n{TO_THE_TERMS}caller says "yes"\n'
    "did payment amount=210.00 plan=health\n",
}


@pytest.mark.parametrize("name", ODD)
def test_the_export_of_an_odd_call_goes_the_same_way(name, host, engine, tmp_path):
    file = tmp_path / "odd.call"
    file.write_text(ODD[name])
    pace = "relay" if ODD[name].startswith("pace relay") else "voice"
    goes_the_same_way(CallPlay(load_call(file, root=CALLS), "en-US", pace), host, engine)


def test_a_call_that_is_not_over_stops_where_it_stands(host, engine, tmp_path):
    file = tmp_path / "odd.call"
    file.write_text(ODD["leaves while the person's phone rings"])
    assert play_run(CallPlay(load_call(file, root=CALLS), "en-US", "voice"), host).passed
    [recipe] = recorded(engine)
    text = call_text(dataclasses.replace(recipe, end=None), LINE)
    assert play_run(CallPlay(parse_call(text, "exported.call"), "en-US", "voice"), host).difference is None
    [copy] = recorded(engine)
    assert way(copy) == way(recipe), text


@pytest.mark.parametrize("run", SAMPLED, ids=name_of)
def test_the_export_of_a_call_goes_the_same_way(run, host, engine):
    goes_the_same_way(run, host, engine)


def goes_the_same_way(run, host, engine):
    result = play_run(run, host)
    assert result.passed, result.difference
    with engine.connect() as db:
        facts = set(db.scalars(select(Member.member_id)).all()) | set(db.scalars(select(Member.email)).all())
        numbers = set(db.scalars(select(Payment.confirmation_number)).all())
    for recipe in recorded(engine):
        text = call_text(recipe, LINE)
        assert not [fact for fact in facts | numbers if fact and fact in text]
        assert recipe.call_sid not in text
        call = parse_call(text, "exported.call")
        [(language, pace)] = call.runs(LINE.flow.languages)
        again = play_run(CallPlay(call, language, pace), host)
        assert again.difference is None, f"{again.difference}\n{text}"
        [copy] = recorded(engine)
        assert way(copy) == way(recipe), text
        assert (copy.language, copy.pace, copy.caller_kind) == (
            recipe.language,
            recipe.pace,
            recipe.caller_kind,
        )
        assert copy.end == (recipe.end or "hangup")
