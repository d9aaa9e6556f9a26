"""How long speech takes: an estimate by words and language, for a clock that need not wait."""

from __future__ import annotations

from typing import Final

from ivr.languages.words import words_said

_WORDS_PER_MINUTE: Final = 150.0  # an ordinary synthetic voice


def speech_seconds(text: str, language: str) -> float:
    """Return the seconds a voice takes to say `text`."""
    return words_said(text, language) * 60.0 / _WORDS_PER_MINUTE
