"""Reads flows: TOML to dialogs, refusing what the schema does not know. All faults at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, cast

from ivr.base.nearest import nearest
from ivr.dialog.definition import ENDS, WAITINGS, Dialog, Fault, Kind, Node
from ivr.languages.language import PACES

_KINDS: tuple[Kind, ...] = ("say", "collect", "action", "set", "call", "transfer", "end")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOP = re.compile(r"^\s*(\w+)\s*=", re.MULTILINE)
_HEADER = re.compile(r"^\s*\[\s*node\.([A-Za-z0-9_]+)\s*\]", re.MULTILINE)

# What may stand in a node besides its kind; the value is the type demanded.
_ALLOWED: Mapping[Kind, Mapping[str, str]] = {
    "say": {"next": "text", "barge_in": "flag", "only": "pace", "evidence": "flag"},
    "collect": {
        "prompt": "text",
        "next": "text",
        "keys": "texts",
        "on": "texts",
        "only": "pace",
        "evidence": "flag",
        "waiting": "waiting",
    },
    "action": {"on": "texts", "args": "texts", "tries": "counts"},
    "set": {"next": "text", "only": "pace"},
    "call": {"next": "text", "on": "texts", "args": "texts"},
    "transfer": {"on": "texts"},
    "end": {"prompt": "text"},
}
_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    "say": ("next",),
    "collect": ("prompt",),
    "action": ("on",),
    "set": ("next",),
    "call": (),
    "transfer": ("on",),
    "end": (),
}
_CURES = {
    "text": "must be a text in quotes",
    "texts": 'must be lines such as on.name = "target", each a text in quotes',
    "flag": "must be true or false",
    "pace": f"must be one of {', '.join(PACES)}",
    "waiting": f"must be one of {', '.join(WAITINGS)}",
    "counts": "must be lines such as tries.rejected = 3, whole numbers from 2 to 9",
}


def _fits(value: object, demand: str) -> bool:
    if demand == "text":
        return isinstance(value, str) and value != ""
    if demand == "flag":
        return isinstance(value, bool)
    if demand == "pace":
        return value in PACES
    if demand == "waiting":
        return value in WAITINGS
    if not isinstance(value, dict) or not value:
        return False
    if demand == "counts":
        return all(type(count) is int and 2 <= count <= 9 for count in value.values())
    return all(isinstance(text, str) and text for text in value.values())


def load_dialogs(files: Mapping[str, str]) -> tuple[dict[str, Dialog], list[Fault]]:
    """Read `files` (name such as `flows/main.toml` -> text).

    Returns the dialogs that could be read, by name, and every fault of form: broken TOML, unknown kinds and
    keys, wrong types, missing parts.
    """
    dialogs: dict[str, Dialog] = {}
    faults: list[Fault] = []
    for file, text in sorted(files.items()):
        name = file.rsplit("/", 1)[-1].removesuffix(".toml")
        if _NAME.fullmatch(name) is None:
            message = "rename it: lower-case letters, digits and _ make a dialog"
            faults.append(Fault(file, 0, "", "flow.file-name", message))
            continue
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(file, _toml_line(str(error)), "", "flow.not-toml", f"not TOML: {error}"))
            continue
        top = text.partition("\n[")[0]
        lines = {
            f"{mark}{match[1]}": text.count("\n", 0, match.start(1)) + 1
            for mark, found in (("=", _TOP.finditer(top)), ("", _HEADER.finditer(text)))
            for match in found
        }
        dialogs[name] = _Reader(file, name, lines, faults).dialog(data)
    return dialogs, faults


def _toml_line(message: str) -> int:
    match = re.search(r"at line (\d+)", message)
    return int(match[1]) if match else 0


class _Reader:
    """Reads one file; what it cannot use it reports and leaves out.

    `lines` has where each node's section begins, and by `=key` where a key above them stands.
    """

    def __init__(self, file: str, dialog: str, lines: Mapping[str, int], faults: list[Fault]) -> None:
        self._file = file
        self._dialog = dialog
        self._lines = lines
        self._faults = faults

    def dialog(self, data: Mapping[str, Any]) -> Dialog:
        for key in data:
            if key not in {"start", "takes", "node"}:
                near = nearest(key, ("start", "takes", "node"))
                message = f"unknown key {key!r}{near}: a dialog has start, takes and [node.…] sections"
                self._fault("", "flow.unknown-key", message, key=key)
        tables = data.get("node", {})
        if not isinstance(tables, dict) or not tables:
            self._fault("", "flow.missing-key", "has no [node.…] section: write one")
            tables = {}
        nodes = {}
        for name, table in tables.items():
            node = self._node(name, table)
            if node is not None:
                nodes[name] = node
        start = data.get("start", "")
        if not isinstance(start, str) or start not in tables:
            unknown = f", and {start!r} is none{nearest(str(start), tables)}" if start else ""
            message = f"start must name one of its nodes{unknown}"
            self._fault("", "flow.unknown-node", message, key="start", about=str(start))
            start = next(iter(tables), "")
        takes = self._takes(data.get("takes", []))
        return Dialog(self._dialog, start, nodes, takes, self._lines.get("=takes", 0))

    def _takes(self, names: object) -> tuple[str, ...]:
        if not isinstance(names, list) or not all(
            isinstance(name, str) and _NAME.fullmatch(name) and names.count(name) == 1 for name in names
        ):
            message = 'takes must be a list of names, each once, such as takes = ["plan"]'
            self._fault("", "flow.value-type", message, key="takes")
            return ()
        return tuple(names)

    def _node(self, name: str, table: object) -> Node | None:
        if _NAME.fullmatch(name) is None or not isinstance(table, dict):
            self._fault(
                name,
                "flow.node-name",
                "rename it: a node is a section [node.name], its name lower-case letters, digits and _",
            )
            return None
        kinds = [kind for kind in _KINDS if kind in table]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            near = "" if kinds else _nearest_kind(table)
            message = f"has {found} of {', '.join(_KINDS)}{near}: a node has exactly one"
            self._fault(name, "flow.node-kind", message)
            return None
        kind = kinds[0]
        before = len(self._faults)
        self._form(name, kind, table)
        if len(self._faults) > before:
            return None
        return self._built(name, kind, table)

    def _form(self, name: str, kind: Kind, table: Mapping[str, object]) -> None:
        allowed = _ALLOWED[kind]
        for key, value in table.items():
            if key == kind:
                continue
            if key not in allowed:
                near = nearest(key, allowed)
                message = f"{key!r} has no place in a node of kind {kind}{near}: use {', '.join(allowed)}"
                self._fault(name, "flow.unknown-key", message)
            elif not _fits(value, allowed[key]):
                self._fault(name, "flow.value-type", f"{key} {_CURES[allowed[key]]}")
        for key in _REQUIRED[kind]:
            if key not in table:
                message = f"lacks {key!r}, which a node of kind {kind} needs: add it"
                self._fault(name, "flow.missing-key", message)
        self._word(name, kind, table[kind])

    def _word(self, name: str, kind: Kind, word: object) -> None:
        if kind == "set":
            if not isinstance(word, dict) or not word or not _fits(word, "texts"):
                message = 'set must be lines such as set.pace = "relay", each a text in quotes'
                self._fault(name, "flow.value-type", message)
        elif kind == "end":
            if word not in ENDS:
                near = nearest(str(word), ENDS)
                self._fault(name, "flow.value-type", f"end must be one of {', '.join(ENDS)}{near}")
        elif not _fits(word, "text"):
            self._fault(name, "flow.value-type", f"{kind} must be a text in quotes")

    def _built(self, name: str, kind: Kind, table: Mapping[str, Any]) -> Node:
        branches = {**table.get("keys", {}), **table.get("on", {})}
        if "next" in table:
            branches["next"] = table["next"]
        prompts = (table[kind],) if kind == "say" else (table["prompt"],) if "prompt" in table else ()
        return Node(
            dialog=self._dialog,
            name=name,
            line=self._lines.get(name, 0),
            kind=kind,
            word="" if kind in {"set", "say"} else cast("str", table[kind]),
            prompts=cast("tuple[str, ...]", prompts),
            branches=branches,
            args=table[kind] if kind == "set" else table.get("args", {}),
            tries=table.get("tries", {}),
            barge_in=table.get("barge_in", True),
            only=table.get("only", ""),
            evidence=table.get("evidence", False),
            waiting=table.get("waiting", ""),
        )

    def _fault(self, node: str, rule: str, message: str, *, key: str = "", about: str = "") -> None:
        line = self._lines.get(node or f"={key}", 0)
        self._faults.append(Fault(self._file, line, node, rule, message, about))


def _nearest_kind(table: Mapping[str, object]) -> str:
    """Return which kind a key of a node without one is nearest to, of the keys that no kind has."""
    known = {key for allowed in _ALLOWED.values() for key in allowed}
    odd = next((key for key in table if key not in known), None)
    return "" if odd is None else f", {odd!r} is unknown{nearest(odd, _KINDS)}"
