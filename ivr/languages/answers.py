"""How callers say yes and no to the terms: a no may be guessed, a yes may not.

The list of what counts as a yes is closed, and the whole of what was heard must be on it, once courtesies
and words said twice are taken away. A word of refusal and none of consent is a no. Both are asked again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

YES: Final = "yes"
NO: Final = "no"
MIXED: Final = "mixed-answer"  # a yes with a no, or with a doubt; or a doubt alone
ALMOST: Final = "almost-yes"  # what people say for yes, and for other things too
UNCLEAR: Final = "not-yes-or-no"
REPEAT: Final = "repeat"
AGENT: Final = "agent"
NOT_OWN: Final = "not-own"  # the account is another's


def normalized(words: str) -> str:
    """Return what was heard in lower case, without punctuation, single-spaced."""
    folded = unicodedata.normalize("NFC", words).casefold()
    letters = "".join(" " if unicodedata.category(each)[0] in "PZC" else each for each in folded)
    return " ".join(letters.split())


@dataclass(frozen=True, slots=True)
class Answers:
    """One language's words. All are in small letters without punctuation, as they are compared.

    `yes`, `almost`, `repeat` and `person` are whole utterances; `not_own`, `no` and `doubt` count wherever
    they stand, `yes_words` where no longer `no` holds them. `courtesies` are what may be said before and
    after a yes. In relay pace a yes must hold `relay_word` too: a plain "yes" is what operators say to their
    own caller.
    `samples` are, by what is meant, what a written call has a caller say; of a yes those that count in either
    pace, `says_yes` without an operator.
    """

    yes: frozenset[str]
    yes_words: frozenset[str]
    not_own: tuple[str, ...]
    no: tuple[str, ...]
    doubt: frozenset[str]
    almost: frozenset[str]
    repeat: frozenset[str]
    person: frozenset[str]
    courtesies: tuple[frozenset[str], frozenset[str]]
    relay_word: str
    says_yes: str
    samples: Mapping[str, str]

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every phrase that decides, in order: the recognizer's hints."""
        return tuple(sorted(self.yes | set(self.no)))

    def says(self, meaning: str, pace: str) -> str:
        """Return the words of a caller who means this in a pace."""
        return self.says_yes if meaning == YES and pace != "relay" else self.samples[meaning]

    def means(self, words: str, pace: str) -> str:
        """Return what was meant: one of the words above, `UNCLEAR` where nobody can tell."""
        text = self._bare(normalized(words))
        rest = _plain(text)
        if _holds(rest, self.not_own):
            return NOT_OWN
        for phrase in sorted(map(_plain, self.no), key=len, reverse=True):
            rest = _without(rest, phrase)
        refused, agreed = rest != _plain(text), _holds(rest, self.yes_words)
        if _is_among(text, self.yes):
            in_relay = pace == "relay" and self.relay_word not in text.split()
            return UNCLEAR if in_relay else YES
        if refused and not agreed:
            return NO
        if refused or _holds(rest, self.doubt):
            return MIXED
        if _is_among(text, self.almost):
            return UNCLEAR if pace == "relay" else ALMOST  # there, to say just yes would not help
        asked = ((REPEAT, self.repeat), (AGENT, self.person))
        return next((meaning for meaning, phrases in asked if _is_among(text, phrases)), UNCLEAR)

    def _bare(self, text: str) -> str:
        """Take away words said twice, and courtesies before and after."""
        words = text.split()
        words = [word for before, word in zip(["", *words], words, strict=False) if word != before]
        text, bare = "", " ".join(words)
        while text != bare:
            text = bare
            for courtesy in self.courtesies[0]:
                bare = bare.removeprefix(f"{courtesy} ")
            for courtesy in self.courtesies[1]:
                bare = bare.removesuffix(f" {courtesy}")
        return bare


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    """Return a text without accents: not every recognizer writes them."""
    return "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn")


def _is_among(text: str, phrases: frozenset[str]) -> bool:
    return _plain(text) in set(map(_plain, phrases))


def _holds(text: str, phrases: Collection[str]) -> bool:
    return any(f" {_plain(phrase)} " in f" {text} " for phrase in phrases)


def _without(text: str, phrase: str) -> str:
    return " ".join(f" {text} ".replace(f" {phrase} ", "  ").split())
