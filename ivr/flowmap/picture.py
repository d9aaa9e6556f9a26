"""What a picture of the line shows, as data: dialogs, boxes, branches, and the words on each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fluent.syntax import ast
from fluent.syntax.parser import FluentParser

from ivr.dialog.definition import (
    AGENT,
    AGENT_DIALOG,
    ARGUMENT,
    EXHAUSTED,
    GIVE_UP,
    GIVE_UP_DIALOG,
    LANGUAGE,
    LEAVE,
    MAIN,
    MENU,
    MORE_TIME,
    POUND,
    REPEAT,
    RETURN,
    TIME_UP_DIALOG,
    Dialog,
    Kind,
    Node,
)
from ivr.dialog.flow import Flow
from ivr.dialog.vocabulary import Field
from ivr.languages.english import ENGLISH
from ivr.topics.line import Line

_OPTION = re.compile(r"(?:To |For )?(.+?),? press (\d)\.", re.DOTALL)
_EXITS: Mapping[str, str] = {
    AGENT: "a person",
    GIVE_UP: "give up",
    MORE_TIME: "more time",
    REPEAT: "say it again",
}
_OUTCOMES: Mapping[str, str] = {"completed": "they talked", "failed": "nobody answered"}
_AT_QUESTIONS: Mapping[str, str] = {"silence": "silence", EXHAUSTED: "3 failures", POUND: "# alone"}
_ORDINALS = ("", "1st", "2nd", "3rd")
_BEGINNINGS: Mapping[str, str] = {
    MAIN: "a call begins here",
    AGENT_DIALOG: "key 0",
    GIVE_UP_DIALOG: "3 failures at one question",
    TIME_UP_DIALOG: "turns or time used up",
}
_ENDS: Mapping[str, str] = {
    "goodbye": "the call ends",
    "agent": "the call ends: they talked",
    "hangup": "the line hangs up",
}


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a box: its label in the flow, the same in plain words, and where it leads.

    `target` is a node of the same dialog; "" when the way leads out of it: then `leaves` says where to.
    """

    label: str
    words: str
    target: str
    leaves: str


@dataclass(frozen=True, slots=True)
class Box:
    """A node: what is said or done there in a few words, and the ways out of it."""

    path: str
    name: str
    kind: Kind
    words: str
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A dialog: its boxes, the one it starts with first, and when it is run."""

    name: str
    caption: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to be drawn of one version of the line."""

    version: str
    clusters: tuple[Cluster, ...]


def picture_of(line: Line) -> Picture:
    """Return the picture of a line, in the words of its English prompts (or its first language's)."""
    language = ENGLISH.tag if ENGLISH.tag in line.catalog.languages else line.catalog.languages[0]
    painter = _Painter(line.flow, spoken_lines(line.catalog.texts[language]))
    names = sorted(line.flow.dialogs, key=lambda name: (name != MAIN, name))
    return Picture(line.flow.version, tuple(painter.cluster(line.flow.dialogs[name]) for name in names))


def spoken_lines(text: str) -> dict[str, tuple[str, ...]]:
    """Return each prompt's sentences from Fluent text; a value stands as its slot's name in brackets."""
    return {name: lines for name, lines in wordings(text).items() if "." not in name}


@lru_cache(maxsize=16)  # a language's texts take a third of a second to read
def wordings(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the sentences of each wording in Fluent text: a prompt's (`welcome`) and its attributes'."""
    found = {}
    for entry in FluentParser().parse(text).body:
        if isinstance(entry, ast.Message):
            if entry.value is not None:
                found[entry.id.name] = _sentences(entry.value)
            for attribute in entry.attributes:
                found[f"{entry.id.name}.{attribute.id.name}"] = _sentences(attribute.value)
    return found


def _sentences(pattern: ast.Pattern) -> tuple[str, ...]:
    return tuple(filter(None, (line.strip() for line in _text(pattern).splitlines())))


def _text(pattern: ast.Pattern) -> str:
    return "".join(
        element.value if isinstance(element, ast.TextElement) else _placed(element.expression)
        for element in pattern.elements
    )


def _placed(expression: object) -> str:
    """Write what is filled in: a slot by its name, a choice as all its words."""
    if isinstance(expression, ast.SelectExpression):
        return " or ".join(_text(variant.value).strip() for variant in expression.variants)
    if isinstance(expression, ast.VariableReference):
        return f"[{_plain(expression.id.name)}]"
    return "[…]"


def _plain(name: str) -> str:
    return name.replace("_", " ").removeprefix(ARGUMENT)


class _Painter:
    """Finds the words for one line."""

    def __init__(self, flow: Flow, lines: Mapping[str, tuple[str, ...]]) -> None:
        self._flow = flow
        self._lines = lines

    def cluster(self, dialog: Dialog) -> Cluster:
        names = [dialog.start, *(name for name in dialog.nodes if name != dialog.start)]
        boxes = tuple(self._box(dialog.nodes[name]) for name in names)
        return Cluster(dialog.name, self._caption(dialog), boxes)

    def _caption(self, dialog: Dialog) -> str:
        nodes = self._flow.nodes.values()
        callers = sorted(node.dialog for node in nodes if node.kind == "call" and node.word == dialog.name)
        called = f"called by {', '.join(dict.fromkeys(callers))}" if callers else ""
        takes = f"for any {', '.join(map(_plain, dialog.takes))}" if dialog.takes else ""
        return "; ".join(filter(None, (_BEGINNINGS.get(dialog.name, ""), called, takes)))

    def _box(self, node: Node) -> Box:
        branches = tuple(self._branch(node, label, target) for label, target in node.branches.items())
        return Box(node.path, node.name, node.kind, self._words(node), branches)

    def _words(self, node: Node) -> str:
        match node.kind:
            case "action":
                words = ": ".join((_plain(node.word), *map(_plain, node.args.values())))
            case "set":
                words = ", ".join(f"{_plain(slot)}: {_plain(value)}" for slot, value in node.args.items())
            case "call":
                runs = node.word if node.word == node.name else f"runs {node.word}"
                words = ": ".join((runs, *map(_plain, node.args.values())))
            case "transfer":
                words = "somebody is called"
            case "end":
                words = self._sentence(node) or _ENDS[node.word]
            case _:
                only = f" (only in {node.only} pace)" if node.only else ""
                words = f"{self._sentence(node)}{only}"
        return "" if _plain(words) == _plain(node.name) else words

    def _sentence(self, node: Node) -> str:
        """Return the first sentence said at a node that is not itself one of its options."""
        for prompt in node.prompts:
            for line in self._lines.get(prompt, ()):
                if not (node.word == MENU and _OPTION.fullmatch(line)):
                    return line
        return ""

    def _branch(self, node: Node, label: str, target: str) -> Branch:
        word, _, result = target.partition(".")
        if word == RETURN:
            return Branch(
                label, self._way(node, label), "", f"return: {_plain(result)}" if result else "return"
            )
        if word == LEAVE:
            return Branch(label, self._way(node, label), "", f"leave all: {_plain(result)}")
        if word in _EXITS:
            return Branch(label, self._way(node, label), "", _EXITS[word])
        return Branch(label, self._way(node, label), target, "")

    def _way(self, node: Node, label: str) -> str:
        """Return a branch in plain words: what the caller does, or what the answer was."""
        if node.kind == "collect":
            return self._action(node, label)
        if label == "next":
            return ""
        if label == EXHAUSTED and node.tries:
            times = sorted(set(node.tries.values()))
            return " or ".join(f"{_ordinal(count)} time" for count in times)
        return _OUTCOMES.get(label, _plain(label)) if node.kind == "transfer" else _plain(label)

    def _action(self, node: Node, label: str) -> str:
        if label in _AT_QUESTIONS:
            return _AT_QUESTIONS[label]
        if node.word == LANGUAGE:
            keys = self._flow.vocabulary.language_keys
            return ", ".join(f"{key} {tag}" for key, tag in keys.items() if tag in self._flow.languages)
        options = dict(self._options(node))
        if node.word in self._flow.vocabulary.fields:
            return _entry(self._flow.vocabulary.fields[node.word], label, options)
        key = "1" if label == "next" else label
        return f"{key} {options.get(key, '')}".rstrip()

    def _options(self, node: Node) -> Iterator[tuple[str, str]]:
        """Yield the options of a prompt: the key, and the words before it."""
        for line in self._lines.get(node.prompts[0], ()):
            option = _OPTION.fullmatch(line)
            if option:
                yield option[2], option[1][0].lower() + option[1][1:]


def _entry(entry: Field, label: str, options: Mapping[str, str]) -> str:
    """Return what a caller does at a field."""
    if entry.hear is not None:
        return f"says {label}"
    if label in entry.results[1:]:
        return _plain(label)
    if entry.num_digits == 1:
        return ", ".join(f"{key} {words}" for key, words in options.items()) or "1 key"
    return f"{entry.num_digits} digits" if entry.num_digits else "digits, then #"


def _ordinal(count: int) -> str:
    return _ORDINALS[count] if count < len(_ORDINALS) else f"{count}th"
