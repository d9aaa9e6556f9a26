from __future__ import annotations

import io

import pytest

from ivr.simulator.terminal import HELP, run_terminal

MENU = (
    '<Gather action="/voice/turn/1" numDigits="1" timeout="7" actionOnEmptyResult="true">'
    '<Say language="en-US">For English, press 1.</Say><Say language="es-US">Para español, oprima 2.</Say></Gather>'
)
SPEECH = '<Gather input="dtmf speech" action="/voice/turn/1" actionOnEmptyResult="true"><Say>Say yes.</Say></Gather>'


def talk(on, *typed):
    out = io.StringIO()
    run_terminal(on.phone, iter(f"{line}\n" for line in typed), out)
    return out.getvalue()


def test_words_come_with_their_language_and_what_is_waited_for(stage):
    on = stage(MENU, {"/voice/turn/1": "<Say>Goodbye.</Say><Hangup/>"})
    assert talk(on, "1").splitlines() == [
        HELP,
        "",
        " [en-US] For English, press 1.",
        " [es-US] Para español, oprima 2.",
        "",
        "(waits 7 s for 1 key(s))",
        "",
        " [en-US] Goodbye.",
        "",
        "The line hung up.",
    ]


@pytest.mark.parametrize(
    ("typed", "entered"),
    [
        ("021 000 021#", {"Digits": "021000021", "FinishedOnKey": "#"}),
        ("", {"Digits": ""}),
        ("say yes", {"SpeechResult": "yes"}),
        ('"I authorize"', {"SpeechResult": "I authorize"}),
        ("“sí”", {"SpeechResult": "sí"}),
        ('SAY "no"', {"SpeechResult": "no"}),
    ],
)
def test_a_line_typed_is_something_a_caller_does(stage, typed, entered):
    on = stage(SPEECH, {"/voice/turn/1": "<Hangup/>"})
    text = talk(on, typed)
    assert entered.items() <= on.app.last("/voice/turn/1").form.items()
    assert "(waits 5 s for keys, then # or spoken words)" in text


@pytest.mark.parametrize("typed", [["q"], ["Q"], []])
def test_hanging_up(stage, typed):
    on = stage(MENU)
    assert talk(on, *typed).endswith("You hung up.\n")
    assert on.app.paths == ["/voice/answer", "/voice/status"]


def test_help_and_what_no_phone_can_do(stage):
    on = stage(MENU)
    assert talk(on, "?", "hello", "q").count(HELP) == 3
    assert on.app.paths == ["/voice/answer", "/voice/status"]


def test_a_line_that_fails_says_how(stage, reply):
    on = stage("<Speak/><Redirect>/voice/turn/1</Redirect>", {"/voice/turn/1": reply("", 500)})
    on.app.replies["/voice/fallback"] = [reply("", 500)]
    text = talk(on)
    assert "The line failed." in text
    assert "! /voice/turn/1: 11200 the line answered 500" in text
    assert "! /voice/answer: 12200 line 1: <Speak>: unknown verb, skipped" in text


def test_only_speech_can_be_asked_for(stage):
    assert "(waits 5 s for spoken words)" in talk(stage('<Gather input="speech"/>'), "q")
