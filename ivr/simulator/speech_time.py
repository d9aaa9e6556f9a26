"""How long speech takes: an estimate by words and language, for a clock that need not wait."""

from __future__ import annotations

import re

_WORDS_PER_MINUTE = 150.0  # an ordinary synthetic voice
_SYLLABIC = ("cmn", "yue", "zh")
_CHARACTERS_A_WORD = 1.6  # written without spaces; a two-character word is the commonest
_WORD = re.compile(r"\w+(?:['’.:]\w+)*")  # noqa: RUF001 (a typographic apostrophe is meant)


def count_words(text: str, language: str) -> float:
    """Return how many words `text` has; a language written without spaces counts by characters."""
    if language.split("-", 1)[0] in _SYLLABIC:
        return sum(character.isalnum() for character in text) / _CHARACTERS_A_WORD
    return float(len(_WORD.findall(text)))


def speech_seconds(text: str, language: str) -> float:
    """Return the seconds a voice takes to say `text`."""
    return count_words(text, language) * 60.0 / _WORDS_PER_MINUTE
