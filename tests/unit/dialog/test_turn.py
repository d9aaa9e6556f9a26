"""A turn asks until the call must wait or ends, and what it holds is true wherever it breaks off."""

from __future__ import annotations

import pytest

from ivr.dialog.engine import Ask, DialogError, End, Keys, Outcome, Start, Wait, initial_state
from ivr.dialog.events import BranchTaken, CallAnswered, KeyPressed, OutcomeGiven
from ivr.dialog.flow import Flow
from ivr.dialog.loader import load_dialogs
from ivr.dialog.turn import ASKS_MAX, Answered, Turn
from ivr.dialog.vocabulary import Action, Vocabulary

MAIN = """
start = "menu"
[node.menu]
collect = "menu"
prompt = "menu-ask"
keys.1 = "look"
[node.look]
action = "look"
on.again = "look"
on.found = "menu"
on.gone = "bye"
[node.bye]
end = "goodbye"
"""
VOCABULARY = Vocabulary({}, (), {}, {"look": Action("look", {"again": (), "found": (), "gone": ()})}, {})


@pytest.fixture
def flow():
    dialogs, faults = load_dialogs({"flows/main.toml": MAIN})
    assert faults == []
    nodes = {node.path: node for node in dialogs["main"].nodes.values()}
    return Flow("v", dialogs, VOCABULARY, None, ("en-US",), nodes, {"menu-ask": ()})


@pytest.fixture
def waiting(flow):
    return Turn(flow, initial_state(flow, {}), Start()).state


class Domain:
    """Answers one outcome after the other, and keeps what it was asked."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.asked = []

    def __call__(self, ask, state):
        self.asked.append((ask, state.node))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return Outcome(outcome)


def test_a_turn_without_a_question_asks_nobody(flow):
    turn = Turn(flow, initial_state(flow, {}), Start())
    result = turn.run(Domain())
    assert isinstance(result, Wait)
    assert (turn.heard, turn.events, turn.answered, turn.node) == (CallAnswered(), [], [], "main/menu")


def test_it_asks_until_the_call_must_wait(flow, waiting):
    turn, domain = Turn(flow, waiting, Keys("1")), Domain("again", "found")
    asking = turn.state
    result = turn.run(domain)
    ask = Ask("look", {})
    assert isinstance(result, Wait)
    assert result is turn.result
    assert domain.asked == [(ask, "main/look")] * 2
    assert turn.heard == KeyPressed("1")
    assert turn.events == [
        BranchTaken("main/menu", "1"),
        OutcomeGiven("main/look", "again"),
        BranchTaken("main/look", "again"),
        OutcomeGiven("main/look", "found"),
        BranchTaken("main/look", "found"),
    ]
    assert turn.answered[0] == Answered(ask, asking, Outcome("again"))
    assert [each.outcome.name for each in turn.answered] == ["again", "found"]
    assert (turn.node, turn.state.turns) == ("main/menu", 1)


def test_it_asks_until_the_call_ends(flow, waiting):
    turn = Turn(flow, waiting, Keys("1"))
    assert turn.run(Domain("gone")) == End((), "goodbye")
    assert turn.node == "main/bye"


def test_it_takes_what_time_the_call_has_lasted_into_account(flow, waiting):
    """The limits strike after an answer of the domain as they do at once."""
    turn = Turn(flow, waiting, Keys("1"), 1e6)
    with pytest.raises(KeyError, match="time_up"):  # this flow has no such dialog
        turn.run(Domain("found"))


def test_questions_come_to_an_end(flow, waiting):
    turn, domain = Turn(flow, waiting, Keys("1")), Domain(*["again"] * (ASKS_MAX + 1))
    with pytest.raises(DialogError, match=f"main/look: more than {ASKS_MAX} questions in one turn"):
        turn.run(domain)
    assert len(domain.asked) == len(turn.answered) == ASKS_MAX


def test_as_many_questions_as_may_be_are_answered(flow, waiting):
    turn = Turn(flow, waiting, Keys("1"))
    assert isinstance(turn.run(Domain(*["again"] * (ASKS_MAX - 1), "found")), Wait)


def test_where_it_breaks_off_it_holds_what_was_until_then(flow, waiting):
    turn = Turn(flow, waiting, Keys("1"))
    with pytest.raises(ConnectionError):
        turn.run(Domain("again", ConnectionError()))
    assert (turn.node, turn.result, len(turn.answered)) == ("main/look", Ask("look", {}), 1)
    assert turn.events[-1] == BranchTaken("main/look", "again")


def test_an_answer_that_the_engine_refuses_has_left_nothing(flow, waiting):
    turn = Turn(flow, waiting, Keys("1"))
    with pytest.raises(DialogError, match="look answered odd"):
        turn.run(Domain("odd"))
    assert (turn.node, turn.events) == ("main/look", [BranchTaken("main/menu", "1")])


def test_an_outcome_begins_no_turn(flow, waiting):
    asking = Turn(flow, waiting, Keys("1")).state
    with pytest.raises(DialogError, match="main/look: a turn begins with what was heard"):
        Turn(flow, asking, Outcome("found"))
