"""The keys that prompts name: "press 1", "oprima 1", always as a numeral after the language's verb."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from ivr.languages.registry import SPOKEN
from ivr.speech.source import Form, left_out

_LONE_DIGIT = re.compile(r"\b\d\b")
_MARKS = ".,:;!?”»\"'"


class KeySentence(NamedTuple):
    """One sentence: the slots whose values it speaks, and what stands after its verb, in order ("2", "#")."""

    slots: frozenset[str]
    named: tuple[str, ...]


class NamedKeys(NamedTuple):
    """The keys that one wording names, for one combination of its choices.

    `attribute` is "" for a prompt's own value. `press` is the language's verb, `sentences` those that name a
    key. `bare` are lone digits that stand elsewhere, a value's own left out.
    """

    attribute: str
    press: str
    sentences: tuple[KeySentence, ...]
    bare: frozenset[str]

    @property
    def named(self) -> tuple[str, ...]:
        """What stands after the verb ("2", but also "two" or "#"), in the order said."""
        return tuple(name for sentence in self.sentences for name in sentence.named)


def keys_named(text: str, language: str) -> tuple[str, ...]:
    """Return what stands after the language's verb in a text, in the order said ("2", but also "two")."""
    return tuple(word.strip(_MARKS) for word in _pressed(SPOKEN[language].press).findall(text))


def named_keys(form: Form, kinds: Mapping[str, str], language: str) -> Iterator[NamedKeys]:
    """Read the keys that a wording names, for each combination of its choices.

    A count is spoken as a numeral itself, so beside one no lone digit is told from it.
    """
    press = SPOKEN[language].press
    pressed = _pressed(press)
    counted = any(kinds[name] == "count" for name in form.variables)
    for pieces in form.samples(kinds, language, values=False):
        text = [sentence for piece in pieces for sentence in piece]
        told = (
            KeySentence(
                frozenset(name for name in form.variables if left_out(name) in sentence),
                keys_named(sentence, language),
            )
            for sentence in text
        )
        bare = frozenset() if counted else frozenset(_LONE_DIGIT.findall(pressed.sub("", " ".join(text))))
        yield NamedKeys(form.attribute or "", press, tuple(each for each in told if each.named), bare)


@cache
def _pressed(press: str) -> re.Pattern[str]:
    return re.compile(rf"\b{press}\s+(\S+)", re.IGNORECASE)
