"""A call kept as a file is played years later, elsewhere, by a line set otherwise: it still goes the same way.

Each was recorded at an odd hour, or on a line with settings of its own; the file is played with the usual ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.base.settings import load_replay_settings, load_settings
from ivr.callfile.grammar import parse_call
from ivr.callfile.suite import CallPlay, play_run
from ivr.calls.histories import load_recipes
from ivr.payments.cutoffs import cutoff_rule
from ivr.replay.against import Comparison, NamedRecipe
from ivr.replay.export import call_text
from ivr.sandbox.host import LocalHost
from ivr.topics.line import compile_line, read_line_files

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parent.parent
LINE = compile_line(read_line_files(ROOT))
VERIFIED = "caller 1\ncaller {health_account}#\ncaller {ssn_last4}\ncaller {date_of_birth}\n"
CHOSEN = "caller 1\n"
ONE_DOLLAR_LESS = "caller 2\ncaller 1200#\ncaller 1\ncaller 1\n"
PAID = 'caller 1\ncaller 021000021\ncaller 1\ncaller 4815162#\ncaller 4815162#\ncaller says "yes"\n'
PAY = f"{VERIFIED}{CHOSEN}{PAID}"
LEAVE = f"{VERIFIED}caller hangs up\n"
KEY = "caller {language_key}\n"

# When, and what is owed by when; headers; what the caller does; how the line was set.
CALLS = {
    "the bank's day ends earlier": ("2026-12-22T12:00-05:00", "2026-12-23", "on_time settled", KEY + PAY, {"IVR_CUTOFF": "11:00"}),
    "the bank is closed": ("2026-12-22T12:00-05:00", "2026-12-23", "on_time settled", KEY + PAY, {"IVR_CLOSINGS": "2026-12-23"}),
    "the bank is elsewhere": ("2026-12-24T00:30-05:00", "2026-12-23", "on_time authorized", KEY + PAY, {"IVR_TIMEZONE": "America/Los_Angeles"}),
    "paid yesterday here and today there": ("2026-12-18T02:00-05:00", "2026-12-23", "paid health 12.00 at 2026-12-17T23:30-05:00", KEY + VERIFIED + ONE_DOLLAR_LESS, {"IVR_TIMEZONE": "America/Los_Angeles"}),
    "seconds before the cutoff": ("2026-12-22T16:59:30-05:00", "2026-12-23", "on_time settled", KEY + PAY, {}),
    "seconds before the due date is over": ("2026-12-23T23:59:40-05:00", "2026-12-23", "on_time authorized", KEY + PAY, {}),
    "seconds before the year is over": ("2026-12-31T23:59:50-05:00", "2026-12-31", "", KEY + PAY, {}),
    "long past due": ("2027-02-10T12:00-05:00", "2026-12-23", "", KEY + PAY, {}),
    "a day of 25 hours": ("2026-11-01T12:00-05:00", "2026-11-23", "paid health 12.00 at 2026-10-31T13:20-04:00", KEY + LEAVE, {}),
    "a day of 23 hours": ("2026-03-08T12:00-04:00", "2026-03-23", "paid health 12.00 at 2026-03-07T11:20-05:00", KEY + LEAVE, {}),
    "the same amount, before the clock went back": ("2026-11-01T05:00-05:00", "2026-11-23", "paid health 12.00 at 2026-11-01T00:20-04:00", KEY + VERIFIED + ONE_DOLLAR_LESS, {}),
    "in the hour that is skipped": ("2026-03-08T01:58-05:00", "2026-03-08", "", KEY + PAY, {}),
    "in the hour that comes twice": ("2026-11-01T01:58-04:00", "2026-11-01", "", KEY + PAY, {}),
    "people answer at night": ("2026-12-20T03:00-05:00", "2026-12-23", "", KEY + "caller 0\n", {"IVR_SUPPORT_HOURS": "Mon-Sun 00:00-24:00"}),
    "nobody answers by day": ("2026-12-18T10:00-05:00", "2026-12-23", "", KEY + "caller 0\n", {"IVR_SUPPORT_HOURS": "Sat 01:00-02:00"}),
    "the people go home": ("2026-12-18T17:59:40-05:00", "2026-12-23", "", KEY + "caller 0\n", {}),
    "nine digits and a pause, twice": ("2026-12-18T12:00-05:00", "2026-12-23", "", KEY + "caller 1\ncaller {health_account}\n" + LEAVE.replace("caller 1\n", "").replace("#", ""), {}),
    "it speaks one language": ("2026-12-18T12:00-05:00", "2026-12-23", "", PAY, {"IVR_LANGUAGES": "en-US"}),
    "it speaks another": ("2026-12-18T12:00-05:00", "2026-12-23", "", PAY, {"IVR_LANGUAGES": "es-US"}),
}  # fmt: skip


def way(recipe):
    return [
        (
            turn.heard,
            turn.events,
            turn.node,
            turn.prompts,
            [(each.action, each.outcome) for each in turn.asked],
        )
        for turn in recipe.turns
    ]


def recorded(engine, line, settings, call, language):
    """Play a call and return what the line kept of it."""
    with LocalHost(engine, line, settings, over_http=False) as host:
        played = play_run(CallPlay(call, language, "voice"), host)
    with engine.connect() as db:
        [recipe] = load_recipes(db)
    return played, recipe


@pytest.mark.parametrize("name", CALLS)
def test_a_kept_recording_goes_the_same_way_elsewhere(name, engine, tmp_path):
    now, due, header, actions, environ = CALLS[name]
    settings = load_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path), **environ})
    line = compile_line(read_line_files(ROOT, settings.ivr_languages))
    text = f"now {now}\nmember made_up\nbill health 310.15 due {due}\n{header}\n{actions}"
    _, recipe = recorded(engine, line, settings, parse_call(text, "odd.call"), line.flow.languages[0])
    comparison = Comparison(line, line, lambda _version: line, settings.ivr_timezone)
    comparison.add(NamedRecipe(name, recipe))
    assert (comparison.differing, comparison.problems) == ([], {})

    bank = cutoff_rule(settings)
    kept = call_text(recipe, line, bank)
    call = parse_call(kept, "kept.call")
    [(language, _)] = call.runs(LINE.flow.languages)
    played, copy = recorded(engine, LINE, load_replay_settings({}), call, language)
    assert played.difference is None, f"{played.difference}\n{kept}"
    assert way(copy) == way(recipe), kept
    assert copy.end == recipe.end
