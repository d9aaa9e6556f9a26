"""Who read which words: kept as a line a wording, and true only of the words as they were read."""

from datetime import date

import pytest

from ivr.base.errors import OperatorError
from ivr.flowmap.reviews import REVIEWS, WordingReview, digest, read_reviews, standing, written

WORDS = ("Marque su número.", "Oprima numeral.")
READ = WordingReview("Ana “La Jefa” O'Hara", date(2026, 12, 1), digest(WORDS))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / REVIEWS).mkdir(parents=True)
    return tmp_path


def test_what_is_written_is_read_again(folder):
    assert read_reviews(folder) == {}
    reviews = {"bank.relay": READ, "amount": READ}
    (folder / REVIEWS / "es-US.toml").write_text(written(reviews))
    assert read_reviews(folder) == {"es-US": reviews}


def test_a_changed_word_is_not_the_one_that_was_read():
    assert standing(READ, WORDS) == "reviewed"
    assert standing(READ, ("Marque su número.", "Oprima la tecla numeral.")) == "changed since"
    assert standing(READ, (" ".join(WORDS),)) == "changed since"
    assert standing(None, WORDS) == "not reviewed"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('welcome = { by = "Ana", on = 2026-12-01 }', "es-US.toml: welcome: write it as"),
        ('welcome = { by = "Ana", on = "today", sha256 = "0" }', "welcome: write it as"),
        ("welcome = Ana", "es-US.toml: cannot be read as TOML"),
    ],
)
def test_what_is_no_review_is_named(folder, line, said):
    (folder / REVIEWS / "es-US.toml").write_text(line)
    with pytest.raises(OperatorError, match=said):
        read_reviews(folder)
