"""What prompts say of keys must be true: every wording of a question names the keys that answer it.

Callers do as they are told. A key that is named and leads nowhere, or leads somewhere and is never named,
is the commonest slip of whoever edits a menu: it stands in two files, in each wording and language anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ivr.dialog.definition import (
    AGENT_DIALOG,
    COMMON_KEYS,
    DIGITS,
    GATE,
    GIVE_UP_DIALOG,
    KEY_AGENT,
    LANGUAGE,
    MENU,
    RETURN,
    TIME_UP_DIALOG,
    Dialog,
    Fault,
    Node,
)
from ivr.dialog.flow import ENGINE_PROMPTS, GATE_GO_ON, NamedKeys, Prompts, nomatch_prompt
from ivr.dialog.vocabulary import Match, Vocabulary

GATE_KEYS: Mapping[str, str] = {"1": "goes on"}

Keys = Mapping[str, str]  # what each key does
Wrong = tuple[str, str]  # a rule's id and a message


def called_from(
    dialogs: Mapping[str, Dialog], name: str, seen: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return a dialog and all that it calls, itself or through another."""
    dialog = dialogs.get(name)
    if dialog is None or name in seen:
        return seen
    seen |= {name}
    for node in dialog.nodes.values():
        if node.kind == "call":
            seen = called_from(dialogs, node.word, seen)
    return seen


def wrong_keys(dialogs: Mapping[str, Dialog], vocabulary: Vocabulary, prompts: Prompts) -> Iterator[Fault]:
    """Yield what is not true of the keys that prompts name, in flows whose names are right."""
    yield from _SpokenKeys(dialogs, vocabulary, prompts).faults()


@dataclass(slots=True)
class _SpokenKeys:
    dialogs: Mapping[str, Dialog]
    vocabulary: Vocabulary
    prompts: Prompts
    without_agent: frozenset[str] = field(init=False)  # dialogs in which 0 only asks again

    def __post_init__(self) -> None:
        last = (AGENT_DIALOG, GIVE_UP_DIALOG, TIME_UP_DIALOG)
        self.without_agent = frozenset().union(*(called_from(self.dialogs, name) for name in last))

    def faults(self) -> Iterator[Fault]:
        for dialog in self.dialogs.values():
            common = COMMON_KEYS - ({KEY_AGENT} if dialog.name in self.without_agent else set())
            for node in dialog.nodes.values():
                heard = frozenset() if node.kind == "end" else common
                if dialog.name == AGENT_DIALOG and node.branches.get("next") == RETURN:
                    heard |= {KEY_AGENT}  # said on the way back to a question
                told = (wrong for prompt in node.prompts for wrong in self._told(node, prompt, heard))
                for wrong in dict.fromkeys(told):
                    yield Fault(f"flows/{node.dialog}.toml", node.line, node.name, *wrong)
        for wrong in dict.fromkeys(self._told_by_engine()):
            yield Fault("prompts", 0, "", *wrong)

    def _told_by_engine(self) -> Iterator[Wrong]:
        """Judge what the engine says at any question."""
        prompts = {*ENGINE_PROMPTS} - {GATE_GO_ON}
        for entry in self.vocabulary.fields.values():
            prompts |= {nomatch_prompt(reason) for reason in entry.reasons}
        for prompt in sorted(prompts):
            yield from self._anywhere(prompt, COMMON_KEYS)
        for language in self.prompts.languages:
            yield from self._exactly(GATE_GO_ON, language, GATE_KEYS, COMMON_KEYS)

    def _told(self, node: Node, prompt: str, common: frozenset[str]) -> Iterator[Wrong]:
        """Judge a node's prompt in every language."""
        if node.kind == "collect" and node.word == LANGUAGE:
            for key, language in self.vocabulary.language_keys.items():
                if language in self.prompts.languages:
                    yield from self._exactly(prompt, language, {key: "chooses this language"}, common)
            return
        keys = self._keys_of(node)
        if keys is None:
            yield from self._anywhere(prompt, common)
            return
        for language in self.prompts.languages:
            yield from self._exactly(prompt, language, keys, common)
            if node.kind == "collect" and node.word == MENU:
                yield from self._in_order(prompt, language, keys)
                yield from self._by_value(prompt, language, self._spoken_by(node))

    def _spoken_by(self, node: Node) -> Mapping[str, str]:
        """Return the slots that a menu's choices are about, each with the key that chooses it."""
        spoken: dict[str, str] = {}
        for key, target in node.branches.items():
            chosen = self.dialogs[node.dialog].nodes.get(target)
            if key in DIGITS and chosen is not None and chosen.kind == "action":
                speaks = self.vocabulary.actions[chosen.word].speaks
                spoken |= {speaks[value]: key for value in chosen.args.values() if value in speaks}
        return spoken

    def _keys_of(self, node: Node) -> Keys | None:
        """Return the keys that answer a question where one key does; None where none is asked for."""
        if node.kind != "collect":
            return None
        if node.word == MENU:
            return {key: f"leads to {target}" for key, target in node.branches.items() if key in DIGITS}
        if node.word == GATE:
            return GATE_KEYS
        entry = self.vocabulary.fields[node.word]
        if entry.num_digits != 1:
            return None
        taken = (key for key in sorted(DIGITS - COMMON_KEYS) if isinstance(entry.judge(key, {}, ()), Match))
        return dict.fromkeys(taken, f"answers {node.word}")

    def _exactly(self, prompt: str, language: str, keys: Keys, common: frozenset[str]) -> Iterator[Wrong]:
        """Judge a question's wordings: each names all its keys and no others, a nudge perhaps only some."""
        for wording in self._wordings(prompt, language):
            name, press = _name(prompt, wording, language), wording.press
            for key in sorted({*wording.named} - keys.keys() - common):
                yield (
                    "flow.key-leads-nowhere",
                    f"{name} says “{press} {key}”, which leads nowhere: name the right key, or add that one",
                )
            for key in sorted(wording.bare):
                yield (
                    "flow.lone-digit",
                    f"{name} has a lone {key}: write a key as “{press} {key}”, any other number in words",
                )
            if wording.attribute.startswith("nudge"):
                continue
            for key in sorted(keys.keys() - {*wording.named}):
                yield (
                    "flow.key-not-told",
                    f"{name} lacks key {key}, which {keys[key]}: say “{press} {key}”, or remove the key",
                )

    def _in_order(self, prompt: str, language: str, keys: Keys) -> Iterator[Wrong]:
        """Judge whether a menu's keys are told rising, as callers expect and no swap is."""
        for wording in self._wordings(prompt, language):
            told = [key for key in wording.named if key in keys]
            for before, after in pairwise(told):
                if after < before:
                    name = _name(prompt, wording, language)
                    yield (
                        "flow.keys-out-of-order",
                        f"{name} tells key {before} before key {after}: tell a menu's keys from 1 up",
                    )

    def _by_value(self, prompt: str, language: str, spoken: Mapping[str, str]) -> Iterator[Wrong]:
        """Judge sentences that speak what a choice is about: they name the key that makes that choice."""
        for wording in self._wordings(prompt, language):
            name, press = _name(prompt, wording, language), wording.press
            for sentence in wording.sentences:
                for slot in sorted(sentence.slots & spoken.keys()):
                    for key in sentence.named:
                        if key != spoken[slot]:
                            right = f"{press} {spoken[slot]}"
                            yield (
                                "flow.key-of-value",
                                f"{name} speaks ${slot} and says “{press} {key}”: that choice is “{right}”",
                            )

    def _anywhere(self, prompt: str, common: frozenset[str]) -> Iterator[Wrong]:
        """Judge a prompt that is not the question a single key answers."""
        for language in self.prompts.languages:
            for wording in self._wordings(prompt, language):
                name, press = _name(prompt, wording, language), wording.press
                for key in sorted(({*wording.named} & DIGITS) - common):
                    yield (
                        "flow.key-not-heard",
                        f"{name} says “{press} {key}”, and nothing hears that key here: say it in a menu",
                    )

    def _wordings(self, prompt: str, language: str) -> list[NamedKeys]:
        wordings = self.prompts.keys(prompt, language)
        return sorted(wordings, key=lambda wording: (wording.attribute, sorted(wording.named)))


def _name(prompt: str, wording: NamedKeys, language: str) -> str:
    return f"{prompt}{wording.attribute and '.'}{wording.attribute} in {language}"
