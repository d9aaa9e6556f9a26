"""Reading one language's Fluent text: its patterns ready to be spoken, and what is wrong with each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import cast

from fluent.runtime import FluentBundle
from fluent.runtime.resolver import Pattern
from fluent.syntax import FluentParser, ast
from fluent.syntax.stream import FluentParserStream
from fluent.syntax.visitor import Visitor

from ivr.base.nearest import nearest
from ivr.speech.patterns import OUTSIDE_XML, Inspection, Wrong, inspect_pattern
from ivr.speech.values import longest_value

Pieces = tuple[tuple[str, ...], ...]
"""What is said: pieces, each of sentences."""


def left_out(name: str) -> str:
    """Return what stands in a sample for a slot's value that is left out; no text holds it."""
    return f"…{name}…"


ATTRIBUTES = frozenset({"again", "last", "nudge", "relay", "again-relay", "last-relay", "nudge-relay"})

SOURCES_KEPT_MAX = 8  # texts as read that a process keeps

_COUNTS = frozenset({0, 1, 2, 3, 5, 11, 21, 100})  # at least one number of every plural category
# No XML holds this character, so no text or value does either; and it is no white space, which is tidied.
_PIECE_BREAK = "\x01"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_RUN = re.compile(r"[^{}\r\n]*")
_JUNK_ID = re.compile(r"(-?[A-Za-z][\w-]*)[ ]*=")


@dataclass(frozen=True, slots=True, order=True)
class PromptFault:
    """One thing wrong in one language's prompts: the rule's id in docs/rules.md, and what to do about it."""

    language: str
    line: int
    prompt_id: str
    rule: str
    message: str

    def __str__(self) -> str:
        """Write the fault as `prompts/es-US.ftl:12: bank-routing-ask: … [prompt.missing]`."""
        where = f"prompts/{self.language}.ftl:{self.line}"
        return f"{where}: {self.prompt_id or 'file'}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One wording of a prompt in one language: its value, or one of its attributes.

    `attribute` is None for the value. `variables` are all a value must be given for; `selected` are those
    that choose wording, each with the keys it is compared with. `sound` says that it can be formatted.
    """

    prompt_id: str
    attribute: str | None
    line: int
    source: str
    variables: frozenset[str]
    selected: Mapping[str, tuple[frozenset[str | int], ...]]
    sound: bool
    _pattern: Pattern
    _bundle: FluentBundle

    def speak(self, values: dict[str, str | int]) -> Pieces:
        """Format with these values, all that `variables` names and no others.

        Raises `ValueError` when Fluent finds fault with a value.
        """
        text, errors = self._bundle.format_pattern(self._pattern, values)
        if errors:
            raise ValueError("; ".join(map(str, errors)))
        pieces = []
        for piece in str(text).split(_PIECE_BREAK):
            sentences = tuple(tidy(line) for line in piece.split("\n") if line and not line.isspace())
            if sentences:
                pieces.append(sentences)
        return tuple(pieces)

    def samples(self, kinds: Mapping[str, str], language: str, *, values: bool = True) -> Iterator[Pieces]:
        """Give what is said for every combination of choices, each value at its longest.

        `values` False leaves `left_out(name)` where a value that is ready speech would stand.
        """
        names = sorted(self.variables)
        candidates: list[tuple[str | int, ...]] = []
        for name in names:
            keys = frozenset[str | int]().union(*self.selected.get(name, ()))
            if not keys:
                candidates.append((longest_value(kinds[name], language) if values else left_out(name),))
            elif kinds[name] == "count":
                numbers = _COUNTS | {key for key in keys if isinstance(key, int)}
                candidates.append(tuple(sorted(numbers)))
            else:
                candidates.append(tuple(sorted(map(str, keys))))
        for combination in product(*candidates):
            yield self.speak(dict(zip(names, combination, strict=True)))


@dataclass(slots=True)
class Source:
    """One language's text as read: forms by prompt id and attribute, lines of ids, and the faults.

    `broken` are ids of entries that could not be read, so that they are not called missing as well.
    """

    language: str
    text: str
    forms: dict[tuple[str, str | None], Form] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    faults: list[PromptFault] = field(default_factory=list)

    @property
    def last_line(self) -> int:
        """The number of the text's last line, where something missing would be added."""
        return max(1, len(self.text.splitlines()))


def read_source(language: str, text: str, kinds: Mapping[str, str]) -> Source:
    """Read one language's Fluent text; `kinds` gives every slot's kind of value.

    Nothing is raised: all faults are in the result, and only sound forms can be spoken. Versions of a line
    share most of their texts, and reading takes longest: the same text gives the same source again.
    """
    return _read(language, text, frozenset(kinds.items()))


@lru_cache(maxsize=SOURCES_KEPT_MAX)
def _read(language: str, text: str, kinds: frozenset[tuple[str, str]]) -> Source:
    source = Source(language, text)
    _Reader(source, dict(kinds)).read()
    return source


def tidy(line: str) -> str:
    """Make one line a sentence: single spaces, and one full stop where a value ended in "p.m." as well."""
    sentence = " ".join(line.split())
    return sentence[:-1] if sentence.endswith("..") and not sentence.endswith("...") else sentence


@dataclass(frozen=True, slots=True)
class _Term:
    """A term: its text, the names of its attributes, and what it refers to."""

    text: str
    attributes: frozenset[str]
    found: Inspection


class RunParser(FluentParser):
    """Takes a run of text in one piece: letter by letter, reading takes a third longer."""

    def get_text_element(self, ps: FluentParserStream) -> ast.TextElement:
        """Return the text up to a brace or the end of the line; `ps` is after it then."""
        end = cast("re.Match[str]", _RUN.match(ps.string, ps.index)).end()
        if ps.string.startswith("\r", end):
            return super().get_text_element(ps)  # which knows the ends of lines
        element = ast.TextElement(ps.string[ps.index : end])
        element.add_span(ps.index, end)
        ps.index, ps.peek_offset = end, 0
        return element


class _PieceMarker(Visitor):
    """Turns blank lines into a mark, so that a line left empty by a choice is not taken for one."""

    def visit_TextElement(self, node: ast.TextElement) -> None:  # noqa: N802  # the visitor's protocol
        node.value = _BLANK_LINES.sub(f"\n{_PIECE_BREAK}\n", node.value)


def _span(node: ast.SyntaxNode) -> ast.Span:
    return cast("ast.Span", node.span)  # the parser is asked for spans


class _Reader:
    """Fills a source from its text."""

    def __init__(self, source: Source, kinds: Mapping[str, str]) -> None:
        self._source = source
        self._kinds = kinds
        self._messages: dict[str, ast.Message] = {}
        self._terms: dict[str, _Term] = {}
        self._bundle = FluentBundle([source.language], use_isolating=False)
        self._line_ends = [match.start() for match in re.finditer("\n", source.text)]

    def read(self) -> None:
        text = self._source.text
        for match in OUTSIDE_XML.finditer(text):
            cure = (
                f"has U+{ord(match[0]):04X}, a character outside XML 1.0, which would end the call; remove it"
            )
            self._fault(self._line(match.start()), "", "prompt.outside-xml", cure)
        resource = RunParser(with_spans=True).parse(text)
        for entry in resource.body:
            match entry:
                case ast.Junk():
                    self._read_junk(entry)
                case ast.Term():
                    self._read_term(entry)
                case ast.Message():
                    self._register_message(entry)
        _PieceMarker().visit(resource)
        self._bundle.add_resource(resource)
        for prompt_id, message in self._messages.items():
            self._read_message(prompt_id, message)

    def _read_junk(self, junk: ast.Junk) -> None:
        match = _JUNK_ID.match(junk.content or "")
        prompt_id = match[1] if match else ""
        self._source.broken.add(prompt_id)
        first_line = self._line(_span(junk).start)
        for annotation in junk.annotations:
            # the parser names the place where it gave up, often in the next entry
            before = self._source.text[: _span(annotation).start].rstrip()
            line = max(first_line, before.count("\n") + 1)
            self._fault(line, prompt_id, "prompt.unreadable", f"cannot be read: {annotation.message}")

    def _read_term(self, term: ast.Term) -> None:
        name, start = term.id.name, _span(term.id).start
        if name in self._terms:
            self._fault(self._line(start), f"-{name}", "prompt.twice", "stands twice; keep one")
            return
        found = inspect_pattern(term, self._kinds, in_term=True)
        attributes = frozenset(attribute.id.name for attribute in term.attributes)
        # without the comment that stands above it
        text = self._source.text[start : _span(term).end]
        self._terms[name] = _Term(text, attributes, found)
        for rule, message in found.faults:
            self._fault(self._line(start), f"-{name}", rule, message)

    def _register_message(self, message: ast.Message) -> None:
        prompt_id, line = message.id.name, self._line(_span(message.id).start)
        if prompt_id in self._messages:
            text = f"stands twice, first in line {self._source.lines[prompt_id]}; keep one"
            self._fault(line, prompt_id, "prompt.twice", text)
            return
        self._messages[prompt_id] = message
        self._source.lines[prompt_id] = line

    def _read_message(self, prompt_id: str, message: ast.Message) -> None:
        compiled = self._bundle.get_message(prompt_id)
        if message.value is None or compiled.value is None:
            text = "has attributes only; give it a value"
            self._fault(self._source.lines[prompt_id], prompt_id, "prompt.no-value", text)
        else:
            self._read_form(prompt_id, None, message.value, compiled.value)
        seen: set[str] = set()
        for attribute in message.attributes:
            name, line = attribute.id.name, self._line(_span(attribute).start)
            if name in seen:
                self._fault(line, prompt_id, "prompt.twice", f".{name} stands twice; keep one")
            elif name not in ATTRIBUTES:
                known = ", ".join(f".{known}" for known in sorted(ATTRIBUTES))
                near = nearest(name, ATTRIBUTES)
                text = f"has .{name}, which nothing speaks{near}; use one of {known}"
                self._fault(line, prompt_id, "prompt.unknown-attribute", text)
            else:
                self._read_form(prompt_id, name, attribute.value, compiled.attributes[name])
            seen.add(name)

    def _read_form(
        self, prompt_id: str, attribute: str | None, pattern: ast.Pattern, compiled: Pattern
    ) -> None:
        found = inspect_pattern(pattern, self._kinds)
        terms, term_faults = self._follow_terms(found.terms)
        line = self._line(_span(pattern).start)
        for rule, message in found.faults + term_faults:
            where = f".{attribute} " if attribute else ""
            self._fault(line, prompt_id, rule, where + message)
        span = _span(pattern)
        sources = [self._source.text[span.start : span.end], *(term.text for term in terms)]
        self._source.forms[prompt_id, attribute] = Form(
            prompt_id=prompt_id,
            attribute=attribute,
            line=line,
            source="\n".join(sources),
            variables=frozenset(found.variables),
            selected={name: tuple(keys) for name, keys in found.selected.items()},
            sound=not (found.faults or term_faults or any(term.found.faults for term in terms)),
            _pattern=compiled,
            _bundle=self._bundle,
        )

    def _follow_terms(self, references: set[tuple[str, str | None]]) -> tuple[list[_Term], list[Wrong]]:
        """Collect the terms reached from these, by name, and what is wrong on the way."""
        reached: dict[str, _Term] = {}
        faults: list[Wrong] = []

        def follow(reference: tuple[str, str | None], path: tuple[str, ...]) -> None:
            name, attribute = reference
            if name in path:
                message = f"uses the term -{name}, which refers to itself; write it out"
                faults.append(("prompt.term-circle", message))
            elif name not in self._terms:
                near = nearest(name, self._terms)
                message = f"uses the term -{name}, which is not in this file{near}; add it"
                faults.append(("prompt.unknown-term", message))
            else:
                term = reached[name] = self._terms[name]
                if attribute is not None and attribute not in term.attributes:
                    near = nearest(attribute, term.attributes)
                    message = f"uses -{name}.{attribute}, which the term lacks{near}; add it"
                    faults.append(("prompt.unknown-term", message))
                for inner in sorted(term.found.terms, key=str):
                    follow(inner, (*path, name))

        for reference in sorted(references, key=str):
            follow(reference, ())
        return [reached[name] for name in sorted(reached)], faults

    def _line(self, offset: int) -> int:
        return bisect_left(self._line_ends, offset) + 1

    def _fault(self, line: int, prompt_id: str, rule: str, message: str) -> None:
        self._source.faults.append(PromptFault(self._source.language, line, prompt_id, rule, message))
