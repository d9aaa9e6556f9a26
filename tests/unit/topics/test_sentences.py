"""From what is to be said to sentences: language, pace, piece, and what cannot be spoken."""

import pytest

from ivr.dialog.state import Said
from ivr.speech.catalog import SpeechError
from ivr.topics.registry import VOCABULARY
from ivr.topics.sentences import sentences


def spoken(line, said, language="en-US", pace="voice"):
    return sentences(line.catalog, VOCABULARY.slots, said, language, pace)


CASES = [
    (Said("bank-ready"), "en-US", "voice", ("Take your time.", "When you have the numbers, press 1.")),
    (Said("bank-ready", "again"), "en-US", "voice", ("When you have the numbers in front of you, press 1.",)),
    (Said("gate-go-on"), "en-US", "relay", ("Press 1 to go on.",)),
    (
        Said("language-option", language="en-US"),
        "es-US",
        "voice",
        ("For English, press 1.", "For more time or relay, press 7."),
    ),
    (
        Said("amount-read-back", "again", values={"amount": 4050}),
        "en-US",
        "voice",
        (
            "If 40 dollars and 50 cents is right, press 1.",
            "To enter another amount, press 2.",
            "To go back, press 3.",
        ),
    ),
]


@pytest.mark.parametrize(("said", "language", "pace", "expected"), CASES)
def test_a_prompt(line, said, language, pace, expected):
    assert tuple(each.text for each in spoken(line, said, language, pace)) == expected


def test_a_piece_is_part_of_the_whole(line):
    values = {"support_phone": "+18005550100", "support_hours": "Mon-Fri 08:00-18:00"}
    whole = spoken(line, Said("person-closed", values=values), pace="relay")
    first = spoken(line, Said("person-closed", piece=0, values=values), pace="relay")
    assert whole[: len(first)] == first
    assert len(first) < len(whole)


def test_evidence_keeps_the_pace_it_was_spoken_in(line):
    said = Said("authorization-ask", pace="relay")
    assert spoken(line, said, pace="voice") == spoken(line, Said("authorization-ask"), pace="relay")


@pytest.mark.parametrize(
    "said",
    [
        Said("amount-read-back", values={"amount": "many"}),
        Said("amount-read-back", values={"amount": ""}),
        Said("amount-read-back"),
        Said("never-written"),
    ],
)
def test_what_cannot_be_spoken(line, said):
    with pytest.raises(SpeechError):
        spoken(line, said)
