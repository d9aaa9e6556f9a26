"""What a Fluent pattern refers to, and what a prompt may not write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

from ivr.base.nearest import nearest
from ivr.speech.values import KINDS

OUTSIDE_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character no XML 1.0 document can hold, escaped or not: one of them and the reply is unreadable."""

OTHER = "other"
"""The key a choice's wording has for every value that no other key names."""

_PLURALS = frozenset({"zero", "one", "two", "few", "many", OTHER})
_SEPARATED_DIGITS = re.compile("\\d[.,'\u00a0\u202f]\\d")

Wrong = tuple[str, str]  # a rule's id and a message


@dataclass(slots=True)
class Inspection:
    """What a pattern refers to, and what is wrong with it.

    `selected` holds, for each variable that chooses wording, the keys of every place where it does; `terms`
    are names, each with the attribute asked for.
    """

    variables: set[str] = field(default_factory=set)
    selected: dict[str, list[frozenset[str | int]]] = field(default_factory=dict)
    terms: set[tuple[str, str | None]] = field(default_factory=set)
    faults: list[Wrong] = field(default_factory=list)


def inspect_pattern(node: ast.SyntaxNode, kinds: Mapping[str, str], *, in_term: bool = False) -> Inspection:
    """Inspect a pattern, or a term with all of its patterns; `kinds` gives every slot's kind of value."""
    inspector = _Inspector(kinds, in_term=in_term)
    inspector.visit(node)
    return inspector.found


class _Inspector(Visitor):
    """Walks one pattern."""

    def __init__(self, kinds: Mapping[str, str], *, in_term: bool) -> None:
        self._kinds = kinds
        self._in_term = in_term
        self.found = Inspection()

    def visit_TextElement(self, node: ast.TextElement) -> None:  # noqa: N802  # the visitor's protocol
        self._check_text(node.value)

    def visit_StringLiteral(self, node: ast.StringLiteral) -> None:  # noqa: N802
        literal = str(node.parse()["value"])
        self._check_text(literal)
        if OUTSIDE_XML.search(literal):
            message = "writes a character outside XML 1.0, which would end the call; remove it"
            self._fault("prompt.outside-xml", message)

    def visit_NumberLiteral(self, _node: ast.NumberLiteral) -> None:  # noqa: N802
        message = "has a number in braces, which may be spoken with separators; write it as text"
        self._fault("prompt.number-in-braces", message)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802
        message = f"refers to the prompt {node.id.name}; make the shared words a term, -{node.id.name}"
        self._fault("prompt.refers-to-prompt", message)

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802
        message = f"calls {node.id.name}; values arrive as ready speech, so write the variable alone"
        self._fault("prompt.calls-function", message)

    def visit_TermReference(self, node: ast.TermReference) -> None:  # noqa: N802
        self.found.terms.add((node.id.name, node.attribute.name if node.attribute else None))
        if node.arguments is not None:
            message = f"gives arguments to the term -{node.id.name}; write one term for each wording"
            self._fault("prompt.term-arguments", message)

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        if self._kind(node.id.name) == "choice":
            self._fault(
                "prompt.choice-spoken",
                f"speaks the choice ${node.id.name} itself; choose wording: {{ ${node.id.name} -> … }}",
            )

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802
        if isinstance(node.selector, ast.VariableReference):
            self._select(node.selector.id.name, node.variants)
        elif isinstance(node.selector, ast.TermReference):
            self.visit(node.selector)
        else:
            message = "chooses wording by something other than a variable or a term's attribute"
            self._fault("prompt.chooses-by", message)
        for variant in node.variants:
            self.visit(variant.value)

    def _select(self, name: str, variants: list[ast.Variant]) -> None:
        kind = self._kind(name)
        keys: set[str | int] = set()
        for variant in variants:
            keys.add(variant.key.name if isinstance(variant.key, ast.Identifier) else _number(variant.key))
        texts = {key for key in keys if isinstance(key, str)}
        if kind == "choice" and texts != keys:
            message = f"compares the choice ${name} with a number; its keys must be names"
            self._fault("prompt.choice-keys", message)
        elif kind == "count" and not texts <= _PLURALS:
            message = f"compares the count ${name} with a name; its keys must be numbers or plurals"
            self._fault("prompt.choice-keys", message)
        elif kind not in ("choice", "count", None):
            message = f"chooses wording by ${name}, which is ready speech; use a choice or a count"
            self._fault("prompt.chooses-by", message)
        self.found.selected.setdefault(name, []).append(frozenset(keys))

    def _kind(self, name: str) -> str | None:
        self.found.variables.add(name)
        if self._in_term:
            message = f"is a term and cannot use ${name}; put the variable in the prompt"
            self._fault("prompt.variable-in-term", message)
            return None
        kind = self._kinds.get(name)
        if kind is None:
            message = f"uses ${name}, which is no slot{nearest(name, self._kinds)}; use the name of one"
            self._fault("prompt.unknown-slot", message)
        elif kind not in KINDS:
            message = f"uses ${name}, whose kind {kind} cannot be spoken; use one of {', '.join(KINDS)}"
            self._fault("prompt.unspeakable-slot", message)
        return kind

    def _check_text(self, text: str) -> None:
        if _SEPARATED_DIGITS.search(text):
            self._fault("prompt.separated-digits", "writes digits with separators; write 1234, or words")

    def _fault(self, rule: str, message: str) -> None:
        self.found.faults.append((rule, message))


def _number(literal: ast.NumberLiteral) -> int:
    return int(float(literal.value))
