"""The keys that mean the same everywhere, and silence, at every question of the real flows, in every pace."""

import pytest

from ivr.dialog.definition import EXHAUSTED, GIVE_UP_DIALOG, LANGUAGE, MENU, POUND
from ivr.dialog.engine import NEXT_PACE, Ask, Keys, Outcome, Silence, Wait, initial_state, step
from ivr.languages.language import PACES
from ivr.topics.line import compile_line, read_line_files
from ivr.topics.registry import SLOTS

POUND_ALONE = Keys("", finished=True)


def pytest_generate_tests(metafunc):
    if "question" in metafunc.fixturenames:
        folder = metafunc.config.rootpath
        nodes = compile_line(read_line_files(folder)).flow.nodes.values()
        # The last words of a call ask nothing that 0 or a third failure would leave.
        questions = [node.path for node in nodes if node.kind == "collect" and node.dialog != GIVE_UP_DIALOG]
        metafunc.parametrize("question", questions)


@pytest.fixture
def waiting(line, question):
    """Give the states of calls that wait at a question, one in each pace it is asked in.

    All slots are filled, and two failures more would give up.
    """
    only = line.flow.nodes[question].only
    return [waiting_at(line.flow, question, pace) for pace in ([only] if only else PACES)]


def waiting_at(flow, question, pace):
    values = {slot.name: slot.sample for slot in SLOTS.values()}
    state = initial_state(flow, {slot: values[slot] for slot in values if SLOTS[slot].kind != "secret"})
    state.secrets = {slot: str(values[slot]) for slot in values if SLOTS[slot].kind == "secret"}
    state.node, state.pace, state.turns, state.failures = question, pace, 5, 1
    state.frames = [] if question.startswith("main/") else ["main/verify"]
    # an entry thrown away asks the question again, as a caller hears it
    return passed(flow, step(flow, state, Keys("*"))).state


def passed(flow, taken):
    """Press 1 at gates until there is none."""
    while taken.state.gate:
        taken = step(flow, taken.state, Keys("1"))
    return taken


@pytest.mark.parametrize("keys", [Keys("9"), Keys("7"), Keys("*"), Keys("1*2"), POUND_ALONE])
def test_a_common_key_asks_the_question_again_and_costs_nothing(line, waiting, question, keys):
    for state in waiting:
        taken = passed(line.flow, step(line.flow, state, keys))
        assert isinstance(taken.result, Wait), state.pace
        answer = line.flow.nodes[question].branches.get(POUND) if keys == POUND_ALONE else None
        if answer is not None:
            assert (taken.state.node, taken.state.failures) == ("verify/bill_account", 0), state.pace
            continue
        assert taken.result.listen is not None, state.pace
        assert taken.state.failures == (0 if keys.digits == "7" else 1), state.pace
        assert taken.state.pace == (NEXT_PACE[state.pace] if keys.digits == "7" else state.pace)
        gone = (
            line.flow.nodes[question].only == "relay" and keys.digits == "7"
        )  # a gate, that voice does not have
        assert gone or taken.state.node == question, state.pace


def test_0_looks_for_a_person_and_comes_back_to_the_question(line, waiting, question):
    for state in waiting:
        taken = step(line.flow, state, Keys("0"))
        assert taken.result == Ask("reach_person", {}), state.pace
        taken = passed(line.flow, step(line.flow, taken.state, Outcome("closed", {"told_closed": "yes"})))
        assert taken.state.node == question, state.pace
        assert taken.result.prompts[-1].prompt == line.flow.nodes[question].prompts[0], state.pace
        assert taken.state.frames == state.frames, state.pace


def test_silence_is_an_error_in_voice_alone(line, waiting, question):
    node = line.flow.nodes[question]
    for state in waiting:
        taken = step(line.flow, state, Silence())
        labels = [said.label for said in taken.result.prompts]
        if state.pace != "voice":
            asked = "nudge" if state.pace == "relay" else "again"
            languages = [f"@{tag}" for tag in line.flow.languages] if node.word == LANGUAGE else [""]
            assert labels == [f"{node.prompts[0]}.{asked}{language}" for language in languages], state.pace
            assert taken.state.failures == state.failures, state.pace
        else:
            assert labels[0].startswith("noinput.again")
            assert (taken.state.pace, taken.state.node) == (state.pace, question)
            assert taken.state.failures == state.failures + 1


def test_a_third_failure_tells_of_payments_and_leads_to_a_person_or_the_end(line, question):
    node = line.flow.nodes[question]
    waiting = waiting_at(line.flow, question, "voice")
    waiting.failures = 2
    unknown = Keys("6" if node.word == MENU else "88888888888888888888")
    taken = step(line.flow, waiting, unknown)
    if question == "authorize/ask_either":  # who is not understood can still key the code
        assert taken.state.node == "authorize/code"
        return
    assert taken.result == Ask("payment_made", {})
    taken = step(line.flow, taken.state, Outcome("made"))
    if taken.result == Ask("payment_made", {}):  # before the goodbye a text message is told
        taken = step(line.flow, step(line.flow, taken.state, Outcome("made")).state, Outcome("nothing"))
    asks_for_a_yes = question in {"authorize/ask", "guest/ask"}
    if EXHAUSTED in node.branches and not asks_for_a_yes:
        assert [said.prompt for said in taken.result.prompts] == ["payment-stands", "goodbye"]
        return
    assert taken.result == Ask("reach_person", {})
    first = ["authorization-unclear"] if asks_for_a_yes else []
    assert [said.prompt for said in taken.state.pending] == [*first, "give-up-paid"]
