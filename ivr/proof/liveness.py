"""Which slots and counters can still matter at a node: what decides the future, for merging states.

A slot matters where some way on reads it before it is filled again; a counter where its node can still be
come to. Each dialog is worked out once, up to its returns: what it reads, and what every way to a return has
filled by then. The frames of a call tell where it goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.dialog.definition import (
    AGENT_DIALOG,
    ENGINE_WORDS,
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

Fills = Mapping[tuple[str, str], frozenset[str]]
Names = frozenset[str]  # of slots; of nodes with a counter, as `dialog/node`


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What lies ahead within a dialog.

    `matters` is read before it is filled; `filled` is, by the result that the dialog can still return with,
    what every way there fills.
    """

    matters: Names = frozenset()
    filled: Mapping[str, Names] = field(default_factory=dict)

    def after(self, before: Names) -> _Ahead:
        """Return what lies ahead of a place that first fills `before`."""
        return _Ahead(self.matters - before, {result: each | before for result, each in self.filled.items()})

    def or_else(self, other: _Ahead) -> _Ahead:
        """Return what lies ahead where either way may be taken."""
        filled = {**self.filled, **other.filled}
        filled |= {result: self.filled[result] & filled[result] for result in self.filled}
        return _Ahead(self.matters | other.matters, filled)

    def within(self, returns: Mapping[str, Names]) -> Names:
        """Return what matters in a call that goes on after each result as `returns` says."""
        goes_on = (returns.get(result, frozenset()) - each for result, each in self.filled.items())
        return self.matters.union(*goes_on)


_NOTHING = _Ahead()


class Liveness:
    """What matters at each node of a flow.

    `reads` maps fields to the slots their judges look at, and actions to the slots they look at beside what
    they need; `fills` maps (field, result) to the slots that every such answer fills.
    """

    def __init__(self, flow: Flow, reads: Mapping[str, Names], fills: Fills) -> None:
        self._flow, self._fills = flow, fills
        self._starts = {name: f"{name}/{dialog.start}" for name, dialog in flow.dialogs.items()}
        self._ahead = dict.fromkeys(flow.nodes, _NOTHING)
        self._known: dict[tuple[str, tuple[str, ...]], tuple[Names, Names]] = {}
        used = {path: _used(flow, node, reads) for path, node in flow.nodes.items()}
        changed = True
        while changed:
            changed = False
            for path, node in flow.nodes.items():
                ahead = self._of(node, used[path])
                if ahead != self._ahead[path]:
                    self._ahead[path], changed = ahead, True

    def at(self, node: str, frames: tuple[str, ...]) -> tuple[Names, Names]:
        """Return the slots and counters that matter in a call that stands at `node`, with these frames."""
        known = self._known.get((node, frames))
        if known is None:
            names = self._names(node, frames)
            counters = names & self._flow.nodes.keys()
            known = self._known[node, frames] = names - counters, counters
        return known

    def _names(self, node: str, frames: tuple[str, ...]) -> Names:
        interrupted_at: Names = frozenset()
        returns: dict[str, Names] = {}
        for frame in frames:
            path, interrupted, _ = frame.partition("!")
            if interrupted:  # whatever comes of it, the call comes back to this question as it was
                interrupted_at, returns = self._ahead[path].within(returns), {}
                continue
            calling = self._flow.nodes[path]
            returns = {
                result: self._onward(calling, target).within(returns)
                for result, target in calling.branches.items()
            }
        return interrupted_at | self._ahead[node].within(returns)

    def _of(self, node: Node, used: Names) -> _Ahead:
        near = (self._start(name).matters for name in _ALWAYS_NEAR)
        found = _Ahead(used.union(*near))
        if node.kind == "call":
            inner = self._start(node.word)
            found = found.or_else(_Ahead(inner.matters))
            ways = [(result, each) for result, each in inner.filled.items() if result in node.branches]
        else:
            ways = [(label, self._filled(node, label)) for label in node.branches]
        for label, filled in ways:
            found = found.or_else(self._onward(node, node.branches[label]).after(filled))
        return found

    def _start(self, dialog: str) -> _Ahead:
        return self._ahead.get(self._starts.get(dialog, ""), _NOTHING)

    def _onward(self, node: Node, target: str) -> _Ahead:
        word, _, result = target.partition(".")
        if word == RETURN:
            return _Ahead(filled={result or "next": frozenset()})
        if word == LEAVE:
            return self._ahead.get(f"{MAIN}/{result}", _NOTHING)
        # The engine's other words come back to the question, or lead to what is always near.
        return _NOTHING if word in ENGINE_WORDS else self._ahead.get(f"{node.dialog}/{target}", _NOTHING)

    def _filled(self, node: Node, label: str) -> Names:
        if node.kind == "set":
            return frozenset(node.args)
        if node.kind == "action" and node.word in self._flow.vocabulary.actions:
            return frozenset(self._flow.vocabulary.actions[node.word].outcomes.get(label, ()))
        if node.kind == "collect" and node.word != LANGUAGE:
            return self._fills.get((node.word, label), frozenset())
        return frozenset()


def _used(flow: Flow, node: Node, reads: Mapping[str, Names]) -> Names:
    prompts = [*node.prompts]
    used = reads.get(node.word, frozenset())
    if node.kind == "collect":
        entry = flow.vocabulary.fields.get(node.word)
        prompts += [*ENGINE_PROMPTS, *map(nomatch_prompt, entry.reasons if entry else ())]
    elif node.kind == "action" and node.word in flow.vocabulary.actions:
        used |= frozenset(flow.vocabulary.actions[node.word].needs)
    counted = {node.path} if node.tries else frozenset[str]()
    return used.union(counted, *(flow.variables[prompt] for prompt in prompts))
