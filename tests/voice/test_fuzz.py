"""Whatever a signed form holds: never a 5xx, always TwiML without a warning, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.simulator.twiml import parse_reply

FIELDS = [
    *(
        "CallStatus",
        "From",
        "Caller",
        "To",
        "Digits",
        "FinishedOnKey",
        "SpeechResult",
        "Confidence",
        "Language",
    ),
    *(
        "DialCallStatus",
        "DialBridged",
        "ErrorCode",
        "ErrorUrl",
        "CallDuration",
        "StirVerstat",
        "CallToken",
        "msg",
    ),
]
# Any text at all, since Twilio passes on what a caller's carrier sends; UTF-8 cannot carry half a surrogate pair.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KEYS = st.text("0123456789*#ABCD", max_size=20)
LIKELY = st.sampled_from(
    [
        "",
        "0",
        "1",
        "2",
        "7",
        "9",
        "#",
        "*",
        "yes",
        "I authorize",
        "sí",
        "0.93",
        "-1",
        "nan",
        "completed",
        "\x00",
    ]
)
FORMS = st.dictionaries(st.sampled_from(FIELDS) | ANY_TEXT, LIKELY | KEYS | ANY_TEXT, max_size=8)
TARGETS = st.sampled_from(
    [
        *("/voice/answer", "/voice/fallback", "/voice/person/es-US/relay", "/voice/status"),
        *("/voice/agent?reason=%00&node=%3Ca%3E/b&language=%EF%BF%BE", "next", "next", "next"),
    ]
) | st.builds("/voice/turn/{}".format, st.integers(-2, 10001))
REQUESTS = st.lists(st.tuples(TARGETS, FORMS), min_size=1, max_size=12)


def play(house, number, requests):
    """Post one call's requests; `next` is the turn that its last reply asks for."""
    sid, seq = house.call_sid(number), 0
    for target, fields in [("/voice/answer", {}), *requests]:
        path = f"/voice/turn/{seq + 1}" if target == "next" else target
        form = {**house.form_of(sid), **fields, "CallSid": sid, "AccountSid": house.account_sid}
        reply = house.post(path, form)
        if path == "/voice/status":
            assert (reply.status_code, reply.data) == (204, b"")
        elif reply.status_code == 200:
            document = parse_reply(reply.content_type, reply.data)
            assert document.warnings == ()
            seq = int(reply.headers["Ivr-Turn"])
        else:
            assert reply.status_code == 404
            assert not 0 <= int(path.rpartition("/")[2]) <= 9999


def fuzz(house, logs, calls):
    numbers = iter(range(1, 10**9))

    @settings(
        max_examples=calls,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(REQUESTS)
    def play_any(requests):
        play(house, next(numbers), requests)

    play_any()
    for trouble in ("turn_failed", "turn_unknown", "trouble_unknown", "status_not_stored"):
        assert trouble not in logs.getvalue()


def test_no_signed_form_upsets_the_line(house, logs):
    fuzz(house, logs, 60)


@pytest.mark.soak
def test_thousands_of_signed_forms_do_not_upset_the_line(house, logs):
    fuzz(house, logs, 6000)


@pytest.mark.parametrize("words", ["yes\x00", "\x00yes", "yes\x1b.", "￾yes"])
def test_a_control_character_in_what_was_heard_does_not_cost_the_payment(house, words):
    """PostgreSQL's text holds no NUL."""
    (member,) = house.load_samples("demo.letter")
    phone = house.phone()
    phone.dial()
    for keys in ("1", "1", member.member_id, member.ssn_last4, member.date_of_birth_keyed, *"1111"):
        phone.press(keys)
    for keys in ("021000021", "1", "1234567890#", "1234567890#"):
        phone.press(keys)
    heard = phone.say(words)
    assert heard.turns[-1].node != "trouble"
    assert "confirmation" in heard.prompts
