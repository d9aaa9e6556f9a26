"""Shortest calls that show a fault, played on the faulty line through the phone: they happen as written."""

import pytest
from support.seeded import ROOT, seeded

from ivr.base.settings import load_replay_settings
from ivr.cli.local_host import LocalHost
from ivr.replay.callfile import load_call
from ivr.replay.host import Setup
from ivr.replay.player import play
from ivr.replay.proof import read_draft


def played(engine, name):
    wrong = seeded(name)
    call = load_call(wrong.call, root=ROOT)
    line = read_draft(wrong.files, wrong.vocabulary).line
    with LocalHost(engine, line, load_replay_settings({}), over_http=False) as host:
        setup = Setup(name, call.now, call.member, call.language, call.pace)
        with host.prepare(setup) as prepared:
            return play(call, prepared, language=call.language, pace=call.pace)


@pytest.mark.parametrize("name", ["dead_end", "missing_silence", "loop_without_counter", "unreachable_node"])
def test_the_call_goes_as_the_proof_says(engine, name):
    result = played(engine, name)
    assert result.difference is None, result.difference


def test_a_sentence_that_is_not_there_ends_in_trouble(engine):
    difference = played(engine, "lost_translation").difference
    assert difference.expected == "line nomatch-prefix, bank-routing-ask.again"
    assert "trouble" in difference.heard
