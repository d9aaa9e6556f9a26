"""What must be true of all flows together before a call may run on them. Faults name file, node, cure.

Form (kinds, keys, types) is the loader's; here is meaning: names exist, everything is reachable, every
outcome is handled, every path ends, no loop is without a counter, slots are filled before they are spoken
or needed, every prompt is there in every language, and what it says of keys is true (`spoken_keys`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ivr.base.nearest import nearest
from ivr.dialog.definition import (
    AGENT,
    ARGUMENT,
    ENGINE_WORDS,
    EXHAUSTED,
    GATE,
    GATE_PREFIX,
    GIVE_UP,
    GIVE_UP_DIALOG,
    KEY_AGENT,
    KEY_MORE_TIME,
    KEY_REPEAT,
    LANGUAGE,
    LEAVE,
    MAIN,
    MENU,
    MORE_TIME,
    POUND,
    REPEAT,
    REQUIRED_DIALOGS,
    RETURN,
    TIME_UP_DIALOG,
    Dialog,
    Fault,
    Node,
)
from ivr.dialog.flow import ENGINE_PROMPTS, NOT_A_CHOICE, PACE_PROMPTS, Prompts, nomatch_prompt
from ivr.dialog.spoken_keys import called_from, wrong_keys
from ivr.dialog.vocabulary import Vocabulary
from ivr.languages.language import PACES

Key = TypeVar("Key")
Wrong = tuple[str, ...]  # a rule's id, a message, and perhaps the name it is about and a language

TRANSFER_RESULTS = ("completed", "failed")
RESERVED_KEYS = {KEY_AGENT: "a person", KEY_REPEAT: "repeat", KEY_MORE_TIME: "more time"}


def check_flow(
    dialogs: Mapping[str, Dialog],
    vocabulary: Vocabulary,
    prompts: Prompts,
    *,
    told_keys: bool = True,
    kept: bool = False,
) -> list[Fault]:
    """Return every fault of meaning in flows that have passed the loader, in the order of files and lines.

    Faults of names come alone: reachability and slots mean nothing while a name is wrong. `told_keys` False
    leaves out whether prompts tell the right keys: a call can run on a line that tells a wrong one, and one
    that began on such a version goes on. `kept` is such a version: what the vocabulary may have learned since
    (outcomes, results, reasons and their prompts) is no fault of it.
    """
    checks = _Checks(dialogs, vocabulary, prompts, kept)
    faults = list(checks.names())
    if not faults:
        faults = [
            *checks.unreachable(),
            *checks.endless(),
            *checks.uncounted_loops(),
            *checks.unfilled_slots(),
            *checks.prompts(),
            *(wrong_keys(dialogs, vocabulary, prompts) if told_keys else ()),
        ]
    return sorted(faults, key=lambda fault: (fault.file, fault.line, fault.message))


@dataclass(slots=True)
class _Checks:
    dialogs: Mapping[str, Dialog]
    vocabulary: Vocabulary
    catalog: Prompts
    kept: bool
    nodes: Mapping[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {node.path: node for dialog in self.dialogs.values() for node in dialog.nodes.values()}

    def _fault(self, node: Node, *wrong: str) -> Fault:
        return Fault(f"flows/{node.dialog}.toml", node.line, node.name, *wrong)

    # Names.

    def names(self) -> Iterator[Fault]:
        for name in REQUIRED_DIALOGS:
            if name not in self.dialogs:
                message = "is missing: write it, the engine itself needs this dialog"
                yield Fault(f"flows/{name}.toml", 0, "", "flow.missing-dialog", message)
        by_kind: Mapping[str, Callable[[Node], Iterable[Wrong]]] = {
            "collect": self._collect,
            "action": self._action,
            "set": self._set,
            "call": self._call,
            "transfer": self._transfer,
        }
        for node in self.nodes.values():
            judge = by_kind.get(node.kind)
            for wrong in (*(judge(node) if judge else ()), *self._targets(node), *self._values(node)):
                yield self._fault(node, *wrong)
        for dialog in self.dialogs.values():
            for wrong in self._taken(dialog):
                yield Fault(f"flows/{dialog.name}.toml", dialog.line, "", *wrong)

    def _collect(self, node: Node) -> Iterator[Wrong]:
        if node.only and node.word != GATE:
            yield (
                "flow.only-misplaced",
                f"only can stand at a gate, a say or a set: collect {node.word!r} in every pace",
            )
        silence = node.branches.get("silence")
        if silence is not None and silence != MORE_TIME:
            yield (
                "flow.silence-branch",
                f"on.silence can only be {MORE_TIME!r}; silence is the engine's business",
            )
        labels = set(node.branches) - {"silence", EXHAUSTED}
        if node.word == MENU:
            yield from self._menu(labels)
            return
        fields = self.vocabulary.fields
        if node.word in {LANGUAGE, GATE}:
            expected = {"next"}
            if node.word == GATE and not node.prompts[0].startswith(GATE_PREFIX):
                yield (
                    "flow.gate-name",
                    f"a gate's prompt begins with {GATE_PREFIX!r}: rename {node.prompts[0]}",
                )
        elif node.word in fields:
            expected = {*(fields[node.word].results or ("next",)), *(labels & {POUND})}
        else:
            yield self._unknown("flow.unknown-field", "collects", node.word, (MENU, LANGUAGE, GATE, *fields))
            return
        yield from _difference(labels, self._known(expected, labels), "result")

    @staticmethod
    def _unknown(rule: str, verb: str, name: str, known: Collection[str]) -> Wrong:
        what = rule.rpartition("-")[2]
        near, use = nearest(name, known), ", ".join(known)
        return rule, f"{verb} {name!r}, which is no {what}{near}: use one of {use}", name

    def _known(self, names: Iterable[str], handled: Collection[str]) -> set[str]:
        """Return which of the vocabulary's names a node must handle: of a kept version, those it knows."""
        return {name for name in names if not self.kept or name in handled}

    def _menu(self, labels: set[str]) -> Iterator[Wrong]:
        keys = {label for label in labels if len(label) == 1 and label.isdigit()}
        for key in sorted(keys & RESERVED_KEYS.keys()):
            yield "flow.reserved-key", f"key {key} means {RESERVED_KEYS[key]} everywhere: use another"
        for label in sorted(labels - keys):
            yield "flow.menu-key", f"a menu has keys.1 to keys.6 and keys.8, not {label!r}: name a key"
        if not keys:
            yield "flow.menu-key", 'a menu needs at least one key, such as keys.1 = "node"'

    def _action(self, node: Node) -> Iterator[Wrong]:
        action = self.vocabulary.actions.get(node.word)
        if action is None:
            yield self._unknown("flow.unknown-action", "asks for", node.word, self.vocabulary.actions)
            return
        outcomes = self._known(action.outcomes, node.branches)
        expected = {*outcomes, *((EXHAUSTED,) if node.tries else ())}
        yield from _difference(set(node.branches), expected, "outcome")
        for outcome in sorted(node.tries.keys() - action.outcomes.keys()):
            near = nearest(outcome, action.outcomes)
            yield (
                "flow.tries-without-outcome",
                f"tries.{outcome} counts no outcome of {node.word}{near}: remove it",
            )
        yield from _difference(set(node.args), set(action.args), "argument")

    def _set(self, node: Node) -> Iterator[Wrong]:
        choices = ["pace", *(slot for slot, kind in self.vocabulary.slots.items() if kind == "choice")]
        for slot in node.args:
            if slot not in choices:
                near = nearest(slot, choices)
                message = (
                    f"set.{slot} is no slot that a flow may set{near}: set pace or a slot that is a choice"
                )
                yield "flow.unknown-slot", message

    def _call(self, node: Node) -> Iterator[Wrong]:
        dialog = self.dialogs.get(node.word)
        if dialog is None:
            near = nearest(node.word, self.dialogs)
            message = (
                f"calls {node.word!r}, and there is no flows/{node.word}.toml{near}: write it or call another"
            )
            yield "flow.unknown-dialog", message, node.word
            return
        yield from _difference(set(node.branches), set(dialog.results()), "result")
        yield from _difference(set(node.args), set(dialog.takes), "argument")
        if node.dialog in called_from(self.dialogs, node.word):
            yield (
                "flow.circle",
                f"calls {node.word!r}, which leads back to {node.dialog!r}: take one of the calls out",
            )

    # Arguments.

    def _values(self, node: Node) -> Iterator[Wrong]:
        """Judge what a node's arguments are: values that they may have, or arguments of its dialog."""
        takes = self.dialogs[node.dialog].takes
        for name, value in node.args.items():
            key = f"{'set' if node.kind == 'set' else 'args'}.{name}"
            allowed = self._allowed(node, name)
            if value.startswith(ARGUMENT):
                if value[1:] not in takes:
                    message = f"{key} is {value!r}, and {node.dialog} takes {_use(value[1:], takes)}"
                    yield "flow.argument-not-taken", message
            elif allowed is not None and value not in allowed:
                yield "flow.argument-value", f"{key} is {value!r}: use {_use(value, allowed)}"

    def _allowed(self, node: Node, name: str, seen: frozenset[str] = frozenset()) -> Collection[str] | None:
        """Return the values an argument of a node may have: all that it is passed on to takes. None: any."""
        if node.kind == "action" and node.word in self.vocabulary.actions:
            return self.vocabulary.actions[node.word].args.get(name)
        if node.kind == "set":
            return PACES if name == "pace" else None
        if node.kind != "call" or node.word not in self.dialogs or node.word in seen:
            return None
        seen |= {node.word}
        limits = [
            allowed
            for inner in self.dialogs[node.word].nodes.values()
            for passed, value in inner.args.items()
            if value == f"{ARGUMENT}{name}" and (allowed := self._allowed(inner, passed, seen)) is not None
        ]
        return [each for each in limits[0] if all(each in limit for limit in limits)] if limits else None

    def _taken(self, dialog: Dialog) -> Iterator[Wrong]:
        """Judge what a dialog takes: the engine itself gives nothing, and what nobody uses is a slip."""
        if dialog.takes and dialog.name in REQUIRED_DIALOGS:
            message = f"takes {', '.join(dialog.takes)}, and the engine itself runs it: take nothing"
            yield "flow.argument-not-given", message
        used = {value for node in dialog.nodes.values() for value in node.args.values()}
        for name in dialog.takes:
            if f"{ARGUMENT}{name}" not in used:
                message = f"takes {name!r}, which no node uses: write {ARGUMENT}{name} in one, or remove it"
                yield "flow.argument-not-used", message

    def _transfer(self, node: Node) -> Iterator[Wrong]:
        if node.word != "agent":
            yield "flow.unknown-transfer", f"transfers to {node.word!r}: the only place is 'agent'"
        yield from _difference(set(node.branches), set(TRANSFER_RESULTS), "result")

    def _targets(self, node: Node) -> Iterator[Wrong]:
        siblings = self.dialogs[node.dialog].nodes
        for label, target in node.branches.items():
            word = target.partition(".")[0]
            if not target.startswith("@"):
                if target not in siblings:
                    near = nearest(target, siblings)
                    yield (
                        "flow.unknown-node",
                        f"{label} leads to {target!r}, which is no node of {node.dialog}{near}: name another",
                        target,
                    )
            elif word == LEAVE:
                yield from self._leads_to_main(label, target)
            elif word not in ENGINE_WORDS or word not in {RETURN, target}:
                near, words = nearest(target, ENGINE_WORDS), ", ".join(ENGINE_WORDS)
                message = f"{label} leads to {target!r}{near}: the words of the engine are {words}"
                yield "flow.unknown-word", message, target
            elif word == RETURN and node.dialog in {MAIN, GIVE_UP_DIALOG, TIME_UP_DIALOG}:
                yield (
                    "flow.misplaced-word",
                    f"{label} returns, and nothing called this dialog: end the call instead",
                )
            elif word in {REPEAT, AGENT} and not (node.kind == "collect" and node.word == MENU):
                yield (
                    "flow.misplaced-word",
                    f"{label} leads to {word}, which only a menu's key can: name a node",
                )
            elif word == MORE_TIME and label != "silence":
                yield (
                    "flow.misplaced-word",
                    f"{label} leads to {word}, which only on.silence can: name a node",
                )
            elif word == GIVE_UP and node.dialog in {GIVE_UP_DIALOG, TIME_UP_DIALOG}:
                yield (
                    "flow.misplaced-word",
                    f"{label} leads to {word} from the dialog it leads to: end the call instead",
                )

    def _leads_to_main(self, label: str, target: str) -> Iterator[Wrong]:
        known, name = self.dialogs[MAIN].nodes, target.partition(".")[2]
        if name not in known:
            near = nearest(name, known)
            message = f"{label} leads to {target!r}, which is no node of {MAIN}{near}: name another"
            yield "flow.unknown-node", message, target

    # The graph. A call's branches follow the results of what it calls.

    def _inner(self, node: Node) -> Iterator[tuple[str, Node]]:
        """Yield (label, target) within the dialog."""
        siblings = self.dialogs[node.dialog].nodes
        for label, target in node.branches.items():
            if target in siblings:
                yield label, siblings[target]

    def unreachable(self) -> Iterator[Fault]:
        open_dialogs, seen = list(REQUIRED_DIALOGS), set(REQUIRED_DIALOGS)
        reached: set[str] = set()
        while open_dialogs:
            dialog = self.dialogs[open_dialogs.pop()]
            inside = self._reached_in(dialog)
            reached |= {node.path for node in inside}
            called = {node.word for node in inside if node.kind == "call"} - seen
            seen |= called
            open_dialogs.extend(sorted(called))
        for node in self.nodes.values():
            if node.path not in reached:
                yield self._fault(node, "flow.unreachable", "nothing leads here: connect it or remove it")

    def _left_for(self) -> set[str]:
        """Return the nodes of the first dialog that others lead to, leaving everything."""
        targets = (target for node in self.nodes.values() for target in node.branches.values())
        return {target.partition(".")[2] for target in targets if target.startswith(f"{LEAVE}.")}

    def _reached_in(self, dialog: Dialog) -> list[Node]:
        starts = {dialog.start, *(self._left_for() if dialog.name == MAIN else ())}
        todo, seen = [dialog.nodes[name] for name in sorted(starts)], starts
        found = []
        while todo:
            node = todo.pop()
            found.append(node)
            for _, target in self._inner(node):
                if target.name not in seen:
                    seen.add(target.name)
                    todo.append(target)
        return found

    def endless(self) -> Iterator[Fault]:
        """Find nodes from which no path ends the call, returns, or gives up."""
        for dialog in self.dialogs.values():
            ending = {node.name for node in dialog.nodes.values() if self._leaves(node)}
            grown = True
            while grown:
                more = {
                    node.name
                    for node in dialog.nodes.values()
                    if node.name not in ending
                    and any(target.name in ending for _, target in self._inner(node))
                }
                ending |= more
                grown = bool(more)
            for node in dialog.nodes.values():
                if node.name not in ending:
                    message = "no path from here ends the call or returns: add a way out"
                    yield self._fault(node, "flow.endless", message)

    @staticmethod
    def _leaves(node: Node) -> bool:
        ways_out = (RETURN, GIVE_UP, LEAVE)
        return node.kind == "end" or any(
            target.partition(".")[0] in ways_out for target in node.branches.values()
        )

    def uncounted_loops(self) -> Iterator[Fault]:
        """Find circles that neither a counter (tries) nor a caller's own choice in a menu breaks."""
        for dialog in self.dialogs.values():
            kept = {
                node.name: [
                    target.name
                    for label, target in self._inner(node)
                    if label not in node.tries and label in self._unasked(node)
                ]
                for node in dialog.nodes.values()
            }
            for name in _on_circles(kept):
                yield self._fault(
                    dialog.nodes[name],
                    "flow.loop-without-counter",
                    "is on a loop without a counter: give the outcome that leads back tries.<outcome> = 3",
                )

    def _unasked(self, node: Node) -> Collection[str]:
        """Return the branches of a node that no menu's key chose, in it or in the dialog it calls."""
        if node.kind == "collect" and node.word == MENU:
            return ()
        if node.kind != "call":
            return node.branches
        dialog = self.dialogs[node.word]
        todo, seen, results = [dialog.start], {dialog.start}, set()
        while todo:
            here = dialog.nodes[todo.pop()]
            for target in (here.branches[label] for label in self._unasked(here) if label in here.branches):
                word, _, result = target.partition(".")
                if word == RETURN:
                    results.add(result or "next")
                elif target in dialog.nodes and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return results

    # Slots.

    def unfilled_slots(self) -> Iterator[Fault]:
        filled = self._filled_slots()
        for node in self.nodes.values():
            facts = filled.get(node.path)
            if facts is None:
                continue
            for prompt in (*node.prompts, *self._nomatch_prompts(node)):
                for slot in sorted(self._spoken(prompt)):
                    if self.vocabulary.is_secret(slot):
                        message = f"prompt {prompt} speaks {slot}, which is secret: take it out"
                        yield self._fault(node, "flow.secret-spoken", message)
                    elif slot not in facts:
                        yield self._fault(
                            node,
                            "flow.slot-not-filled",
                            f"prompt {prompt} speaks {slot}, which is not filled on every way here: "
                            "fill it first or take it out",
                        )
            if node.kind == "action":
                for slot in self.vocabulary.actions[node.word].needs:
                    if slot not in facts:
                        yield self._fault(
                            node,
                            "flow.need-not-filled",
                            f"{node.word} needs {slot}, which is not filled on every way here: fill it first",
                            slot,
                        )

    def _spoken(self, prompt: str) -> frozenset[str]:
        return frozenset().union(*(self.catalog.variables(prompt, tag) for tag in self.catalog.languages))

    def _nomatch_prompts(self, node: Node) -> tuple[str, ...]:
        if node.kind != "collect":
            return ()
        entry = self.vocabulary.fields.get(node.word)
        return tuple(nomatch_prompt(reason) for reason in (entry.reasons if entry else (NOT_A_CHOICE,)))

    def _filled_slots(self) -> dict[str, frozenset[str]]:
        """Return, for each node, the slots filled on every way to it (a fixed point over all dialogs)."""
        given = frozenset(self.vocabulary.given)
        filled = {f"{name}/{self.dialogs[name].start}": given for name in REQUIRED_DIALOGS}
        returned: dict[tuple[str, str], frozenset[str]] = {}
        changed = True
        while changed:
            changed = False
            for node in self.nodes.values():
                facts = filled.get(node.path)
                if facts is None:
                    continue
                if node.kind == "call":
                    dialog = self.dialogs[node.word]
                    changed |= _meet(filled, f"{dialog.name}/{dialog.start}", facts)
                for label, target in node.branches.items():
                    after = self._after(node, label, facts, returned)
                    word, _, result = target.partition(".")
                    if after is None:
                        continue
                    if word == LEAVE:
                        changed |= _meet(filled, f"{MAIN}/{result}", after)
                    elif word == RETURN:
                        changed |= _meet(returned, (node.dialog, result or "next"), after)
                    elif not target.startswith("@"):
                        changed |= _meet(filled, f"{node.dialog}/{target}", after)
        return filled

    def _after(
        self,
        node: Node,
        label: str,
        facts: frozenset[str],
        returned: Mapping[tuple[str, str], frozenset[str]],
    ) -> frozenset[str] | None:
        """Return what is filled once `node` was left by `label`; None while that is not known yet."""
        if node.kind == "call":
            back = returned.get((node.word, label))
            return None if back is None else (facts - self._dropped_in(node.word)) | back
        if node.kind == "set":
            return facts | (node.args.keys() - {"pace"})
        if node.kind == "action":
            action = self.vocabulary.actions[node.word]
            return (facts | set(action.outcomes.get(label, ()))) - set(action.drops)
        entry = self.vocabulary.fields.get(node.word) if node.kind == "collect" else None
        if entry is not None and label in {"next", *entry.results[:1]}:
            return facts | set(entry.fills)
        return facts

    def _dropped_in(self, name: str) -> frozenset[str]:
        """Return the slots that a dialog, or one that it calls, may forget."""
        return frozenset(
            slot
            for dialog in called_from(self.dialogs, name)
            for node in self.dialogs[dialog].nodes.values()
            if node.kind == "action"
            for slot in self.vocabulary.actions[node.word].drops
        )

    # Prompts.

    def prompts(self) -> Iterator[Fault]:
        for node in self.nodes.values():
            for prompt in node.prompts:
                attributes = (None, "again", "nudge") if node.kind == "collect" else (None,)
                for wrong in self._missing(prompt, attributes):
                    yield self._fault(node, *wrong)
                if node.kind == "collect":
                    yield from self._too_many_pieces(node, prompt)
        engine_prompts = {*ENGINE_PROMPTS} - ({*PACE_PROMPTS} if self.kept else set())
        for entry in () if self.kept else self.vocabulary.fields.values():
            engine_prompts |= {nomatch_prompt(reason) for reason in entry.reasons}
        for prompt in ENGINE_PROMPTS:
            for slot in sorted(self._spoken(prompt) - set(self.vocabulary.given)):
                message = f"{prompt} speaks {slot}, which may not be filled: take it out"
                yield Fault("prompts", 0, "", "flow.slot-not-filled", message)
        for prompt in sorted(engine_prompts):
            for wrong in self._missing(
                prompt, (None, "nudge") if prompt.startswith(GATE_PREFIX) else (None,)
            ):
                yield Fault("prompts", 0, "", *wrong)

    def _missing(self, prompt: str, attributes: tuple[str | None, ...]) -> Iterator[Wrong]:
        for language in self.catalog.languages:
            for attribute in attributes:
                if not self.catalog.has(prompt, attribute, language):
                    name = prompt if attribute is None else f"{prompt}.{attribute}"
                    near = "" if attribute else nearest(prompt, self.catalog.prompt_ids(language))
                    message = f"prompts/{language}.ftl has no {name}{near}: write it"
                    yield "flow.prompt-missing", message, prompt, language

    def _too_many_pieces(self, node: Node, prompt: str) -> Iterator[Fault]:
        for language in self.catalog.languages:
            if not self.catalog.has(prompt, None, language):
                continue
            for attribute in (None, "again", "nudge"):
                if len(self.catalog.pieces(prompt, attribute, language, "relay")) > 1:
                    yield self._fault(
                        node,
                        "flow.question-in-pieces",
                        f"{prompt} has several pieces in {language}: a question in relay pace is one piece",
                    )


def _difference(found: set[str], expected: set[str], what: str) -> Iterator[Wrong]:
    for name in sorted(expected - found):
        key = "next" if name == "next" else f"{'args' if what == 'argument' else 'on'}.{name}"
        yield "flow.unhandled", f"does not handle {what} {name!r}: add {key}", name
    for name in sorted(found - expected):
        use = ", ".join(sorted(expected - found))
        cure = f"use {use}" if use else "remove it"
        near = nearest(name, expected)
        yield "flow.unknown-branch", f"handles {what} {name!r}, which does not exist{near}: {cure}", name


def _use(found: str, known: Collection[str]) -> str:
    """Return what may be used instead of what was found, the nearest of several said."""
    choice = f"{'one of ' if len(known) > 1 else ''}{', '.join(known) or 'nothing'}"
    return f"{choice}{nearest(found, known)}" if len(known) > 1 else choice


def _meet(table: dict[Key, frozenset[str]], key: Key, facts: frozenset[str]) -> bool:
    before = table.get(key)
    after = facts if before is None else before & facts
    table[key] = after
    return after != before


def _on_circles(graph: Mapping[str, list[str]]) -> list[str]:
    """Return the first node of each circle, in the graph's order."""

    def reach(name: str) -> set[str]:
        todo, seen = list(graph[name]), set[str]()
        while todo:
            each = todo.pop()
            if each not in seen:
                seen.add(each)
                todo.extend(graph[each])
        return seen

    reached = {name: reach(name) for name in graph}
    firsts: list[str] = []
    for name in graph:
        if name in reached[name] and not any(
            name in reached[first] and first in reached[name] for first in firsts
        ):
            firsts.append(name)
    return firsts
