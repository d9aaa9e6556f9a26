from __future__ import annotations

import pytest

from ivr.languages.words import words_said
from ivr.speech.sentence import Clip, Sentence, Words, said_by_voice, speech_seconds


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


def test_a_sentence_lasts_as_long_as_its_parts():
    """A clip has its own length, whatever its words; an operator types those too."""
    clip = Clip("twelve dollars.", "en-US", "/audio/en-US/12.wav", 0.8)
    owed = Sentence((Words("You owe", "en-US"), clip))
    assert (owed.text, owed.words, owed.seconds) == ("You owe twelve dollars.", 4, pytest.approx(1.6))
    assert said_by_voice("You owe twelve dollars.", "en-US").seconds == pytest.approx(1.6)


def test_what_is_written_down_is_said_slower_with_a_pause_after_it():
    slow = said_by_voice("It is 9, 0, 2.", "en-US", ["9, 0, 2."])
    assert slow.parts == (Words("It is", "en-US"), Words("9, 0, 2.", "en-US", slow=True))
    assert slow.text == "It is 9, 0, 2."
    assert slow.seconds == pytest.approx(0.8 + 1.2 / 0.85 + 0.7)
    assert said_by_voice("9, 0, 2.", "en-US", ["9, 0, 2."]).parts == slow.parts[1:]
    assert said_by_voice("It is 9.", "en-US", ["9, 0, 2."]) == said_by_voice("It is 9.", "en-US")


@pytest.mark.parametrize(
    ("written", "aloud"),
    [
        ("Debe 21 dólares con 31 centavos.", "Debe veintiún dólares con treinta y un centavos."),
        ("Debe 121 dólares.", "Debe ciento veintiún dólares."),
        ("Debe 101 dólares con 11 centavos.", "Debe ciento un dólares con 11 centavos."),
        ("Debe 1001 dólares.", "Debe mil un dólares."),
        ("Debe 31681 dólares.", "Debe treinta y un mil seiscientos ochenta y un dólares."),
        ("Debe 511 dólares.", "Debe 511 dólares."),
        ("Vence el lunes 21 de diciembre.", "Vence el lunes 21 de diciembre."),
    ],
)
def test_a_spanish_voice_says_one_as_before_a_noun(written, aloud):
    [words] = said_by_voice(written, "es-US").parts
    assert (words.text, words.aloud) == (written, aloud)
    [english] = said_by_voice("You owe 21 dollars.", "en-US").parts
    assert english.aloud == "You owe 21 dollars."
