"""What differs between two versions of the line, as words: nodes of flows, and wordings of prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.dialog.definition import Node
from ivr.flowmap.picture import wordings
from ivr.topics.line import Line

_DOES: Mapping[str, str] = {
    "say": "speaks",
    "collect": "asks for",
    "action": "looks up or does",
    "set": "notes",
    "call": "runs the dialog",
    "transfer": "calls a person",
    "end": "ends the call:",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: a node, or a wording (`welcome`, `main-menu.relay`) in a `language`.

    `before` and `after` are its lines in both; nothing where it is not there.
    """

    what: str
    language: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def changed_nodes(before: Line, after: Line) -> list[Change]:
    """Return the nodes that differ, in the order of the newer version, those that are gone last."""
    return [
        *_changes(
            "", *({path: told(node) for path, node in line.flow.nodes.items()} for line in (before, after))
        )
    ]


def changed_wordings(before: Line, after: Line) -> list[Change]:
    """Return the wordings that differ, language by language."""
    languages = dict.fromkeys((*after.catalog.languages, *before.catalog.languages))
    return [
        change
        for language in languages
        for change in _changes(
            language, *(wordings(line.catalog.texts.get(language, "")) for line in (before, after))
        )
    ]


def _changes(
    language: str, before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> Iterator[Change]:
    for what in dict.fromkeys((*after, *before)):
        then, now = before.get(what, ()), after.get(what, ())
        if then != now:
            yield Change(what, language, then, now)


def told(node: Node) -> tuple[str, ...]:
    """Return what a node does, a line for each thing, as its file says it in fewer words."""
    return tuple(_told(node))


def _told(node: Node) -> Iterator[str]:
    does = _DOES[node.kind]
    yield f"{does} {node.word}".rstrip()
    if node.prompts:
        yield f"with the words of {', '.join(node.prompts)}"
    yield from (f"{name}: {value}" for name, value in node.args.items())
    for label, target in node.branches.items():
        times = f", {node.tries[label]} times at most" if label in node.tries else ""
        yield f"{label}: to {target}{times}"
    if not node.barge_in:
        yield "is heard to its end"
    if node.only:
        yield f"only in {node.only} pace"
    if node.evidence:
        yield "is kept as evidence"
    if node.waiting:
        yield f"waits as for: {node.waiting}"
