"""The dated facts: what is read of them, what is wrong with a file, and when they must be read again."""

from datetime import date

import pytest

from ivr.base.errors import OperatorError
from ivr.base.facts import PLACES, read_facts

KEPT = 'source = "a page"\nseen = 2026-11-28\nreview_by = 2027-05-31\n'
MAIL = f'[place.mail]\nname = "Health Connector"\nstreet = "P O Box 412612"\ncity = "Boston"\n{KEPT}'


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "facts.toml"
        path.write_text(text)
        return read_facts(path)

    return read_text


def test_the_facts_of_the_line_are_whole_and_dated():
    facts = read_facts()
    assert facts.places.keys() == PLACES.keys()
    assert facts.seasons[0].hours == "Mon-Fri 07:00-19:00; Sat 09:00-15:00"
    assert date(2026, 12, 25) in facts.holidays


def test_a_fact_is_spoken_up_to_the_day_it_must_be_read_again(read):
    facts = read(MAIL)
    assert facts.place("mail", date(2027, 5, 31))["street"] == "P O Box 412612"
    assert facts.place("mail", date(2027, 6, 1)) is None
    assert facts.place("courier", date(2027, 1, 1)) is None


def test_who_runs_the_line_is_warned_thirty_days_before(read):
    facts = read(MAIL)
    assert facts.warnings(date(2027, 4, 30)) == []
    assert "must be read again by 2027-05-31" in facts.warnings(date(2027, 5, 1))[0]
    assert "was to be read again by 2027-05-31" in facts.warnings(date(2027, 6, 1))[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "not TOML"),
        ("[other]\na = 1", "other is no fact: there are season, holidays and place"),
        (f"[place.moon]\n{KEPT}", "place.moon is no place: there are mail, courier"),
        (MAIL.replace("Boston", "<Boston>"), "place.mail: write city"),
        (MAIL.replace('city = "Boston"', ""), "place.mail: write city"),
        (MAIL.replace("P O Box 412612", "x" * 61), "place.mail: write street"),
        (MAIL.replace("P O Box 412612", "x " * 8), "place.mail: write street, of at most 7 words"),
        (MAIL.replace('source = "a page"', ""), "place.mail: write source"),
        (MAIL.replace("2027-05-31", '"soon"'), "place.mail: write seen and review_by"),
        (f"{MAIL}colour = 1", "place.mail: colour has no place here"),
        (f"[[season]]\nfrom = 2026-12-31\nuntil = 2026-11-01\nhours = 'Mon 08:00-09:00'\n{KEPT}", "season 1"),
        (
            f"[[season]]\nfrom = 2026-11-01\nuntil = 2026-12-31\nhours = 'always'\n{KEPT}",
            "season 1: 'always'",
        ),
        (f"[holidays]\ndays = ['Christmas']\n{KEPT}", "holidays: write days"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(read, text, problem):
    with pytest.raises(OperatorError) as error:
        read(text)
    assert problem in str(error.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(OperatorError, match="cannot be read"):
        read_facts(tmp_path / "none.toml")
