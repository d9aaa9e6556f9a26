"""What a run looks at in its flow, and whether another flow has all of that the same.

Where it has, a call goes the same way on both, whatever else was changed: only the words can be others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from ivr.dialog.flow import Flow, Prompts
from ivr.speech.catalog import SpeechError

LookedUp = tuple[tuple[Any, ...], ...]  # the keys, a tuple for each of `_PARTS`


def _node(flow: Flow, path: str) -> Any:
    """Return a node but for the line it is written in; None where there is none."""
    return replace(flow.nodes[path], line=0) if path in flow.nodes else None


def _start(flow: Flow, dialog: str) -> Any:
    return flow.dialogs[dialog].start if dialog in flow.dialogs else None


def _variables(flow: Flow, prompt: str) -> Any:
    return flow.variables.get(prompt)


def _pieces(flow: Flow, form: tuple[Any, ...]) -> Any:
    try:
        return flow.prompts.pieces(*form)
    except SpeechError:
        return None


# What a run can see of a flow, beside what `Alike` compares at once.
_PARTS: Final[tuple[Callable[[Flow, Any], Any], ...]] = (_node, _start, _variables, _pieces)


class _Noting(dict[Any, Any]):
    """Entries, each put here when it is looked up first."""

    def __init__(self, look_up: Callable[[Any], Any]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, key: Any) -> Any:
        entry = self[key] = self._look_up(key)
        return entry


class _NotingPrompts:
    """A catalog of which nothing is asked but the words of pieces."""

    def __init__(self, pieces: _Noting) -> None:
        self._pieces = pieces

    def pieces(self, *form: Any) -> Any:
        return self._pieces[form]


class NotingFlow:
    """Gives a `flow` that notes what is looked up in it."""

    def __init__(self, flow: Flow) -> None:
        nodes = _Noting(flow.nodes.get)
        dialogs, variables = _Noting(flow.dialogs.get), _Noting(flow.variables.get)
        pieces = _Noting(lambda form: flow.prompts.pieces(*form))
        self._parts = nodes, dialogs, variables, pieces
        prompts = cast("Prompts", _NotingPrompts(pieces))
        self.flow = replace(flow, nodes=nodes, dialogs=dialogs, variables=variables, prompts=prompts)

    def has_node(self, path: str) -> bool:
        """Return whether there is such a node, and note that it was asked."""
        return self._parts[0][path] is not None

    def forget(self) -> None:
        """Begin to note anew."""
        for part in self._parts:
            part.clear()

    def noted(self) -> LookedUp:
        """Return what was looked up since the last `forget`."""
        return tuple(map(tuple, self._parts))

    @property
    def has_noted(self) -> bool:
        """Whether anything was looked up since the last `forget`."""
        return any(self._parts)

    def note(self, looked_up: LookedUp) -> None:
        """Note what was looked up in an earlier run."""
        for part, keys in zip(self._parts, looked_up, strict=False):
            for key in keys:
                part[key]


class Alike:
    """Tells whether what was looked up in one flow is the same in another."""

    def __init__(self, one: Flow, other: Flow) -> None:
        self._at_all = (
            one.vocabulary is other.vocabulary
            and one.languages == other.languages
            and one.unspoken == other.unspoken
        )
        self._same = [_Noting(partial(_is_same, look_up, one, other)) for look_up in _PARTS]

    def holds(self, looked_up: LookedUp) -> bool:
        """Return whether all of it is the same."""
        return self._at_all and all(
            same[key] for same, keys in zip(self._same, looked_up, strict=True) for key in keys
        )


def _is_same(look_up: Callable[[Flow, Any], Any], one: Flow, other: Flow, key: Any) -> bool:
    return bool(look_up(one, key) == look_up(other, key))
