"""What Twilio would skip or mend is a warning; what it could not execute is an error."""

from __future__ import annotations

import pytest

from ivr.phone.twiml import (
    Dial,
    DocumentError,
    Gather,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    parse_reply,
    parse_twiml,
)


def read(inside):
    return parse_twiml(f"<Response>{inside}</Response>".encode())


@pytest.mark.parametrize(
    ("inside", "verbs"),
    [
        ("", ()),
        ("<!-- a comment -->\n<Hangup/>", (Hangup(),)),
        ("<Say>a\n  b</Say>", (Say("a b"),)),
        (
            '<Say voice="Polly.Lupe-Neural" language="es-US" loop="2">&#191;s&#237;?</Say>',
            (Say("¿sí?", "es-US", "Polly.Lupe-Neural", 2),),
        ),
        (
            '<Say>a <break time="500ms"/><prosody rate="80%">b <break time="1.5s"/></prosody></Say>',
            (Say("a b", break_seconds=2.0),),
        ),
        ('<Pause/><Pause length="3"/>', (Pause(1.0), Pause(3.0))),
        ('<Play>/a.wav</Play><Play digits="1w2" loop="3"/>', (Play("/a.wav"), Play("", "1w2", 3))),
        ('<Redirect method="POST">/a?b=1&amp;c=2</Redirect>', (Redirect("/a?b=1&c=2"),)),
        ('<Reject/><Reject reason="busy"/>', (Reject(), Reject("busy"))),
        ("<Dial>+18005550199</Dial>", (Dial(("+18005550199",)),)),
        (
            '<Dial action="/d" timeout="20" timeLimit="60" callerId="+1800"><Number>+18005550199</Number></Dial>',
            (Dial(("+18005550199",), "/d", 20.0, 60.0, "+1800"),),
        ),
        ("<Gather/>", (Gather(speech_timeout_seconds=5.0),)),
        (
            (
                '<Gather input="dtmf speech" action="/voice/turn/2" method="POST" timeout="7" finishOnKey="" '
                'numDigits="4" actionOnEmptyResult="true" speechTimeout="3" bargeIn="false" language="es-US">'
                "<Say>a</Say><Pause/></Gather>"
            ),
            (
                Gather(
                    sounds=(Say("a"), Pause()),
                    action="/voice/turn/2",
                    keys=True,
                    speech=True,
                    timeout_seconds=7.0,
                    finish_on_key="",
                    digits_count=4,
                    action_on_empty_result=True,
                    speech_timeout_seconds=3.0,
                    barge_in=False,
                    language="es-US",
                ),
            ),
        ),
        (
            '<Gather input="speech" speechTimeout="auto"/>',
            (Gather(keys=False, speech=True, speech_timeout_seconds=None),),
        ),
    ],
)
def test_what_is_read_without_a_warning(inside, verbs):
    document = read(inside)
    assert document.verbs == verbs
    assert document.warnings == ()


HANGUP = (Hangup(),)


@pytest.mark.parametrize(
    ("inside", "code", "message", "verbs"),
    [
        ("<Speak>a</Speak><Hangup/>", 12200, "<Speak>: unknown verb, skipped", HANGUP),
        ("<hangup/>", 12200, "<hangup>: unknown verb", ()),
        ("words<Hangup/>", 12200, "<Response>: text does not belong here", HANGUP),
        ('<Say rate="1">a</Say>', 12200, "<Say>: unknown attribute rate", (Say("a"),)),
        ('<Say loop="x">a</Say>', 12200, "<Say>: loop cannot be 'x'; the default is used", (Say("a"),)),
        ("<Say/>", 12200, "<Say>: nothing to say", (Say(""),)),
        ("<Say>a<b>c</b></Say>", 12200, "<b>: no SSML that Say takes", (Say("ac"),)),
        ('<Say>a<break time="2"/></Say>', 12200, "<break>: time cannot be '2'", (Say("a"),)),
        (f"<Say>{'a' * 4097}</Say>", 13521, "<Say>: 4097 characters; 4096 are the most", (Say("a" * 4097),)),
        ('<Pause length="-1"/>', 12200, "<Pause>: length cannot be '-1'", (Pause(),)),
        ("<Pause><Say>a</Say></Pause>", 12200, "<Say>: does not belong in <Pause>, skipped", (Pause(),)),
        ("<Pause>a</Pause>", 12200, "<Pause>: text does not belong here", (Pause(),)),
        ("<Play/>", 12200, "<Play>: nothing to play, skipped", ()),
        ('<Play digits="x">/a</Play>', 13430, "<Play>: digits cannot be 'x'", (Play("/a"),)),
        ("<Redirect/>", 12200, "<Redirect>: no URL, skipped", ()),
        (
            '<Redirect method="GET">/a</Redirect>',
            12200,
            "<Redirect>: method cannot be 'GET'",
            (Redirect("/a"),),
        ),
        ('<Hangup now="1"/>', 12200, "<Hangup>: unknown attribute now", HANGUP),
        ('<Reject reason="no"/>', 12200, "<Reject>: reason cannot be 'no'", (Reject(),)),
        ("<Dial/>", 12200, "<Dial>: no number to dial, skipped", ()),
        ("<Dial>agent</Dial>", 12200, "<Dial>: no number to dial", ()),
        ("<Dial>+1800<Sip>a</Sip></Dial>", 12200, "<Sip>: does not belong in <Dial>", (Dial(("+1800",)),)),
        ('<Gather timeout="0"/>', 13313, "timeout cannot be '0'", (Gather(speech_timeout_seconds=5.0),)),
        ('<Gather numDigits="x"/>', 13314, "numDigits cannot be", (Gather(speech_timeout_seconds=5.0),)),
        ('<Gather finishOnKey="##"/>', 13310, "finishOnKey cannot", (Gather(speech_timeout_seconds=5.0),)),
        ('<Gather method="GET"/>', 13312, "method cannot be 'GET'", (Gather(speech_timeout_seconds=5.0),)),
        (
            '<Gather actionOnEmptyResult="yes"/>',
            13338,
            "cannot be 'yes'",
            (Gather(speech_timeout_seconds=5.0),),
        ),
        ('<Gather bargeIn="no"/>', 13332, "bargeIn cannot be", (Gather(speech_timeout_seconds=5.0),)),
        ('<Gather input="voice"/>', 12200, "input cannot be", (Gather(speech_timeout_seconds=5.0),)),
        (
            "<Gather><Hangup/></Gather>",
            13320,
            "<Hangup>: does not bel",
            (Gather(speech_timeout_seconds=5.0),),
        ),
        ("<Gather><Play/></Gather>", 12200, "<Play>: nothing", (Gather(speech_timeout_seconds=5.0),)),
        ("<Gather>words</Gather>", 12200, "<Gather>: text", (Gather(speech_timeout_seconds=5.0),)),
    ],
)
def test_what_is_mended_or_skipped(inside, code, message, verbs):
    document = read(inside)
    assert document.verbs == verbs
    assert [warning.code for warning in document.warnings] == [code]
    assert message in document.warnings[0].message
    assert document.warnings[0].line == 1


@pytest.mark.parametrize(
    ("voice", "language", "speaks"),
    [
        ("alice", "en-US", True),
        ("robot", "en-US", False),
        ("Polly.Joanna-Neural", "en-US", True),
        ("Polly.Joanna", "es-US", False),
        ("Polly.Nobody", "en-US", False),
        ("Google.vi-VN-Neural2-A", "vi-VN", True),
        ("Google.vi-VN-Neural2-A", "en-US", False),
    ],
)
def test_a_voice_must_speak_the_language(voice, language, speaks):
    document = read(f'<Say voice="{voice}" language="{language}">a</Say>')
    assert [warning.code for warning in document.warnings] == ([] if speaks else [13512])


@pytest.mark.parametrize(("voice", "most"), [("Polly.Joanna", 3000), ("alice", 4096)])
def test_a_voice_has_a_longest_text(voice, most):
    for length, warnings in ((most, 0), (most + 1, 1)):
        document = read(f'<Say voice="{voice}">{"a" * length}</Say>')
        assert len(document.warnings) == warnings


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<Response>", 12100),
        (b"<Response>a & b</Response>", 12100),
        (b"<Response><Say>a</say></Response>", 12100),
        (b' <?xml version="1.0"?><Response/>', 12100),
        (b"<Response><Say>\x01</Say></Response>", 12100),
        (b'<!DOCTYPE Response [<!ENTITY a "b">]><Response/>', 12100),
        (b"<response/>", 12102),
        (b"<html></html>", 12102),
    ],
)
def test_what_cannot_be_executed(body, code):
    with pytest.raises(DocumentError) as raised:
        parse_twiml(body)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "content_type", ["text/xml", "text/xml; charset=utf-8", "application/xml", "text/html", "TEXT/XML"]
)
def test_the_types_of_twiml(content_type):
    assert parse_reply(content_type, b"<Response><Hangup/></Response>").verbs == HANGUP


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (None, b"<Response/>", 12300),
        ("", b"<Response/>", 12300),
        ("application/json", b"{}", 12300),
        ("text/xml", b" \n", 11770),
        ("text/xml", b"<Response>" + b" " * 65520 + b"</Response>", 11750),
    ],
)
def test_replies_that_are_no_document(content_type, body, code):
    with pytest.raises(DocumentError) as raised:
        parse_reply(content_type, body)
    assert raised.value.code == code


def test_64_kilobytes_are_not_too_many():
    assert parse_reply("text/xml", b"<Response>" + b" " * 65515 + b"</Response>").verbs == ()


# Plain text is TwiML if it parses, else it is read aloud; audio is played; then the line hangs up.
def test_other_types_are_heard():
    assert parse_reply("text/plain", b"<Response><Hangup/></Response>").verbs == HANGUP
    assert parse_reply("text/plain", b"Good day").verbs == (Say("Good day"), Hangup())
    assert parse_reply("audio/wav", b"RIFF").verbs == (Play(""), Hangup())


def test_a_warning_names_its_line():
    document = parse_twiml(b"<Response>\n<Hangup/>\n\n<Speak/></Response>")
    assert document.warnings[0].line == 4
