from __future__ import annotations

import pytest

from ivr.languages.words import words_said
from ivr.simulator.speech_time import speech_seconds


# The virtual clock: words are counted; what is written without spaces is counted by its characters.
@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("", "en-US", 0),
        ("Press 1, don't wait.", "en-US", 4),
        ("1, 2, 3.\n4, 5, 6.", "en-US", 6),
        ("¿Autoriza este pago? Diga sí o no.", "es-US", 7),
        ("at 5 p.m. on Friday", "en-US", 5),
        ("40.50 dollars", "en-US", 2),
        ("按一下一号键好吧。", "cmn-CN", 5),
    ],
)
def test_words_are_counted(text, language, words):
    assert words_said(text, language) == words


# The virtual clock: a voice says 150 words a minute.
def test_a_voice_says_150_words_a_minute():
    assert speech_seconds("one two three four five", "en-US") == pytest.approx(2.0)
