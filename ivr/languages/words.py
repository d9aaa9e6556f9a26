"""How many words a text has: as a voice says them, and as a relay operator types them."""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from ivr.languages.registry import LANGUAGES

_CHARACTERS_A_WORD: Final = 1.6  # where words are not divided: a word of two characters is the commonest
_WORD: Final = re.compile(r"\w+(?:['’.:]\w+)*")  # noqa: RUF001 (a typographic apostrophe is meant)
_DIGIT_GROUP: Final = re.compile(r"\d(?:, \d)+")
# Languages that are not the program's may stand in what others wrote for a voice.
_UNSPACED: Final = frozenset({"cmn", "yue", "zh", "km"})


def words_said(text: str, language: str) -> float:
    """Return how many words a voice says; a language written without spaces counts by characters."""
    return float(len(_WORD.findall(text))) if _is_spaced(language) else _by_characters(text)


def words_typed(sentence: str, language: str) -> int:
    """Return how many words a relay operator types; a group of digits is one."""
    grouped = _DIGIT_GROUP.sub("0", sentence)
    return len(grouped.split()) if _is_spaced(language) else ceil(_by_characters(grouped))


def _is_spaced(language: str) -> bool:
    known = LANGUAGES.get(language)
    return known.spaced if known else language.partition("-")[0] not in _UNSPACED


def _by_characters(text: str) -> float:
    return sum(character.isalnum() for character in text) / _CHARACTERS_A_WORD
