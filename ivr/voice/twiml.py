"""From a turn's result to TwiML: the one place that writes Gather, Say and Dial.

The twilio library builds each kind of verb once, with marks where something is filled in; a turn fills in
what it says, escaped, in a tenth of the time. Typed values only reach it. Characters outside XML 1.0, which
would drop the call, are refused where prompts are read, and here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple
from xml.sax.saxutils import escape

from twilio.twiml import TwiML
from twilio.twiml import voice_response as verb

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

SPEECH_TIMEOUT_SECONDS = {"voice": 2, "unhurried": 5, "relay": 5}
DIAL_TIMEOUT_SECONDS = 30
DIFFERENT_GATHERS_MAX = 512
DIFFERENT_PASSAGES_MAX = 256
_MARK = "\x03"  # the library lets it through; no text may hold it


class Passage(NamedTuple):
    """Sentences of one prompt in one language; `barge_in` false: no key may cut them short.

    `fixed`: nothing of a caller is in them, so they are written once and kept.
    """

    language: str
    sentences: tuple[Sentence, ...]
    barge_in: bool = True
    fixed: bool = False


class Agent(NamedTuple):
    """Who is called: `phone` E.164, or empty; `told`: the query of the address that tells of the call."""

    phone: str = ""
    told: str = ""


NOBODY = Agent()


def document(
    passages: Sequence[Passage],
    result: Wait | End,
    *,
    pace: str,
    language: str,
    next_seq: int,
    agent: Agent,
    pause_seconds: int = 0,
) -> bytes:
    """Write the TwiML of a turn: a pause that nothing cuts short, what is said, then what is waited for.

    Everything up to the last passage that no key may cut short is plain Say; the rest stands in the Gather,
    where the first key ends it. `actionOnEmptyResult` is set, so that silence is an ordinary turn, but before
    an agent is called: there silence lets that happen.
    """
    plain = max((index + 1 for index, each in enumerate(passages) if not each.barge_in), default=0)
    listen = None if isinstance(result, End) else result.listen or result.early
    if listen is None:
        plain = len(passages)
    spoken = [(_kept if passage.fixed else _spoken)(passage, pace) for passage in passages]
    verbs = [_written(verb.Pause(length=pause_seconds))] if pause_seconds else []
    verbs += spoken[:plain]
    if listen is not None:
        before, between, after = _gather(listen, pace, language, said=plain < len(passages))
        verbs += [before, str(next_seq), between, *spoken[plain:], after]
    if isinstance(result, End):
        verbs.append(_HANGUP)
    elif result.listen is None:
        verbs.append(_dial(_action(next_seq), agent))
    return _response(verbs)


def last_words(passages: Sequence[Passage], agent: Agent, pace: str = "voice") -> bytes:
    """Write a call's last words, which nothing follows but a person (where there is a phone) or the end.

    What came of calling the person is told to an address that names all there is to know for the answer: it
    takes no database, which may be the very thing that is away.
    """
    spoken = [_spoken(passage, pace) for passage in passages]
    action = f"/voice/person/{passages[-1].language}/{pace}" if agent.phone else ""
    return _response([*spoken, _dial(action, agent) if agent.phone else _HANGUP])


def agent_told(told: Sequence[str], language: str) -> bytes:
    """Write what an agent hears who has picked up, before the caller is with them."""
    return _response([" ".join(map(escape, told)).join(_SAY[language])] if told else [])


def _written(built: TwiML) -> str:
    text: str = built.to_xml(xml_declaration=False)
    return text


def _around(text: str) -> tuple[str, str]:
    """Return what stands before a mark and after it."""
    before, _, after = text.partition(_MARK)
    return before, after


_RESPONSE = _around(str(verb.VoiceResponse().append(_MARK)))
_SAY = {
    tag: _around(_written(verb.Say(_MARK, voice=each.voice, language=tag))) for tag, each in SPOKEN.items()
}
_SLOWLY = _around(
    _written(verb.SsmlProsody(_MARK, rate=f"{SLOW_PERCENT}%"))
    + _written(verb.SsmlBreak(time=f"{SLOW_PAUSE_MILLISECONDS}ms"))
)
_HANGUP = _written(verb.Hangup())
_RELAY_PAUSE = _written(verb.Pause(length=RELAY_PAUSE_SECONDS))


def _response(verbs: Iterable[str]) -> bytes:
    return "".join(verbs).join(_RESPONSE).encode()


def _action(seq: int | str) -> str:
    return f"/voice/turn/{seq}"


def _dial(action: str, agent: Agent) -> str:
    dial = verb.Dial(action=action, method="POST", timeout=DIAL_TIMEOUT_SECONDS)
    told = {"url": f"/voice/agent?{agent.told}", "method": "POST"} if agent.told else {}
    dial.number(agent.phone, **told)
    return _written(dial)


@lru_cache(DIFFERENT_GATHERS_MAX)
def _gather(listen: Listen, pace: str, language: str, *, said: bool) -> Sequence[str]:
    """Return what stands before the next turn's number, after it, and after what is said in the Gather."""
    more: dict[str, object] = {}
    if listen.num_digits:
        more["num_digits"] = listen.num_digits
    if listen.speech:
        more |= {
            "speech_timeout": str(SPEECH_TIMEOUT_SECONDS[pace]),
            "hints": listen.hints,
            "language": language,
        }
    gather = verb.Gather(
        input="dtmf speech" if listen.speech else "dtmf",
        action=_action(_MARK),
        method="POST",
        timeout=listen.timeout_seconds,
        finish_on_key="#",
        action_on_empty_result=listen.must_answer,
        **more,
    )
    parts = _written(gather.append(_MARK) if said else gather).split(_MARK)
    return parts if said else (*parts, "")


def _spoken(passage: Passage, pace: str) -> str:
    if pace != "relay":
        return _sound(chain.from_iterable([sentence.parts for sentence in passage.sentences]))
    return "".join([_sound(sentence.parts) + _RELAY_PAUSE for sentence in passage.sentences])


_kept = lru_cache(DIFFERENT_PASSAGES_MAX)(_spoken)


def _sound(parts: Iterable[Part]) -> str:
    """Write parts as they follow each other: clips, and between them as many words as one voice says."""
    sounds = []
    for _, run in groupby(parts, key=type):
        together = list(run)
        words = [each for each in together if isinstance(each, Words)]
        clips = [_written(verb.Play(each.path)) for each in together if isinstance(each, Clip)]
        sounds += [_say(words)] if words else clips
    return "".join(sounds)


def _say(words: Sequence[Words]) -> str:
    """Write words of one language as one Say; those to be written down slowly, each with a pause after it."""
    said: list[str] = []
    for slow, run in groupby(words, key=attrgetter("slow")):
        texts = [each.aloud for each in run]
        if slow:
            said += [f" {escape(text)}".join(_SLOWLY) for text in texts]
        else:
            said.append(f"{' ' if said else ''}{escape(' '.join(texts))}")
    text = "".join(said)
    if OUTSIDE_XML.search(text):
        raise ValueError("a sentence holds a character outside XML 1.0")
    return text.join(_SAY[words[0].language])
