from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr.voice.signature import SignatureCheck

TOKEN = "12345"
# Twilio's own example of its security documentation, as its libraries test it.
TWILIO_URL = "https://mycompany.com"
TWILIO_TARGET = "/myapp.php?foo=1&bar=2"
TWILIO_FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
TWILIO_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_twilios_published_example_is_valid():
    check = SignatureCheck(TWILIO_URL, TOKEN)
    assert check.is_valid(TWILIO_TARGET, TWILIO_FIELDS, TWILIO_SIGNATURE)
    assert check.is_valid(TWILIO_TARGET, TWILIO_FIELDS[::-1], TWILIO_SIGNATURE)


@pytest.mark.parametrize(
    ("target", "fields", "signature", "token"),
    [
        ("/myapp.php?bar=2&foo=1", TWILIO_FIELDS, TWILIO_SIGNATURE, TOKEN),
        ("/myapp.php", TWILIO_FIELDS, TWILIO_SIGNATURE, TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS[1:], TWILIO_SIGNATURE, TOKEN),
        (TWILIO_TARGET, [*TWILIO_FIELDS, ("x", "")], TWILIO_SIGNATURE, TOKEN),
        (TWILIO_TARGET, [*TWILIO_FIELDS, ("Digits", "5")], TWILIO_SIGNATURE, TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS, TWILIO_SIGNATURE.lower(), TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS, TWILIO_SIGNATURE + "=", TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS, TWILIO_SIGNATURE, "12346"),
        (TWILIO_TARGET, TWILIO_FIELDS, "", TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS, None, TOKEN),
        (TWILIO_TARGET, TWILIO_FIELDS, "\udce9é", TOKEN),
    ],
)
def test_anything_else_is_not(target, fields, signature, token):
    assert not SignatureCheck(TWILIO_URL, token).is_valid(target, fields, signature)


@pytest.mark.parametrize(
    "fields",
    [
        [("a", "1"), ("a", "2")],
        [("a", "2"), ("a", "1"), ("a", "2")],
        [("b", ""), ("a", "")],
        [("é", "ü😀")],
        [],
    ],
)
def test_repeated_and_blank_fields_are_signed_as_twilio_signs_them(fields):
    """Twilio appends each distinct value of a repeated name, in order."""
    values = {name: sorted({value for other, value in fields if other == name}) for name, _ in fields}
    text = "https://line.example/t" + "".join(
        name + value for name in sorted(values) for value in values[name]
    )
    signature = RequestValidator("token").compute_signature(text, {})
    assert (
        RequestValidator("token").compute_signature("https://line.example/t", MultiDict(fields)) == signature
    )
    assert SignatureCheck("https://line.example", "token").is_valid("/t", fields, signature)
