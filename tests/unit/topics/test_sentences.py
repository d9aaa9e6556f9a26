"""From what is to be said to sentences: language, pace, piece, and what cannot be spoken."""

import pytest

from ivr.dialog.state import Said
from ivr.speech.catalog import SpeechError
from ivr.topics.registry import VOCABULARY
from ivr.topics.sentences import sentences


def spoken(line, said, language="en-US", pace="voice"):
    return sentences(line.catalog, VOCABULARY.slots, said, language, pace)


CASES = [
    (Said("bank-account-ask"), "en-US", "voice", ("Enter the account number, then press pound.",)),
    (Said("gate-authorization", "again"), "en-US", "voice", ("Press 1 when you are ready to answer.",)),
    (Said("gate-go-on"), "en-US", "relay", ("Press 1 to go on.",)),
    (
        Said("language-option", language="en-US"),
        "es-US",
        "voice",
        ("For English, press 1.", "For more time or relay, press 7."),
    ),
    (
        Said("confirmation-late", values={"pay_by": "2026-12-23", "support_phone": "+18005550100"}),
        "en-US",
        "voice",
        (
            "It will arrive after Wednesday, December 23, the due date.",
            "To ask what that means, call 8, 0, 0.",
            "5, 5, 5.",
            "0, 1, 0, 0.",
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


def test_a_number_to_write_down_is_said_slowly_and_typed_as_it_comes(line):
    said = Said("trouble-payment", values={"amount": 4050, "confirmation_number": "90210042197"})
    slow = [part.text for each in spoken(line, said) for part in each.parts if part.slow]
    assert slow == ["9, 0, 2.", "1, 0, 0, 4.", "2, 1, 9, 7."] * 2
    relay = spoken(line, said, pace="relay")
    assert [each.text for each in relay] == [each.text for each in spoken(line, said)]
    assert not any(part.slow for each in relay for part in each.parts)
