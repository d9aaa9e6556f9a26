"""What Twilio would skip or mend is a warning; what it could not execute is an error."""

from __future__ import annotations

import pytest

from ivr.simulator.twiml import (
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

GATHER = Gather(speech_timeout_seconds=5.0)


def read(inside):
    return parse_twiml(f"<Response>{inside}</Response>".encode())


# Documents: elements and attributes have the values and defaults that Twilio gives them; comments are nothing.
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
            (Say("a b", break_seconds=2.1),),  # one word at 150 a minute, a quarter longer
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
        ("<Gather/>", (GATHER,)),
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


# Warnings: an unknown verb, attribute or child is skipped with 12200; a value that is not allowed gives that
# attribute's own warning, and the default counts; the call goes on.
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
        (f"<Say>{'a' * 4097}</Say>", 13521, "<Say>: 4097 bytes; 4096 are the most", (Say("a" * 4097),)),
        ('<Say language="ht-HT">a</Say>', 13511, "<Say>: no voice speaks ht-HT", (Say("a", "ht-HT"),)),
        ('<Say loop="">a</Say>', 12200, "<Say>: loop cannot be ''", (Say("a"),)),
        ("<Say><speak>a</speak></Say>", 12200, "<speak>: no SSML that Say takes", (Say("a"),)),
        (
            '<Say>a<prosody rate="quick">b</prosody></Say>',
            13513,
            "<prosody>: rate cannot be 'quick'",
            (Say("ab"),),
        ),
        (
            '<Say>a<say-as interpret-as="secret">b</say-as></Say>',
            12200,
            "interpret-as cannot be 'secret'",
            (Say("ab"),),
        ),
        ('<Say>a<break strength="long"/></Say>', 12200, "strength cannot be 'long'", (Say("a"),)),
        ('<Pause length="-1"/>', 12200, "<Pause>: length cannot be '-1'", (Pause(),)),
        ("<Pause><Say>a</Say></Pause>", 12200, "<Say>: does not belong in <Pause>, skipped", (Pause(),)),
        ("<Pause>a</Pause>", 12200, "<Pause>: text does not belong here", (Pause(),)),
        ("<Play/>", 12200, "<Play>: nothing to play, skipped", ()),
        ('<Play digits="x">/a</Play>', 13430, "<Play>: digits cannot be 'x'", (Play("/a"),)),
        ("<Redirect/>", 12200, "<Redirect>: no URL, skipped", ()),
        ('<Redirect method="PUT">/a</Redirect>', 12200, "method cannot be 'PUT'", (Redirect("/a"),)),
        ('<Hangup now="1"/>', 12200, "<Hangup>: unknown attribute now", HANGUP),
        ('<Reject reason="no"/>', 12200, "<Reject>: reason cannot be 'no'", (Reject(),)),
        ("<Dial/>", 12200, "<Dial>: no number to dial, skipped", ()),
        ("<Dial>agent</Dial>", 12200, "<Dial>: no number to dial", ()),
        ("<Dial>+1800<Say>a</Say></Dial>", 12200, "<Say>: does not belong in <Dial>", (Dial(("+1800",)),)),
        ('<Gather timeout="0"/>', 13313, "timeout cannot be '0'", (GATHER,)),
        ('<Gather numDigits="x"/>', 13314, "numDigits cannot be", (GATHER,)),
        ('<Gather finishOnKey="##"/>', 13310, "finishOnKey cannot", (GATHER,)),
        ('<Gather method="PUT"/>', 13312, "method cannot be 'PUT'", (GATHER,)),
        ('<Gather numDigits="0"/>', 13314, "numDigits cannot be '0'", (GATHER,)),
        ('<Gather speechTimeout="soon"/>', 12200, "speechTimeout cannot be 'soon'", (GATHER,)),
        ('<Gather speechModel="mine"/>', 12200, "speechModel cannot be 'mine'", (GATHER,)),
        ('<Gather profanityFilter="no"/>', 12200, "profanityFilter cannot be", (GATHER,)),
        ('<Gather finishonkey="*"/>', 12200, "unknown attribute finishonkey", (GATHER,)),
        (f'<Gather hints="{"a," * 500}b"/>', 12200, "hints cannot be", (GATHER,)),
        (f'<Gather hints="a,{"b" * 101}"/>', 12200, "hints cannot be", (GATHER,)),
        (
            '<Gather speechModel="phone_call" speechTimeout="auto"/>',
            13335,
            "speechTimeout cannot be auto with a model",
            (GATHER,),
        ),
        (
            '<Gather input="speech" language="ht-HT"/>',
            12200,
            "nobody recognizes speech in ht-HT",
            (Gather(keys=False, speech=True, speech_timeout_seconds=5.0, language="ht-HT"),),
        ),
        ('<Dial record="true">+1800</Dial>', 12200, "record cannot be", (Dial(("+1800",)),)),
        (f'<Pause length="{"9" * 400}"/>', 12200, "<Pause>: length cannot be", (Pause(),)),
        (f'<Say loop="{"9" * 5000}">a</Say>', 12200, "<Say>: loop cannot be", (Say("a"),)),
        (f'<Gather numDigits="{"9" * 5000}"/>', 13314, "numDigits cannot be", (GATHER,)),
        (f'<Say>a<break time="{"9" * 400}s"/></Say>', 12200, "<break>: time cannot be", (Say("a"),)),
        ('<Dial timeout="0">+1800</Dial>', 12200, "timeout cannot be '0'", (Dial(("+1800",)),)),
        ("<Dial><Number><b/>+1800</Number></Dial>", 12200, "<b>: does not belong", (Dial(("+1800",)),)),
        (
            '<Gather actionOnEmptyResult="yes"/>',
            13338,
            "cannot be 'yes'",
            (GATHER,),
        ),
        ('<Gather bargeIn="no"/>', 13332, "bargeIn cannot be", (GATHER,)),
        ('<Gather input="voice"/>', 12200, "input cannot be", (GATHER,)),
        (
            "<Gather><Hangup/></Gather>",
            13320,
            "<Hangup>: does not bel",
            (GATHER,),
        ),
        ("<Gather><Play/></Gather>", 12200, "<Play>: nothing", (GATHER,)),
        ("<Gather>words</Gather>", 12200, "<Gather>: text", (GATHER,)),
    ],
)
def test_what_is_mended_or_skipped(inside, code, message, verbs):
    document = read(inside)
    assert document.verbs == verbs
    assert [warning.code for warning in document.warnings] == [code]
    assert message in document.warnings[0].message
    assert document.warnings[0].line == 1


# What this phone does not do is a warning of its own: Twilio would do it, so that no test may pass by it.
@pytest.mark.parametrize(
    ("inside", "message", "verbs"),
    [
        *(
            (f"<{verb}/><Hangup/>", f"<{verb}>: this phone does not do it, skipped", HANGUP)
            for verb in ("Record", "Enqueue", "Leave", "Connect", "Start", "Stop", "Sms", "Refer", "Pay")
        ),
        ('<Gather method="GET"/>', "this phone does not do method='GET'", (GATHER,)),
        ('<Redirect method="GET">/a</Redirect>', "does not do method='GET'", (Redirect("/a"),)),
        ('<Gather partialResultCallback="/p"/>', "does not do partialResultCallback='/p'", (GATHER,)),
        ('<Dial referUrl="/r">+1800</Dial>', "does not do referUrl='/r'", (Dial(("+1800",)),)),
        *(
            (f'<Dial record="{record}">+1800</Dial>', f"does not do record='{record}'", (Dial(("+1800",)),))
            for each in ("answer", "ringing")
            for record in (f"record-from-{each}", f"record-from-{each}-dual")
        ),
        ('<Dial hangupOnStar="true">+1800</Dial>', "does not do hangupOnStar='true'", (Dial(("+1800",)),)),
        *(
            (f"<Dial>+1800<{noun}/></Dial>", f"<{noun}>: this phone does not dial it", (Dial(("+1800",)),))
            for noun in ("Client", "Sip", "Conference", "Queue", "Sim", "Application", "WhatsApp")
        ),
        ('<Gather timeout="auto"/>', "this phone does not do timeout='auto'", (GATHER,)),
        ('<Say loop="1001">a</Say>', "this phone does not do loop='1001'", (Say("a"),)),
    ],
)
def test_what_twilio_does_and_this_phone_does_not(inside, message, verbs):
    document = read(inside)
    assert document.verbs == verbs
    assert [(warning.code, message in warning.message) for warning in document.warnings] == [(0, True)]


# Response, version: any but a known one is warning 12101.
def test_a_version_of_the_response():
    document = parse_twiml(b'<Response version="9"><Hangup/></Response>')
    assert document.verbs == HANGUP
    assert [warning.code for warning in document.warnings] == [12101]


# Say, loop: a thousand times are the most that 0 means, and as many may be asked for.
def test_the_longest_loop():
    document = read('<Say loop="1000">a</Say><Play loop="0">/a.wav</Play>')
    assert document.verbs == (Say("a", loop=1000), Play("/a.wav", loop=0))
    assert document.warnings == ()


# Gather, language: what recognizes speech names some languages otherwise than the voices do; of those a line
# like this needs, no one hears Haitian Creole.
@pytest.mark.parametrize(
    ("language", "heard"),
    [
        *((language, True) for language in ("en-US", "es-US", "es-MX", "pt-BR", "vi-VN", "fr-FR", "fr-CA")),
        *((language, True) for language in ("cmn-Hans-CN", "cmn-Hant-TW", "yue-Hant-HK", "zh", "zh-TW")),
        *((language, False) for language in ("cmn-CN", "yue-CN", "yue-HK", "ht-HT")),
    ],
)
def test_languages_that_are_recognized(language, heard):
    document = read(f'<Gather input="speech" language="{language}"/>')
    assert [warning.code for warning in document.warnings] == ([] if heard else [12200])


# Say, SSML: what is said for a substitution is its alias.
def test_a_substitution_is_spoken_by_its_alias():
    assert read('<Say>Ask <sub alias="the Internal Revenue Service">IRS</sub>.</Say>').verbs == (
        Say("Ask the Internal Revenue Service."),
    )


# Gather, hints: up to 500 of them, each up to 100 characters, are taken.
def test_as_many_hints_as_there_may_be():
    assert read(f'<Gather hints="{",".join(["a" * 100] * 500)}"/>').warnings == ()


# Say, SSML: the basic voices know none; the newer Polly voices leave out emphasis and pitch.
@pytest.mark.parametrize(
    ("voice", "markup", "warned"),
    [
        ("woman", '<break time="1s"/>', True),
        ("Polly.Joanna", '<break time="1s"/>', False),
        ("Polly.Joanna", '<emphasis level="strong">b</emphasis>', False),
        ("Polly.Joanna-Neural", '<emphasis level="strong">b</emphasis>', True),
        ("Polly.Joanna-Generative", '<prosody pitch="high">b</prosody>', True),
        ("Polly.Joanna-Neural", '<prosody rate="80%">b</prosody>', False),
        ("Polly.Joanna-Neural", '<prosody rate="80%"><emphasis>b</emphasis></prosody>', True),
    ],
)
def test_not_every_voice_knows_ssml(voice, markup, warned):
    document = read(f'<Say voice="{voice}">a{markup}</Say>')
    assert [warning.code for warning in document.warnings] == [12200] * warned


# Say, voice and language: a pair that does not go together may fail to speak (13512).
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
        # Not every voice comes in every make.
        ("Polly.Ruth-Neural", "en-US", True),
        ("Polly.Ruth", "en-US", False),
        ("Polly.Joanna-Generative", "en-US", True),
        ("Polly.Kendra-Generative", "en-US", False),
        ("Polly.Pedro-Generative", "es-US", True),
        ("Polly.Pedro", "es-US", False),
        ("Polly.Joanna-Loud", "en-US", False),
        ("Polly.Hiujin-Neural", "yue-CN", True),
        ("Polly.Hiujin", "yue-CN", False),
        # French, of France, Canada and Belgium.
        *(
            (f"Polly.{name}", "fr-FR", True)
            for name in ("Lea", "Celine", "Mathieu", "Lea-Neural", "Remi-Neural")
        ),
        *((f"Polly.{name}", "fr-CA", True) for name in ("Chantal", "Gabrielle-Neural", "Liam-Neural")),
        ("Polly.Isabelle-Neural", "fr-BE", True),
        # Mandarin has two names.
        ("Polly.Zhiyu", "zh-CN", True),
        ("Google.cmn-CN-Wavenet-D", "zh-CN", True),
        ("Google.cmn-TW-Standard-A", "cmn-TW", True),
        # Google has none for es-MX, and only its standard make for Cantonese.
        ("Google.es-MX-Standard-A", "es-MX", False),
        ("Google.yue-HK-Standard-D", "yue-HK", True),
        ("Google.yue-HK-Wavenet-A", "yue-HK", False),
        ("Google.es-US-Neural2-C", "es-US", True),
        ("Google.pt-BR-Chirp3-HD-Kore", "pt-BR", True),
        ("Google.en-US-Nothing", "en-US", False),
    ],
)
def test_a_voice_must_speak_the_language(voice, language, speaks):
    document = read(f'<Say voice="{voice}" language="{language}">a</Say>')
    assert [warning.code for warning in document.warnings] == ([] if speaks else [13512])


# Say, length: 4,096 bytes for a basic voice, 3,000 characters for Polly, and never more than 4,500 characters in a URL,
# where a Chinese character takes nine. Over it is warning 13521.
@pytest.mark.parametrize(
    ("voice", "language", "text", "most"),
    [
        ("Polly.Joanna", "en-US", "a", 3000),
        ("Polly.Lupe", "es-US", "aaaaaaaaañ", 300),
        ("Polly.Lupe", "es-US", "ñ", 750),
        ("alice", "en-US", "a", 4096),
        ("Google.en-US-Standard-A", "en-US", "a", 4500),
        ("Google.cmn-CN-Standard-A", "cmn-CN", "好", 500),
    ],
)
def test_a_voice_has_a_longest_text(voice, language, text, most):
    for times, codes in ((most, []), (most + 1, [13521])):
        document = read(f'<Say voice="{voice}" language="{language}">{text * times}</Say>')
        assert [warning.code for warning in document.warnings] == codes


# Say, length: markup does not count in a Polly voice, and counts with every space in a Google voice, whose
# most is 5,000 bytes.
@pytest.mark.parametrize(("voice", "codes"), [("Polly.Joanna", []), ("Google.en-US-Standard-A", [13521])])
def test_markup_counts_in_some_voices(voice, codes):
    document = read(f'<Say voice="{voice}">{"a<s>b</s>" + " " * 4992}</Say>')
    assert [warning.code for warning in document.warnings] == codes


# Documents: what is not XML is error 12100, leading space before the declaration and a bare & included; another
# root, or the right one in the wrong case, is 12102.
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<Response>", 12100),
        (b"<Response>a & b</Response>", 12100),
        (b"<Response><Say>a</say></Response>", 12100),
        (b' <?xml version="1.0"?><Response/>', 12100),
        (b"<Response><Say>\x01</Say></Response>", 12100),
        (b'<!DOCTYPE Response [<!ENTITY a "b">]><Response/>', 12100),
        (b'<?xml version="1.0" encoding="nonsense"?><Response/>', 12100),
        (b'<?xml version="1.0" encoding="shift_jis"?><Response/>', 12100),
        (b"<Response><Say>" + b"<p>" * 6000 + b"a" + b"</p>" * 6000 + b"</Say></Response>", 12100),
        (b"<response/>", 12102),
        (b"<html></html>", 12102),
    ],
)
def test_what_cannot_be_executed(body, code):
    with pytest.raises(DocumentError) as raised:
        parse_twiml(body)
    assert raised.value.code == code


# Content types: three of them are TwiML, whatever their case and character set.
@pytest.mark.parametrize(
    "content_type", ["text/xml", "text/xml; charset=utf-8", "application/xml", "text/html", "TEXT/XML"]
)
def test_the_types_of_twiml(content_type):
    assert parse_reply(content_type, b"<Response><Hangup/></Response>").verbs == HANGUP


# Replies that are no document: no type or another one is 12300, an empty body 11770, over 64 kB 11750.
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


# Size: a document of 64 kB exactly is taken.
def test_64_kilobytes_are_not_too_many():
    assert parse_reply("text/xml", b"<Response>" + b" " * 65515 + b"</Response>").verbs == ()


# Content types: plain text is TwiML if it parses, else it is read aloud; audio is played; then the line hangs up.
def test_other_types_are_heard():
    assert parse_reply("text/plain", b"<Response><Hangup/></Response>").verbs == HANGUP
    assert parse_reply("text/plain", b"Good day").verbs == (Say("Good day"), Hangup())
    assert parse_reply("audio/wav", b"RIFF").verbs == (Play(""), Hangup())


# Warnings: each names the line it is about.
def test_a_warning_names_its_line():
    document = parse_twiml(b"<Response>\n<Hangup/>\n\n<Speak/></Response>")
    assert document.warnings[0].line == 4
