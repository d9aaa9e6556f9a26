"""Recorded calls, played again by the whole line and run again by the engine alone: both go the same way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.written import LINE, RUNS

from ivr.base.settings import load_replay_settings
from ivr.callfile.player import PlayOptions
from ivr.callfile.suite import list_runs, play_run
from ivr.cli.against import named_recipes
from ivr.replay.against import Comparison, compare_all
from ivr.replay.export import CannotMaskError, call_text
from ivr.replay.rerun import CallRerunner, Script, disagreement
from ivr.sandbox.host import LocalHost
from ivr.topics.line import compile_line
from ivr.topics.masks import Since, money_shape

pytestmark = [pytest.mark.long, pytest.mark.whole]

ONCE = PlayOptions(post_twice=False)
COUNT = 12


def sample(count, seed=1):
    """Choose written runs of one call each that can be exported, the same for the same seed."""
    left_out = {"fault", "redial", "day", "guest"}  # a guest's name and number cannot be masked
    chosen = [run for run in RUNS if Path(run.call.name).parent.name not in left_out]
    random.Random(seed).shuffle(chosen)
    return chosen[:count]


@pytest.fixture
def settings(tmp_path_factory):
    return load_replay_settings({"IVR_VAR": str(tmp_path_factory.mktemp("var"))})


def record(runs, engine, settings, *, over_http):
    """Play runs on the whole line, and return what it recorded of each."""
    with LocalHost(engine, LINE, settings, over_http=over_http, records=True) as host:
        recorded = []
        for run in runs:
            result = play_run(run, host, ONCE)
            assert result.passed, f"{run}: {result.difference}"
            recorded += named_recipes(result)
        return recorded


def exported(recipes, folder):
    """Write each recipe out as a call file; those that cannot be are left out."""
    written = []
    for named in recipes:
        path = folder / f"{len(written):04}.call"
        try:
            path.write_text(call_text(named.recipe, LINE), encoding="utf-8")
        except CannotMaskError:
            continue
        written.append((named, path))
    return written


def payments(run, started_at):
    """What a run paid, its made-up amounts as the buckets that recordings keep."""
    since = Since(started_at.date(), started_at)
    return [(each.plan, money_shape(each.amount_cents, since), each.account_type) for each in run.payments]


def check(engine, settings, folder, count):
    """Record calls, play their exports over HTTP, and hold those against the engine's own run."""
    recorded = record(sample(count), engine, settings, over_http=False)
    pairs = exported(recorded, folder)
    assert len(pairs) >= 0.9 * count
    runs, problems = list_runs([path for _, path in pairs], LINE.flow.languages)
    assert (problems, len(runs)) == ([], len(pairs))
    played = record(runs, engine, settings, over_http=True)
    runner = CallRerunner(LINE)
    for (named, _), again in zip(pairs, played, strict=True):
        run = runner.run(Script.of(named.recipe, LINE.flow))
        assert disagreement(named.recipe, run) == "", named.name
        labels = [tuple(spoken.label for spoken in turn.prompts) for turn in run.turns]
        assert [turn.prompts for turn in again.recipe.turns] == labels, named.name
        assert [turn.events for turn in again.recipe.turns] == [turn.events for turn in run.turns], named.name
        assert again.recipe.end == run.end, named.name
        own = runner.run(Script.of(again.recipe, LINE.flow))
        assert payments(own, again.recipe.started_at) == payments(run, named.recipe.started_at), named.name
    return [*recorded, *played]


def test_the_whole_line_agrees_with_the_engine_alone(engine, settings, tmp_path):
    calls = check(engine, settings, tmp_path, COUNT)
    comparison = Comparison(LINE, compile_line(LINE.files), lambda _version: LINE)
    compare_all(comparison, calls)
    assert (comparison.calls, comparison.differing, comparison.problems) == (len(calls), [], {})
