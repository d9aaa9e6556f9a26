"""From a turn's result to TwiML: the one place that writes Gather, Say and Dial.

The twilio library builds the document and escapes it; typed values only reach it. Characters outside
XML 1.0, which it passes on and which would drop the call, are refused where prompts are read, and here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from twilio.twiml.voice_response import Gather, Say, VoiceResponse

from ivr.dialog.engine import End, Listen, Wait
from ivr.languages.language import RELAY_PAUSE_SECONDS
from ivr.languages.registry import SPOKEN
from ivr.speech.patterns import OUTSIDE_XML
from ivr.speech.sentence import (
    SLOW_PAUSE_MILLISECONDS,
    SLOW_PERCENT,
    Clip,
    Part,
    Sentence,
    Words,
)

SPEECH_TIMEOUT_SECONDS = {"voice": 2, "relay": 5}
DIAL_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences of one prompt in one language; `barge_in` false: no key may cut them short."""

    language: str
    sentences: tuple[Sentence, ...]
    barge_in: bool = True


def document(
    passages: Sequence[Passage],
    result: Wait | End,
    *,
    pace: str,
    language: str,
    next_seq: int,
    agent_phone: str,
    pause_seconds: int = 0,
) -> bytes:
    """Write the TwiML of a turn: a pause that nothing cuts short, what is said, then what is waited for.

    Everything up to the last passage that no key may cut short is plain Say; the rest stands in the Gather,
    where the first key ends it. `actionOnEmptyResult` is set, so that silence is an ordinary turn, but before
    an agent is called: there silence lets that happen.
    """
    response = VoiceResponse()
    if pause_seconds:
        response.pause(length=pause_seconds)
    plain = max((index + 1 for index, each in enumerate(passages) if not each.barge_in), default=0)
    listen = None if isinstance(result, End) else result.listen or result.early
    if listen is None:
        plain = len(passages)
    for passage in passages[:plain]:
        _speak(response, passage, pace)
    if listen is not None:
        gather = _gather(listen, pace, language, next_seq)
        for passage in passages[plain:]:
            _speak(gather, passage, pace)
        response.append(gather)
    if isinstance(result, End):
        response.hangup()
    elif result.listen is None:
        dial = response.dial(action=_action(next_seq), method="POST", timeout=DIAL_TIMEOUT_SECONDS)
        dial.number(agent_phone)
    return str(response).encode()


def last_words(passages: Sequence[Passage], agent_phone: str, pace: str = "voice") -> bytes:
    """Write a call's last words, which nothing follows but a person (`agent_phone`) or the end.

    What came of calling the person is told to an address that names all there is to know for the answer: it
    takes no database, which may be the very thing that is away.
    """
    response = VoiceResponse()
    for passage in passages:
        _speak(response, passage, pace)
    if agent_phone:
        action = f"/voice/person/{passages[-1].language}/{pace}"
        response.dial(action=action, method="POST", timeout=DIAL_TIMEOUT_SECONDS).number(agent_phone)
    else:
        response.hangup()
    return str(response).encode()


def _action(seq: int) -> str:
    return f"/voice/turn/{seq}"


def _gather(listen: Listen, pace: str, language: str, next_seq: int) -> Gather:
    more: dict[str, object] = {}
    if listen.num_digits:
        more["num_digits"] = listen.num_digits
    if listen.speech:
        more |= {
            "speech_timeout": str(SPEECH_TIMEOUT_SECONDS[pace]),
            "hints": listen.hints,
            "language": language,
        }
    return Gather(
        input="dtmf speech" if listen.speech else "dtmf",
        action=_action(next_seq),
        method="POST",
        timeout=listen.timeout_seconds,
        finish_on_key="#",
        action_on_empty_result=listen.must_answer,
        **more,
    )


def _speak(parent: VoiceResponse | Gather, passage: Passage, pace: str) -> None:
    if pace != "relay":
        _sound(parent, chain.from_iterable([sentence.parts for sentence in passage.sentences]))
        return
    for sentence in passage.sentences:
        _sound(parent, sentence.parts)
        parent.pause(length=RELAY_PAUSE_SECONDS)


def _sound(parent: VoiceResponse | Gather, parts: Iterable[Part]) -> None:
    """Write parts as they follow each other: clips, and between them as many words as one voice says."""
    for _, run in groupby(parts, key=type):
        together = list(run)
        words = [each for each in together if isinstance(each, Words)]
        if words:
            _say(parent, words)
        for each in together:
            if isinstance(each, Clip):
                parent.play(each.path)


def _say(parent: VoiceResponse | Gather, words: Sequence[Words]) -> None:
    """Write words of one language as one Say; those to be written down slowly, each with a pause after it."""
    language = words[0].language
    if any(OUTSIDE_XML.search(each.text) for each in words):
        raise ValueError("a sentence holds a character outside XML 1.0")
    say: Say | None = None
    for slow, run in groupby(words, key=lambda each: each.slow):
        texts = [each.text for each in run]
        if say is None:
            before = "" if slow else " ".join(texts)
            say = parent.say(before, voice=SPOKEN[language].voice, language=language)
        elif not slow:
            say.append(f" {' '.join(texts)}")
        for text in texts if slow else ():
            say.prosody(f" {text}", rate=f"{SLOW_PERCENT}%")
            say.break_(time=f"{SLOW_PAUSE_MILLISECONDS}ms")
