"""A sentence as it is heard: parts in their order, words for a voice or a clip, each as long as it sounds.

Every estimate of how long a caller listens, in the simulator, a rerun and the proof, is the sum of these.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from ivr.languages.registry import SPOKEN
from ivr.languages.words import words_said, words_typed

SLOW_PERCENT: Final = 85  # of a voice's own rate
SLOW_PAUSE_MILLISECONDS: Final = 700
_WORDS_PER_MINUTE: Final = 150.0  # an ordinary synthetic voice


def speech_seconds(text: str, language: str) -> float:
    """Return the seconds a voice takes to say `text`, an estimate by words."""
    return words_said(text, language) * 60.0 / _WORDS_PER_MINUTE


class Words(NamedTuple):
    """Words for a voice; `slow`, slower and with a pause after them, are heard pen in hand."""

    text: str
    language: str
    slow: bool = False

    @property
    def aloud(self) -> str:
        """The words as the voice is given them."""
        return SPOKEN[self.language].aloud(self.text)

    @property
    def seconds(self) -> float:
        """How long the voice takes."""
        seconds = speech_seconds(self.aloud, self.language)
        return seconds * 100 / SLOW_PERCENT + SLOW_PAUSE_MILLISECONDS / 1000 if self.slow else seconds


class Clip(NamedTuple):
    """Words that somebody has recorded: `path` is where the line serves the sound, `seconds` its length."""

    text: str
    language: str
    path: str
    seconds: float


Part = Words | Clip


class Sentence(NamedTuple):
    """One sentence. A relay operator types the words of a clip too."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The sentence in writing."""
        return " ".join([part.text for part in self.parts])

    @property
    def words(self) -> int:
        """The words that an operator types."""
        return sum(words_typed(part.text, part.language) for part in self.parts)

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return sum(part.seconds for part in self.parts)


def said_by_voice(text: str, language: str, slow: Collection[str] = ()) -> Sentence:
    """Return a sentence with nothing recorded in it; one of `slow` at its end is said slowly."""
    for end in slow:
        if text.endswith(end):
            before = text.removesuffix(end).rstrip()
            words = (Words(before, language),) if before else ()
            return Sentence((*words, Words(end, language, slow=True)))
    return Sentence((Words(text, language),))
