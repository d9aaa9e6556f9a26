"""What a turn has to say, as the proof counts it: which prompts, how often, and where gates divide them."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.dialog.engine import last_carried, pieces_of
from ivr.dialog.flow import GATE_GO_ON, Flow
from ivr.dialog.state import Said, State


def prompts_of(*groups: Iterable[Said] | Said) -> tuple[str, ...]:
    """Return the prompts said, without gates, pieces and languages."""
    ids: list[str] = []
    for group in groups:
        for said in (group,) if isinstance(group, Said) else group:
            if said.prompt != GATE_GO_ON and ids[-1:] != [said.prompt]:
                ids.append(said.prompt)
    return tuple(ids)


def said_again(flow: Flow) -> dict[str, int]:
    """Return how often, at most, prompts are said that an action leads to again and again before a wait."""
    return {
        prompt: max(counting.tries.values())
        for counting in flow.nodes.values()
        for told in flow.dialogs[counting.dialog].nodes.values()
        if counting.tries and told.kind == "say" and told.branches.get("next") == counting.name
        for prompt in told.prompts
    }


def said_once(pending: Iterable[Said]) -> list[Said]:
    """Return what is to be said, the same words once: a circle without a wait has no end otherwise."""
    known: dict[tuple[object, ...], Said] = {}
    for said in pending:
        known.setdefault((said.label, *said.values.items()), said)
    return list(known.values())


def between_gates(state: State, flow: Flow) -> list[list[Said]]:
    """Return what is pending in relay pace as gates will divide it; the last of them may still grow."""
    pieces = pieces_of(said_once(state.pending), state.language, flow.prompts)
    divided: list[list[Said]] = []
    while pieces:
        last = last_carried(pieces)
        divided.append([said for said, _ in pieces[:last]])
        pieces = pieces[last:]
    return divided or [[]]
