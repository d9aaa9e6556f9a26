from __future__ import annotations

import pytest

from ivr.languages.words import words_said, words_typed


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("", 0),
        ("Press 1.", 2),
        ("Routing number 0, 2, 1.", 3),
        ("0, 0, 0, 0.", 1),
        ("5 p.m. on Friday, December 18", 6),
    ],
)
def test_a_group_of_digits_is_typed_as_one_word(sentence, words):
    assert words_typed(sentence, "en-US") == words


# A sentence of any length would be one word, were it counted by its spaces.
@pytest.mark.parametrize(
    ("sentence", "language", "words"),
    [
        ("按一下一号键好吧。", "cmn-CN", 5),
        ("請輸入銀行帳號,然後按井號鍵。", "yue-HK", 9),
        ("您欠 310 美元。", "cmn-CN", 5),
        ("Nhập số tài khoản, rồi nhấn phím thăng.", "vi-VN", 8),
    ],
)
def test_a_language_without_spaces_is_counted_by_its_characters(sentence, language, words):
    assert words_typed(sentence, language) == words


@pytest.mark.parametrize("language", ["cmn-CN", "zh-TW", "km-KH"])
def test_what_a_voice_says_in_any_such_language_is_too(language):
    assert words_said("按一下一号键好吧", language) == 5.0
