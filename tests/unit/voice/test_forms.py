from __future__ import annotations

import pytest

from ivr.dialog.engine import Keys, Silence, Speech, TransferEnded
from ivr.voice.forms import CALL_SID, Caller, read_caller, read_input

WITHHELD_SPELLINGS = (
    "anonymous",
    "unknown",
    "restricted",
    "unavailable",
    "blocked",
    "private",
    "+266696687",
    "+86282452253",
    "+8656696",
    "+2562533",
    "+7378742833",
)


@pytest.mark.parametrize("shown", WITHHELD_SPELLINGS)
def test_a_withheld_number_is_known_however_it_is_spelled(shown):
    for spelling in (shown, shown.upper(), shown.title(), f"  {shown}\n", shown.removeprefix("+")):
        assert read_caller(spelling) == Caller("withheld")


def test_no_number_at_all_is_withheld():
    assert read_caller("") == read_caller(" \t") == Caller("withheld")


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("+16175550123", "+16175550123"),
        ("6175550123", "+16175550123"),
        ("+1 (617) 555-0123", "+16175550123"),
        ("+17378742833", "+17378742833"),  # Austin, not RESTRICTED
        ("+26622123456", "+26622123456"),  # Lesotho, not ANONYMOUS
        ("+8613812345678", "+8613812345678"),
        ("+5511987654321", "+5511987654321"),
    ],
)
def test_a_number_is_read_as_e164(shown, number):
    assert read_caller(shown) == Caller("number", number)


@pytest.mark.parametrize(
    "shown",
    [
        "client:1234567890",
        "client:+16175550123",
        "sip:18005550100@sip.example",
        "sip:anonymous@anonymous.invalid",
        "tel:+16175550123",
        "1-800-FLOWERS",
        "6175550123;ext=5",
        "+",
        "911",
        "\x00",
        "+999999999999999999",
        "x" * 400,
        "😀",
    ],
)
def test_what_is_no_telephone_number_is_other(shown):
    assert read_caller(shown) == Caller("other")


@pytest.mark.parametrize(
    ("form", "heard"),
    [
        ({}, Silence()),
        ({"Digits": "", "FinishedOnKey": ""}, Silence()),
        ({"SpeechResult": "  "}, Silence()),
        ({"Digits": "1"}, Keys("1")),
        ({"Digits": "12", "FinishedOnKey": "#"}, Keys("12", finished=True)),
        ({"Digits": "", "FinishedOnKey": "#"}, Keys("", finished=True)),
        ({"FinishedOnKey": "#"}, Keys("", finished=True)),
        ({"Digits": "12", "FinishedOnKey": "*"}, Keys("12")),
        ({"Digits": "1*2"}, Keys("1*2")),
        ({"Digits": "1A2d"}, Keys("1*2*")),
        ({"Digits": "٣"}, Keys("*")),
        ({"Digits": "1 2"}, Keys("1*2")),
        ({"Digits": "7" * 100}, Keys("7" * 64)),
        ({"SpeechResult": "yes", "Confidence": "0.91"}, Speech("yes", 0.91)),
        ({"SpeechResult": " yes ", "Confidence": ""}, Speech("yes", None)),
        ({"SpeechResult": "yes"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "1.5"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "-0.1"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "nan"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "inf"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "high"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "0"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "0.0"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "0.00000000"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "-0.0"}, Speech("yes", None)),
        ({"SpeechResult": "yes", "Confidence": "0.00000001"}, Speech("yes", 0.00000001)),
        ({"SpeechResult": "yes", "Confidence": "1"}, Speech("yes", 1.0)),
        ({"SpeechResult": "a" * 600}, Speech("a" * 500, None)),
        ({"SpeechResult": "yes\x00 I\x1bdo\r\n"}, Speech("yes  I do", None)),
        ({"SpeechResult": "yes", "Digits": "2"}, Speech("yes", None)),
    ],
)
def test_what_the_caller_did_is_read_from_the_form(form, heard):
    assert read_input(form, transferring=False) == heard


@pytest.mark.parametrize(
    ("status", "result"),
    [("completed", "completed"), ("answered", "completed")]
    + [(status, "failed") for status in ("busy", "no-answer", "failed", "canceled", "", "COMPLETED")],
)
def test_a_transfer_was_completed_or_failed(status, result):
    assert read_input({"DialCallStatus": status, "Digits": "1"}, transferring=True) == TransferEnded(result)
    assert read_input({}, transferring=True) == TransferEnded("failed")


def test_keys_before_a_transfer_are_keys():
    assert read_input({"Digits": "21"}, transferring=True) == Keys("21")


def test_a_call_sid_is_ca_and_32_hexadecimal_digits():
    assert CALL_SID.fullmatch("CA" + "0123456789abcdefABCDEF0123456789")
    assert not CALL_SID.fullmatch("CA" + "0" * 32 + "\n")
