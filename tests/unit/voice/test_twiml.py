"""TwiML is written from typed values only, the same bytes each time, and nothing Twilio would warn about."""

from __future__ import annotations

import pytest

from ivr.dialog.engine import End, Listen, Wait
from ivr.simulator.twiml import Dial, Gather, Pause, Say, parse_twiml
from ivr.speech.sentence import Clip, Sentence, Words, said_by_voice, speech_seconds
from ivr.voice.twiml import NOBODY, Agent, Passage, document, last_words

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
EN = 'language="en-US" voice="Polly.Joanna-Neural"'
ES = 'language="es-US" voice="Polly.Lupe-Neural"'


def written(passages, result, *, pace="voice", language="en-US", agent=NOBODY):
    return document(passages, result, pace=pace, language=language, next_seq=4, agent=agent).decode()


def passage(language, *sentences, barge_in=True):
    return Passage(language, tuple(said_by_voice(each, language) for each in sentences), barge_in)


def test_keys_may_still_come_before_an_agent_is_called():
    early = Wait((), None, Listen(2, must_answer=False))
    assert written([passage("en-US", "One.")], early, agent=Agent("+16175550100")) == (
        f'{HEAD}<Response><Gather action="/voice/turn/4" actionOnEmptyResult="false" finishOnKey="#"'
        f' input="dtmf" method="POST" timeout="2"><Say {EN}>One.</Say></Gather>'
        '<Dial action="/voice/turn/4" method="POST" timeout="30"><Number>+16175550100</Number></Dial></Response>'
    )


def test_a_menu_is_said_inside_the_gather():
    text = written([passage("en-US", "One.", "Two.")], Wait((), Listen(7, num_digits=1)))
    assert text == (
        f'{HEAD}<Response><Gather action="/voice/turn/4" actionOnEmptyResult="true" finishOnKey="#"'
        ' input="dtmf" method="POST" numDigits="1" timeout="7">'
        f"<Say {EN}>One. Two.</Say></Gather></Response>"
    )


def test_an_entry_without_a_length_ends_with_pound_only():
    text = written([passage("en-US", "Amount.")], Wait((), Listen(10)))
    assert "numDigits" not in text
    assert 'finishOnKey="#"' in text


def test_speech_always_has_its_own_timeout():
    listen = Listen(10, speech=True, hints="yes,no")
    text = written([passage("es-US", "¿Sí?")], Wait((), listen), language="es-US")
    assert text == (
        f'{HEAD}<Response><Gather action="/voice/turn/4" actionOnEmptyResult="true" finishOnKey="#"'
        ' hints="yes,no" input="dtmf speech" language="es-US" method="POST" speechTimeout="2" timeout="10">'
        f"<Say {ES}>¿Sí?</Say></Gather></Response>"
    )
    assert 'speechTimeout="5"' in written([], Wait((), listen), pace="relay")


def test_relay_sentences_are_each_followed_by_a_pause():
    passages = [passage("en-US", "One.", "Two.", barge_in=False), passage("es-US", "Tres.")]
    text = written(passages, Wait((), Listen(70, num_digits=1)), pace="relay")
    pause = '<Pause length="3" />'
    assert text.split("<Gather")[0] == (
        f"{HEAD}<Response><Say {EN}>One.</Say>{pause}<Say {EN}>Two.</Say>{pause}"
    )
    assert text.endswith(f"><Say {ES}>Tres.</Say>{pause}</Gather></Response>")


@pytest.mark.parametrize(
    ("barge_in", "plain"),
    [
        ((), 0),
        ((True,), 0),
        ((False,), 1),
        ((False, True), 1),
        ((True, False, True), 2),
        ((True, True), 0),
        ((True, False), 2),
        ((False, True, False), 3),
    ],
)
def test_what_no_key_may_cut_short_stands_before_the_gather(barge_in, plain):
    """And everything before it too: the order never changes."""
    passages = [passage("en-US", f"Sentence {n}.", barge_in=each) for n, each in enumerate(barge_in)]
    *said, gather = parse_twiml(written(passages, Wait((), Listen(7))).encode()).verbs
    assert [verb.text for verb in said] == [f"Sentence {n}." for n in range(plain)]
    assert isinstance(gather, Gather)
    assert [sound.text for sound in gather.sounds] == [f"Sentence {n}." for n in range(plain, len(barge_in))]


def test_an_end_says_everything_and_hangs_up():
    text = written([passage("en-US", "Goodbye.")], End((), "goodbye"))
    assert text == f"{HEAD}<Response><Say {EN}>Goodbye.</Say><Hangup /></Response>"
    assert written([], End((), "agent")) == f"{HEAD}<Response><Hangup /></Response>"


def test_a_transfer_dials_and_comes_back():
    text = written(
        [passage("en-US", "Connecting.")],
        Wait((), None),
        agent=Agent("+16175550188", "reason=asked&node=a/b"),
    )
    assert text == (
        f'{HEAD}<Response><Say {EN}>Connecting.</Say><Dial action="/voice/turn/4" method="POST" timeout="30">'
        '<Number method="POST" url="/voice/agent?reason=asked&amp;node=a/b">+16175550188</Number></Dial></Response>'
    )
    assert parse_twiml(text.encode()).verbs[-1].told == "/voice/agent?reason=asked&node=a/b"


def test_last_words_lead_to_a_person_or_the_end():
    passages = [passage("en-US", "Sorry."), passage("es-US", "Lo sentimos.")]
    assert last_words(passages, NOBODY).decode() == (
        f"{HEAD}<Response><Say {EN}>Sorry.</Say><Say {ES}>Lo sentimos.</Say><Hangup /></Response>"
    )
    verbs = parse_twiml(last_words(passages, Agent("+16175550188"))).verbs
    assert [type(verb) for verb in verbs] == [Say, Say, Dial]
    assert verbs[2] == Dial(("+16175550188",), action="/voice/person/es-US/voice")
    relay = parse_twiml(last_words(passages[:1], Agent("+16175550188"), "relay")).verbs
    assert relay[-1] == Dial(("+16175550188",), action="/voice/person/en-US/relay")


@pytest.mark.parametrize("pace", ["voice", "relay"])
def test_a_clip_is_played_where_it_stands(pace):
    """What is said before and after it stays one Say; an operator gets the pause after each sentence."""
    greeting = Sentence((Clip("Welcome.", "en-US", "/audio/en-US/welcome.wav", 1.5),))
    owed = Sentence((Words("You owe", "en-US"), Clip("12 dollars.", "en-US", "/audio/en-US/12.wav", 0.8)))
    due = said_by_voice("It is due today.", "en-US")
    text = written([Passage("en-US", (greeting, owed, due))], End((), "goodbye"), pace=pace)
    pause = '<Pause length="3" />' if pace == "relay" else ""
    assert text == (
        f"{HEAD}<Response><Play>/audio/en-US/welcome.wav</Play>{pause}<Say {EN}>You owe</Say>"
        f"<Play>/audio/en-US/12.wav</Play>{pause}<Say {EN}>It is due today.</Say>{pause}<Hangup /></Response>"
    )
    assert parse_twiml(text.encode()).warnings == ()


def test_digits_to_write_down_are_said_slowly_with_pauses():
    slow = ["9, 0, 2.", "1, 0, 0."]
    said = [
        said_by_voice(text, "en-US", slow)
        for text in ("Get a pen.", "It is 9, 0, 2.", "1, 0, 0.", "Bye.", "Go.")
    ]
    text = written(
        [Passage("en-US", tuple(said)), Passage("es-US", (said_by_voice("1.", "es-US", ["1."]),))],
        End((), "goodbye"),
    )
    pause = '<break time="700ms" />'
    assert text == (
        f'{HEAD}<Response><Say {EN}>Get a pen. It is<prosody rate="85%"> 9, 0, 2.</prosody>{pause}'
        f'<prosody rate="85%"> 1, 0, 0.</prosody>{pause} Bye. Go.</Say>'
        f'<Say {ES}><prosody rate="85%"> 1.</prosody>{pause}</Say><Hangup /></Response>'
    )
    read = parse_twiml(text.encode())
    assert read.warnings == ()
    heard = speech_seconds(read.verbs[0].text, "en-US") + read.verbs[0].break_seconds
    assert heard == pytest.approx(sum(each.seconds for each in said))


@pytest.mark.parametrize("text", ["A & B <C> \"D\" 'E' ]]>", "ñ ¿ 中文 😀", "</Say><Hangup/>", "&amp;"])
def test_markup_in_words_is_only_words(text):
    document_ = parse_twiml(written([passage("en-US", text)], End((), "goodbye")).encode())
    assert document_.warnings == ()
    assert [getattr(verb, "text", None) for verb in document_.verbs] == [text, None]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x0c", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_a_character_that_would_end_the_call_is_an_error_here(character):
    """12100 drops the call; an error is told truly."""
    with pytest.raises(ValueError, match=r"outside XML 1\.0"):
        written([passage("en-US", f"a{character}b")], End((), "goodbye"))
    with pytest.raises(ValueError, match=r"outside XML 1\.0"):
        last_words([passage("en-US", f"a{character}b")], NOBODY)


@pytest.mark.parametrize("pace", ["voice", "relay"])
@pytest.mark.parametrize("language", ["en-US", "es-US"])
@pytest.mark.parametrize(
    "result",
    [
        Wait((), Listen(7, num_digits=1)),
        Wait((), Listen(120)),
        Wait((), Listen(10, speech=True, hints="sí,no")),
        Wait((), None),
        End((), "goodbye"),
    ],
)
def test_no_document_makes_twilio_warn_and_all_are_stable(pace, language, result):
    passages = [passage(language, "One.", "Two.", barge_in=False), passage(language, "Three.")]
    first = written(passages, result, pace=pace, language=language, agent=Agent("+16175550188"))
    assert first == written(passages, result, pace=pace, language=language, agent=Agent("+16175550188"))
    read = parse_twiml(first.encode())
    assert read.warnings == ()
    if pace == "relay":
        sounds = [
            *read.verbs,
            *(sound for verb in read.verbs if isinstance(verb, Gather) for sound in verb.sounds),
        ]
        assert sum(isinstance(each, Pause) for each in sounds) == sum(
            isinstance(each, Say) for each in sounds
        )


def test_a_voice_is_given_what_it_says_right():
    text = written([passage("es-US", "Debe 21 dólares.")], End((), "goodbye"), language="es-US")
    assert f"<Say {ES}>Debe veintiún dólares.</Say>" in text
