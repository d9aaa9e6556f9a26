"""Which slots and counters can still matter at a node: what decides the future, for merging states.

A slot matters where some way on reads it before it is filled again; a counter where its node can still be
come to. That is worked out twice, and what matters in both ways matters: once returns are followed to every
node that calls the dialog, whoever called it, and what is filled on the way counts; once a dialog ends at its
return, and the frames of the call tell where it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ivr.dialog.definition import (
    AGENT,
    AGENT_DIALOG,
    GIVE_UP,
    GIVE_UP_DIALOG,
    LANGUAGE,
    LEAVE,
    MAIN,
    RETURN,
    TIME_UP_DIALOG,
    Node,
)
from ivr.dialog.flow import ENGINE_PROMPTS, Flow, nomatch_prompt

_ALWAYS_NEAR = (AGENT_DIALOG, GIVE_UP_DIALOG, TIME_UP_DIALOG)  # a key, three errors or the time lead there
_WORDS = {AGENT: AGENT_DIALOG, GIVE_UP: GIVE_UP_DIALOG}

Fills = Mapping[tuple[str, str], frozenset[str]]


class _Matters(NamedTuple):
    """What matters at each node (`dialog/node`): slots, and nodes with a counter."""

    slots: Mapping[str, frozenset[str]]
    counters: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Liveness:
    """What matters at each node: wherever its dialog was called from, and until its dialog returns.

    `after` are the nodes where a call goes on when what a node calls has returned.
    """

    anywhere: _Matters
    within: _Matters
    after: Mapping[str, tuple[str, ...]]

    def at(self, node: str, frames: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the slots and counters that matter in a call that stands at `node`, with these frames."""
        nothing = frozenset[str]()
        slots = self.anywhere.slots.get(node, nothing)
        counters = self.anywhere.counters.get(node, nothing)
        own_slots = self.within.slots.get(node, nothing)
        own_counters = self.within.counters.get(node, nothing)
        for frame in frames:
            path, interrupted, _ = frame.partition("!")
            counters |= self.anywhere.counters[path]
            if interrupted:
                slots |= self.anywhere.slots[path]
            for goes_on in (path,) if interrupted else self.after[path]:
                own_slots |= self.within.slots.get(goes_on, nothing)
                own_counters |= self.within.counters.get(goes_on, nothing)
            own_counters |= {path} if path in self.anywhere.counters[path] else nothing
        return slots & own_slots, counters & own_counters


def find_live(flow: Flow, reads: Mapping[str, frozenset[str]], fills: Fills) -> Liveness:
    """Work out what matters where.

    `reads` maps fields to the slots their judges look at, and actions to the slots they look at beside what
    they need; `fills` maps (field, result) to the slots that every such answer fills.
    """
    starts = {name: f"{name}/{dialog.start}" for name, dialog in flow.dialogs.items()}
    after = {
        path: tuple(
            found
            for target in node.branches.values()
            for found in _targets(flow, node, target, starts, returns=False)
        )
        for path, node in flow.nodes.items()
        if node.kind == "call"
    }
    everywhere = {path: tuple(_edges(flow, node, fills)) for path, node in flow.nodes.items()}
    own = {
        path: (
            *_edges(flow, node, fills, returns=False),
            *((goes_on, frozenset[str]()) for goes_on in after.get(path, ()) if goes_on in flow.nodes),
        )
        for path, node in flow.nodes.items()
    }
    return Liveness(_worked_out(flow, reads, everywhere), _worked_out(flow, reads, own), after)


def _worked_out(
    flow: Flow,
    reads: Mapping[str, frozenset[str]],
    edges: Mapping[str, tuple[tuple[str, frozenset[str]], ...]],
) -> _Matters:
    slots = {path: _used(flow, node, reads) for path, node in flow.nodes.items()}
    counters = {path: frozenset({path} if node.tries else ()) for path, node in flow.nodes.items()}
    changed = True
    while changed:
        changed = False
        for path, ways in edges.items():
            live, counted = slots[path], counters[path]
            for target, filled in ways:
                live |= slots[target] - filled
                counted |= counters[target]
            if (live, counted) != (slots[path], counters[path]):
                slots[path], counters[path], changed = live, counted, True
    return _Matters(slots, counters)


def _used(flow: Flow, node: Node, reads: Mapping[str, frozenset[str]]) -> frozenset[str]:
    prompts = [*node.prompts]
    used = reads.get(node.word, frozenset())
    if node.kind == "collect":
        entry = flow.vocabulary.fields.get(node.word)
        prompts += [*ENGINE_PROMPTS, *map(nomatch_prompt, entry.reasons if entry else ())]
    elif node.kind == "action" and node.word in flow.vocabulary.actions:
        used |= frozenset(flow.vocabulary.actions[node.word].needs)
    return used.union(*(flow.variables[prompt] for prompt in prompts))


def _edges(
    flow: Flow, node: Node, fills: Fills, *, returns: bool = True
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield where a node can lead, with the slots filled on the way; beyond its dialog's return if asked."""
    starts = {name: f"{name}/{dialog.start}" for name, dialog in flow.dialogs.items()}
    ways = [(starts[name], frozenset[str]()) for name in _ALWAYS_NEAR if name in starts]
    if node.kind == "call":
        if node.word in starts:
            ways.append((starts[node.word], frozenset()))
    else:
        for label, target in node.branches.items():
            filled = _filled(flow, node, label, fills)
            ways += [(path, filled) for path in _targets(flow, node, target, starts, returns=returns)]
    for path, filled in ways:
        if path in flow.nodes:
            yield path, filled


def _targets(
    flow: Flow, node: Node, target: str, starts: Mapping[str, str], *, returns: bool
) -> Iterator[str]:
    word, _, result = target.partition(".")
    if word == RETURN:
        for caller in flow.nodes.values() if returns else ():
            if caller.kind == "call" and caller.word == node.dialog:
                back = caller.branches.get(result or "next", "")
                yield from _targets(flow, caller, back, starts, returns=returns)
    elif word == LEAVE:
        yield f"{MAIN}/{result}"
    elif word in _WORDS:
        yield starts.get(_WORDS[word], "")
    else:
        yield f"{node.dialog}/{target}"


def _filled(flow: Flow, node: Node, label: str, fills: Fills) -> frozenset[str]:
    if node.kind == "set":
        return frozenset(node.args)
    if node.kind == "action" and node.word in flow.vocabulary.actions:
        return frozenset(flow.vocabulary.actions[node.word].outcomes.get(label, ()))
    if node.kind == "collect" and node.word != LANGUAGE:
        return fills.get((node.word, label), frozenset())
    return frozenset()
