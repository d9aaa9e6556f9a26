"""A loaded flow: dialogs, vocabulary and prompts together, compiled once at start and shared by all calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ivr.dialog.definition import Dialog, Node
from ivr.dialog.vocabulary import Vocabulary
from ivr.languages.language import PACES

# What the engine says by itself, in every flow.
NOINPUT = "noinput"
DISCARDED = "entry-discarded"
GATE_GO_ON = "gate-go-on"
GOODBYE = "goodbye"
NOT_A_CHOICE = "not-a-choice"


def pace_prompt(pace: str) -> str:
    """Return the id of the prompt that tells a pace which was just chosen, and what 7 does next."""
    return f"pace-{pace}"


def nomatch_prompt(reason: str) -> str:
    """Return the id of the prompt that tells a nomatch reason."""
    return f"nomatch-{reason}"


PACE_PROMPTS = tuple(map(pace_prompt, PACES))
ENGINE_PROMPTS = (
    *(NOINPUT, DISCARDED, GATE_GO_ON, GOODBYE, nomatch_prompt(NOT_A_CHOICE)),
    *PACE_PROMPTS,
)


class KeySentence(Protocol):
    """A sentence that names keys."""

    @property
    def slots(self) -> frozenset[str]:
        """The slots whose values it speaks."""
        ...

    @property
    def named(self) -> Sequence[str]:
        """What stands after the verb, in the order said."""
        ...


class NamedKeys(Protocol):
    """The keys that one wording of a prompt names: "press 2", and digits that stand alone elsewhere."""

    @property
    def attribute(self) -> str:
        """The attribute the wording is; "" for the prompt's own value."""
        ...

    @property
    def press(self) -> str:
        """The language's verb, after which a key is named."""
        ...

    @property
    def sentences(self) -> Sequence[KeySentence]:
        """The sentences that name a key."""
        ...

    @property
    def named(self) -> Sequence[str]:
        """What stands after the verb, in the order said."""
        ...

    @property
    def bare(self) -> frozenset[str]:
        """Lone digits that stand elsewhere."""
        ...


class Prompts(Protocol):
    """What the dialog needs to know of the prompt catalog; the words themselves are none of its business."""

    @property
    def languages(self) -> Sequence[str]:
        """The language tags there are prompts in."""
        ...

    def prompt_ids(self, language: str) -> Iterable[str]:
        """Return the prompts there are in a language."""
        ...

    def has(self, prompt_id: str, attribute: str | None, language: str) -> bool:
        """Return whether a prompt (or its attribute) exists."""
        ...

    def pieces(self, prompt_id: str, attribute: str | None, language: str, pace: str) -> tuple[int, ...]:
        """Return the words of each piece, at worst."""
        ...

    def variables(self, prompt_id: str, language: str) -> frozenset[str]:
        """Return the slots a prompt speaks."""
        ...

    def keys(self, prompt_id: str, language: str) -> Iterable[NamedKeys]:
        """Read the keys that each wording of a prompt names."""
        ...


@dataclass(frozen=True, slots=True)
class Flow:
    """Everything a call runs on. `version` is the hash of the text of all flows and prompts."""

    version: str
    dialogs: Mapping[str, Dialog]
    vocabulary: Vocabulary
    prompts: Prompts
    languages: tuple[str, ...]
    nodes: Mapping[str, Node] = field(default_factory=dict)
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unspoken: frozenset[str] = frozenset()  # prompts of reasons and paces that a kept version is older than
    terms: frozenset[str] = frozenset()  # slots that a caller's word must be given about

    @classmethod
    def compile(
        cls,
        version: str,
        dialogs: Mapping[str, Dialog],
        vocabulary: Vocabulary,
        prompts: Prompts,
        *,
        kept: bool = False,
    ) -> Flow:
        """Put the parts together. The parts have passed `checks.check_flow`, with the same `kept`."""
        nodes = {node.path: node for dialog in dialogs.values() for node in dialog.nodes.values()}
        spoken = {prompt for node in nodes.values() for prompt in node.prompts} | set(ENGINE_PROMPTS)
        reasons = {nomatch_prompt(reason) for each in vocabulary.fields.values() for reason in each.reasons}
        spoken |= reasons
        variables = {
            prompt: tuple(
                sorted(frozenset().union(*(prompts.variables(prompt, tag) for tag in prompts.languages)))
            )
            for prompt in spoken
        }
        languages = tuple(tag for tag in vocabulary.language_keys.values() if tag in prompts.languages)
        newer = reasons | {*PACE_PROMPTS}
        known = {each for each in newer for tag in prompts.languages if prompts.has(each, None, tag)}
        unspoken = frozenset(newer - known) if kept else frozenset()
        consents = (action.consent for action in vocabulary.actions.values() if action.consent)
        terms = frozenset(slot for consent in consents for slot in consent.terms)
        return cls(version, dialogs, vocabulary, prompts, languages, nodes, variables, unspoken, terms)


def version_of(files: Mapping[str, str]) -> str:
    """Return the flow version of a set of files (name -> text): SHA-256, hexadecimal."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()
