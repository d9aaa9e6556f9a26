"""Reading TwiML strictly: what Twilio would skip or mend is a warning here, and tests fail on warnings.

A document that Twilio could not execute at all raises `DocumentError` with Twilio's code: 12300 content type,
11750 longer than 64 kB, 11770 empty, 12100 not XML, 12102 the root is not `Response`. An unknown verb, an
unknown attribute, a child where none belongs: warning 12200 and the element or attribute is skipped. A value
that is not allowed: that attribute's warning, and the default is used. What Twilio would do and this phone
cannot is a warning too, with the code 0, so that no test passes because of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus
from xml.parsers import expat

from ivr.speech.sentence import speech_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_BASIC_BYTES = 4096
MAX_POLLY_CHARACTERS = 3000
MAX_GOOGLE_BYTES = 5000
MAX_ENCODED_CHARACTERS = 4500
MAX_HINTS = 500
MAX_HINT_CHARACTERS = 100
MAX_LOOPS = 1000
MAX_DEPTH = 100

ERROR_TOO_LONG = 11750
ERROR_EMPTY = 11770
ERROR_XML = 12100
ERROR_ROOT = 12102
ERROR_CONTENT_TYPE = 12300
WARNING_VERSION = 12101
WARNING_SCHEMA = 12200
WARNING_NESTED = 13320
WARNING_SPEECH_TIMEOUT = 13335
WARNING_LANGUAGE = 13511
WARNING_VOICE = 13512
WARNING_RATE = 13513
WARNING_SAY_LENGTH = 13521
WARNING_PLAY_DIGITS = 13430
WARNING_NOT_DONE = 0

_TWIML_TYPES = ("text/xml", "application/xml", "text/html")


class DocumentError(Exception):
    """A reply that cannot be executed; `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class TwimlWarning(NamedTuple):
    """Something Twilio would note in its debugger and go on without."""

    code: int
    line: int
    message: str


@dataclass(frozen=True)
class Say:
    """Words to speak `loop` times; `break_seconds` is what pauses and slower words inside them add."""

    text: str
    language: str = "en-US"
    voice: str | None = None
    loop: int = 1
    break_seconds: float = 0.0


@dataclass(frozen=True)
class Pause:
    """A silence."""

    seconds: float = 1.0


@dataclass(frozen=True)
class Play:
    """A recording, or tones (`digits`), played `loop` times."""

    url: str
    digits: str = ""
    loop: int = 1


Sound = Say | Pause | Play


@dataclass(frozen=True)
class Gather:
    """Waits for keys or speech while its nested sounds play and `timeout_seconds` after them.

    `action` None is the document's own URL; `finish_on_key` "" means no key finishes; `digits_count` None
    is no limit; `speech_timeout_seconds` None is `auto`, the first pause.
    """

    sounds: tuple[Sound, ...] = ()
    action: str | None = None
    keys: bool = True
    speech: bool = False
    timeout_seconds: float = 5.0
    finish_on_key: str = "#"
    digits_count: int | None = None
    action_on_empty_result: bool = False
    speech_timeout_seconds: float | None = None
    barge_in: bool = True
    language: str = "en-US"


@dataclass(frozen=True)
class Redirect:
    """Goes on with the document at a URL."""

    url: str


@dataclass(frozen=True)
class Hangup:
    """Ends the call."""


@dataclass(frozen=True)
class Reject:
    """Refuses the call before it is answered."""

    reason: str = "rejected"


@dataclass(frozen=True)
class Dial:
    """Rings other phones. `action` None means that the document goes on after the conversation.

    `told` is where Twilio asks what the first number's own phone hears before the two are connected.
    """

    numbers: tuple[str, ...]
    action: str | None = None
    timeout_seconds: float = 30.0
    time_limit_seconds: float = 14_400.0
    caller_id: str | None = None
    told: str | None = None


Verb = Say | Pause | Play | Gather | Redirect | Hangup | Reject | Dial


@dataclass(frozen=True)
class Document:
    """One TwiML document: its verbs in order, and what Twilio would have warned about."""

    verbs: tuple[Verb, ...]
    warnings: tuple[TwimlWarning, ...]


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    line: int
    children: list[_Element | str] = field(default_factory=list)

    def text(self) -> str:
        """Return the text of this element and everything in it; of a substitution, what is said for it."""
        if self.name == "sub" and "alias" in self.attributes:
            return self.attributes["alias"]
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def markup(self) -> str:
        """Return what is inside this element, its tags included, as a voice that counts them is sent it."""
        return "".join(
            child if isinstance(child, str) else f"{child.opening()}{child.markup()}</{child.name}>"
            for child in self.children
        )

    def opening(self) -> str:
        """Return the tag that begins this element."""
        return f"<{' '.join((self.name, *(f'{name}={value!r}' for name, value in self.attributes.items())))}>"

    def elements(self) -> Iterator[_Element]:
        """Yield the elements directly inside."""
        return (child for child in self.children if isinstance(child, _Element))


def parse_reply(content_type: str | None, body: bytes) -> Document:
    """Read a reply as Twilio reads it.

    XML types are TwiML. `text/plain` is TwiML if it parses, else it is read aloud and the call ends; audio is
    played and the call ends. Raises `DocumentError` for anything else, and for TwiML that cannot be executed.
    """
    if not content_type:
        raise DocumentError(ERROR_CONTENT_TYPE, "the reply has no Content-Type")
    kind = content_type.split(";", 1)[0].strip().lower()
    if len(body) > MAX_DOCUMENT_BYTES:
        raise DocumentError(
            ERROR_TOO_LONG, f"the document has {len(body)} bytes; {MAX_DOCUMENT_BYTES} are the most"
        )
    if kind.startswith("audio/"):
        return Document((Play(""), Hangup()), ())
    if not body.strip():
        raise DocumentError(ERROR_EMPTY, "the reply is empty")
    if kind == "text/plain":
        try:
            return parse_twiml(body)
        except DocumentError:
            return Document((Say(body.decode("utf-8", "replace")), Hangup()), ())
    if kind not in _TWIML_TYPES:
        raise DocumentError(ERROR_CONTENT_TYPE, f"{kind} is no type that Twilio executes")
    return parse_twiml(body)


def parse_twiml(body: bytes) -> Document:
    """Read a TwiML document. Raises `DocumentError` when it is not XML or its root is not `Response`."""
    root = _parse_xml(body)
    if root.name != "Response":
        raise DocumentError(ERROR_ROOT, f"the root is <{root.name}>, not <Response>")
    reader = _Reader()
    reader.attributes(root, _RESPONSE)
    verbs = tuple(reader.verbs(root))
    return Document(verbs, tuple(reader.warnings))


def _parse_xml(body: bytes) -> _Element:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = _Element("", {}, 0)
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            line = parser.CurrentLineNumber
            raise DocumentError(ERROR_XML, f"line {line}: elements are more than {MAX_DEPTH} deep")
        element = _Element(name, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def characters(text: str) -> None:
        stack[-1].children.append(text)

    def doctype(*_: object) -> None:
        raise DocumentError(ERROR_XML, f"line {parser.CurrentLineNumber}: a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 (expat takes it by position)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding nobody knows
        raise DocumentError(ERROR_XML, f"not well-formed XML: {error}") from error
    return next(top.elements())


def _any(_value: str) -> bool:
    return True


def _none(_value: str) -> bool:
    return False


class _Rule(NamedTuple):
    """Which values an attribute takes, the warning for any other, and those that only Twilio does."""

    allowed: Callable[[str], object]
    code: int = WARNING_SCHEMA
    not_done: Callable[[str], object] = _none


def _pattern(expression: str, code: int = WARNING_SCHEMA, not_done: str = "(?!)") -> _Rule:
    return _Rule(re.compile(expression).fullmatch, code, re.compile(not_done).fullmatch)


_ANYTHING = _Rule(_any)
_METHOD = _pattern("POST|GET", not_done="GET")
_BOOLEAN = _pattern("true|false")
# Nine digits are more seconds, or keys, than any call has.
_COUNT = _pattern("[0-9]{1,9}")
_POSITIVE = _pattern("[1-9][0-9]{0,8}")
_LOOP = _Rule(_COUNT.allowed, not_done=lambda value: int(value) > MAX_LOOPS)


def _are_hints(value: str) -> bool:
    """Return whether these are at most 500 hints of at most 100 characters, with commas between."""
    hints = value.split(",")
    return len(hints) <= MAX_HINTS and all(len(hint.strip()) <= MAX_HINT_CHARACTERS for hint in hints)


_NOT_DONE = _Rule(_any, not_done=_any)

_RESPONSE: Mapping[str, _Rule] = {"version": _Rule(_none, WARNING_VERSION)}
_SAY: Mapping[str, _Rule] = {"voice": _ANYTHING, "language": _ANYTHING, "loop": _LOOP}
_PAUSE: Mapping[str, _Rule] = {"length": _COUNT}
_PLAY: Mapping[str, _Rule] = {"loop": _LOOP, "digits": _pattern("[0-9*#A-Dw]+", WARNING_PLAY_DIGITS)}
_GATHER: Mapping[str, _Rule] = {
    "action": _ANYTHING,
    "method": _METHOD._replace(code=13312),
    "input": _pattern("dtmf|speech|dtmf speech|speech dtmf"),
    "timeout": _pattern("auto|[1-9][0-9]{0,8}", 13313, not_done="auto"),
    "finishOnKey": _pattern("[0-9#*]?", 13310),
    "numDigits": _Rule(_POSITIVE.allowed, 13314),
    "actionOnEmptyResult": _Rule(_BOOLEAN.allowed, 13338),
    "speechTimeout": _pattern("auto|[1-9][0-9]{0,8}"),
    "speechModel": _pattern("default|numbers_and_commands|phone_call|(?:experimental|googlev2|deepgram)_.+"),
    "hints": _Rule(_are_hints),
    "language": _ANYTHING,
    "profanityFilter": _BOOLEAN,
    "bargeIn": _Rule(_BOOLEAN.allowed, 13332),
    **dict.fromkeys(
        ("partialResultCallback", "partialResultCallbackMethod", "enhanced", "maxSpeechTime", "debug"),
        _NOT_DONE,
    ),
}
_REDIRECT: Mapping[str, _Rule] = {"method": _METHOD}
_REJECT: Mapping[str, _Rule] = {"reason": _pattern("rejected|busy")}
_DIAL: Mapping[str, _Rule] = {
    "action": _ANYTHING,
    "method": _METHOD,
    "timeout": _POSITIVE,
    "timeLimit": _POSITIVE,
    "callerId": _ANYTHING,
    "answerOnBridge": _BOOLEAN,
    "hangupOnStar": _pattern("true|false", not_done="true"),
    "ringTone": _ANYTHING,
    "record": _pattern("do-not-record|record-from-(?:answer|ringing)(?:-dual)?", not_done="record-from-.+"),
    **dict.fromkeys(
        (
            *("recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent"),
            *("recordingTrack", "referMethod", "referUrl", "sequential", "trim"),
        ),
        _NOT_DONE,
    ),
}
_NUMBER: Mapping[str, _Rule] = {
    "url": _ANYTHING,
    "method": _METHOD,
    **dict.fromkeys(
        ("sendDigits", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"), _NOT_DONE
    ),
}
# Whom Twilio dials besides numbers, and verbs that it executes; this phone does neither.
_NOUNS_NOT_DONE = frozenset({"Application", "Client", "Conference", "Queue", "Sim", "Sip", "WhatsApp"})
_VERBS_NOT_DONE = frozenset(
    {
        *("Connect", "Echo", "Enqueue", "Leave", "Pay", "Prompt", "Queue", "Record", "Refer", "Sms"),
        *("Start", "Stop"),
    }
)

# SSML inside Say: the elements, and the attributes each may carry.
_SSML: Mapping[str, Mapping[str, _Rule]] = {
    "break": {
        "strength": _pattern("none|x-weak|weak|medium|strong|x-strong"),
        "time": _pattern(r"[0-9]{1,6}(?:\.[0-9]{1,6})?(?:ms|s)"),
    },
    "emphasis": {"level": _pattern("strong|moderate|reduced|none")},
    "lang": {"xml:lang": _ANYTHING},
    "p": {},
    "phoneme": {"alphabet": _pattern("ipa|x-sampa|x-amazon-.+"), "ph": _ANYTHING},
    "prosody": {
        "volume": _ANYTHING,
        "rate": _pattern("x-slow|slow|medium|fast|x-fast|[0-9]+%", WARNING_RATE),
        "pitch": _ANYTHING,
    },
    "s": {},
    "say-as": {
        "interpret-as": _pattern(
            "characters|spell-out|cardinal|number|ordinal|digits|fraction|unit|date|time|address|"
            "expletive|telephone"
        ),
        "format": _pattern("mdy|dmy|ymd|md|dm|ym|my|d|m|y|yyyymmdd"),
    },
    "sub": {"alias": _ANYTHING},
    "w": {"role": _ANYTHING},
}

# What newer Polly voices leave out: no emphasis, no pitch.
_OLD_POLLY_ONLY = frozenset({("emphasis", ""), ("prosody", "pitch")})

# Polly's voices by make and language; a make is the end of a voice's name.
_POLLY: Mapping[str, Mapping[str, str]] = {
    "": {
        "en-US": "Joanna Matthew Salli Kendra Kimberly Joey Ivy Justin",
        "es-US": "Lupe Miguel Penelope",
        "es-MX": "Mia",
        "pt-BR": "Camila Ricardo Vitoria",
        "cmn-CN": "Zhiyu",
        "fr-FR": "Lea Celine Mathieu",
        "fr-CA": "Chantal",
    },
    "Neural": {
        "en-US": "Joanna Matthew Salli Kendra Kimberly Joey Ivy Justin Ruth Stephen Gregory Danielle Kevin",
        "es-US": "Lupe Pedro",
        "es-MX": "Mia Andres",
        "pt-BR": "Camila Vitoria Thiago",
        "cmn-CN": "Zhiyu",
        "yue-CN": "Hiujin",
        "fr-FR": "Lea Remi",
        "fr-CA": "Gabrielle Liam",
        "fr-BE": "Isabelle",
    },
    "Generative": {"en-US": "Joanna Matthew Danielle Ruth Stephen", "es-US": "Lupe Pedro"},
}
_GOOGLE_MAKES = re.compile(r"(?:Standard|Wavenet|Neural2)-[A-J]|Chirp3-HD-[A-Z][a-z]+")
_GOOGLE_STANDARD = re.compile("Standard-[A-D]")
_GOOGLE: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("en-US", "es-US", "pt-BR", "cmn-CN", "cmn-TW", "vi-VN", "fr-FR", "fr-CA"), _GOOGLE_MAKES
    ),
    "yue-HK": _GOOGLE_STANDARD,
}
_OTHER_NAMES: Mapping[str, str] = {"zh-CN": "cmn-CN"}
_BASIC_VOICES = ("man", "woman", "alice")
# Languages that some voice of Twilio's speaks, and those it recognizes, as far as a line like this one needs
# them. Neither knows Haitian Creole.
_LANGUAGES = frozenset(
    {
        *("en-US", "es-US", "es-MX", "pt-BR", "cmn-CN", "zh-CN", "cmn-TW", "yue-CN", "yue-HK", "vi-VN"),
        *("fr-FR", "fr-CA", "fr-BE"),
    }
)
_HEARD_LANGUAGES = frozenset(
    {
        *("en-US", "es-US", "es-MX", "pt-BR", "cmn-Hans-CN", "cmn-Hant-TW", "zh", "zh-TW", "yue-Hant-HK"),
        *("vi-VN", "fr-FR", "fr-CA"),
    }
)


def _voice_speaks(voice: str, language: str) -> bool:
    """Return whether a voice exists and speaks a language; unknown names count as wrong."""
    family, _, name = voice.partition(".")
    language = _OTHER_NAMES.get(language, language)
    if family == "Google":
        makes, prefix = _GOOGLE.get(language), f"{language}-"
        return bool(makes and name.startswith(prefix) and makes.fullmatch(name.removeprefix(prefix)))
    if family == "Polly":
        person, _, make = name.partition("-")
        return person in _POLLY.get(make, {}).get(language, "").split()
    return voice in _BASIC_VOICES


def _too_long(text: str, raw: str, voice: str) -> str:
    """Say which limit of a voice's family a text breaks, or nothing.

    Markup does not count in a Polly voice; in a Google voice every space and tag does. Whatever the voice,
    the text has to fit a URL.
    """
    family = voice.partition(".")[0]
    size, most, unit = len(text.encode()), MAX_BASIC_BYTES, "bytes"
    if family == "Polly":
        size, most, unit = len(text), MAX_POLLY_CHARACTERS, "characters"
    elif family == "Google":
        size, most = len(raw.encode()), MAX_GOOGLE_BYTES
    if size > most:
        return f"{size} {unit}; {most} are the most"
    encoded = len(quote_plus(text))
    return f"{encoded} characters in a URL" if encoded > MAX_ENCODED_CHARACTERS else ""


def _slower(element: _Element, rate: str, language: str) -> float:
    """Return the seconds that words take longer at a rate in percent; a named rate tells no time."""
    if not rate.endswith("%"):
        return 0.0
    return speech_seconds(element.text(), language) * (100 / float(rate[:-1]) - 1)


def _speech_timeout(value: str | None, timeout_seconds: float) -> float | None:
    """Return the silence that ends speech: the Gather's timeout when unset, None for `auto`."""
    if value is None:
        return timeout_seconds
    return None if value == "auto" else float(value)


class _Reader:
    """Turns elements into verbs and collects the warnings on the way."""

    def __init__(self) -> None:
        self.warnings: list[TwimlWarning] = []
        self._readers: Mapping[str, Callable[[_Element], Verb | None]] = {
            "Say": self._say,
            "Pause": self._pause,
            "Play": self._play,
            "Gather": self._gather,
            "Redirect": self._redirect,
            "Hangup": self._hangup,
            "Reject": self._reject,
            "Dial": self._dial,
        }

    def warn(self, code: int, element: _Element, message: str) -> None:
        """Record a warning about an element."""
        self.warnings.append(TwimlWarning(code, element.line, f"<{element.name}>: {message}"))

    def attributes(self, element: _Element, rules: Mapping[str, _Rule]) -> dict[str, str]:
        """Return the attributes that are known and whose values are allowed; warn about the others."""
        kept = {}
        for name, value in element.attributes.items():
            rule = rules.get(name)
            if rule is None:
                self.warn(WARNING_SCHEMA, element, f"unknown attribute {name}")
            elif not rule.allowed(value):
                self.warn(rule.code, element, f"{name} cannot be {value!r}; the default is used")
            elif rule.not_done(value):
                self.warn(WARNING_NOT_DONE, element, f"this phone does not do {name}={value!r}")
            else:
                kept[name] = value
        return kept

    def verbs(self, parent: _Element) -> Iterator[Verb]:
        """Yield the verbs of the root, skipping what Twilio would skip."""
        self._no_text(parent)
        for element in parent.elements():
            reader = self._readers.get(element.name)
            if element.name in _VERBS_NOT_DONE:
                self.warn(WARNING_NOT_DONE, element, "this phone does not do it, skipped")
                continue
            if reader is None:
                self.warn(WARNING_SCHEMA, element, "unknown verb, skipped")
                continue
            verb = reader(element)
            if verb is not None:
                yield verb

    def _no_text(self, element: _Element) -> None:
        if any(isinstance(child, str) and child.strip() for child in element.children):
            self.warn(WARNING_SCHEMA, element, "text does not belong here")

    def _no_children(self, element: _Element) -> None:
        for child in element.elements():
            self.warn(WARNING_SCHEMA, child, f"does not belong in <{element.name}>, skipped")

    def _say(self, element: _Element) -> Say:
        kept = self.attributes(element, _SAY)
        voice, language = kept.get("voice"), kept.get("language", "en-US")
        if language not in _LANGUAGES:
            self.warn(WARNING_LANGUAGE, element, f"no voice speaks {language}")
        elif voice is not None and not _voice_speaks(voice, language):
            self.warn(WARNING_VOICE, element, f"the voice {voice} does not speak {language}")
        text = " ".join(element.text().split())
        too_long = _too_long(text, element.markup(), voice or "")
        if too_long:
            self.warn(WARNING_SAY_LENGTH, element, too_long)
        if not text:
            self.warn(WARNING_SCHEMA, element, "nothing to say")
        breaks = self._breaks(element, language, voice or "")
        return Say(text, language, voice, int(kept.get("loop", "1")), breaks)

    def _breaks(self, element: _Element, language: str, voice: str) -> float:
        """Check the SSML inside an element and return the seconds its breaks and slower words add."""
        seconds = 0.0
        for child in element.elements():
            rules = _SSML.get(child.name)
            if rules is None:
                self.warn(WARNING_SCHEMA, child, "no SSML that Say takes")
                continue
            kept = self.attributes(child, rules)
            if voice in _BASIC_VOICES:
                self.warn(WARNING_SCHEMA, child, f"the voice {voice} knows no SSML")
            newer = voice.startswith("Polly.") and voice.endswith(("-Neural", "-Generative"))
            if newer and not _OLD_POLLY_ONLY.isdisjoint((child.name, name) for name in ("", *kept)):
                self.warn(WARNING_SCHEMA, child, f"the voice {voice} leaves it out")
            time = kept.get("time")
            if time is not None:
                seconds += float(time[:-2]) / 1000 if time.endswith("ms") else float(time[:-1])
            seconds += self._breaks(child, language, voice) + _slower(child, kept.get("rate", ""), language)
        return seconds

    def _pause(self, element: _Element) -> Pause:
        self._no_text(element)
        self._no_children(element)
        return Pause(float(self.attributes(element, _PAUSE).get("length", "1")))

    def _play(self, element: _Element) -> Play | None:
        self._no_children(element)
        kept = self.attributes(element, _PLAY)
        url = element.text().strip()
        if not url and "digits" not in kept:
            self.warn(WARNING_SCHEMA, element, "nothing to play, skipped")
            return None
        return Play(url, kept.get("digits", ""), int(kept.get("loop", "1")))

    def _sounds(self, gather: _Element) -> Iterator[Sound]:
        self._no_text(gather)
        for element in gather.elements():
            if element.name not in ("Say", "Pause", "Play"):
                self.warn(WARNING_NESTED, element, "does not belong in <Gather>, skipped")
                continue
            sound = self._readers[element.name](element)
            if isinstance(sound, Say | Pause | Play):
                yield sound

    def _gather(self, element: _Element) -> Gather:
        kept = self.attributes(element, _GATHER)
        inputs = kept.get("input", "dtmf").split(" ")
        timeout = float(kept.get("timeout", "5"))
        digits = kept.get("numDigits")
        if kept.get("speechTimeout") == "auto" and "speechModel" in kept:
            self.warn(WARNING_SPEECH_TIMEOUT, element, "speechTimeout cannot be auto with a model")
            del kept["speechTimeout"]
        self._speech_language(element, kept, inputs)
        return Gather(
            sounds=tuple(self._sounds(element)),
            action=kept.get("action"),
            keys="dtmf" in inputs,
            speech="speech" in inputs,
            timeout_seconds=timeout,
            finish_on_key=kept.get("finishOnKey", "#"),
            digits_count=None if digits is None else int(digits),
            action_on_empty_result=kept.get("actionOnEmptyResult") == "true",
            speech_timeout_seconds=_speech_timeout(kept.get("speechTimeout"), timeout),
            barge_in=kept.get("bargeIn") != "false",
            language=kept.get("language", "en-US"),
        )

    def _speech_language(self, element: _Element, kept: Mapping[str, str], inputs: list[str]) -> None:
        language = kept.get("language", "en-US")
        if "speech" in inputs and language not in _HEARD_LANGUAGES:
            self.warn(WARNING_SCHEMA, element, f"nobody recognizes speech in {language}")

    def _redirect(self, element: _Element) -> Redirect | None:
        self._no_children(element)
        self.attributes(element, _REDIRECT)
        url = element.text().strip()
        if not url:
            self.warn(WARNING_SCHEMA, element, "no URL, skipped")
            return None
        return Redirect(url)

    def _hangup(self, element: _Element) -> Hangup:
        self._no_text(element)
        self._no_children(element)
        self.attributes(element, {})
        return Hangup()

    def _reject(self, element: _Element) -> Reject:
        self._no_text(element)
        self._no_children(element)
        return Reject(self.attributes(element, _REJECT).get("reason", "rejected"))

    def _dial(self, element: _Element) -> Dial | None:
        kept = self.attributes(element, _DIAL)
        numbers, told = [], None
        for child in element.elements():
            if child.name in _NOUNS_NOT_DONE:
                self.warn(WARNING_NOT_DONE, child, "this phone does not dial it, skipped")
                continue
            if child.name != "Number":
                self.warn(WARNING_SCHEMA, child, "does not belong in <Dial>, skipped")
                continue
            told = self.attributes(child, _NUMBER).get("url", told)
            self._no_children(child)
            numbers.append(child.text().strip())
        direct = "".join(child for child in element.children if isinstance(child, str)).strip()
        numbers += [direct] if direct else []
        if not numbers or not all(re.fullmatch(r"\+?[0-9]{3,15}", number) for number in numbers):
            self.warn(WARNING_SCHEMA, element, "no number to dial, skipped")
            return None
        return Dial(
            numbers=tuple(numbers),
            action=kept.get("action"),
            timeout_seconds=float(kept.get("timeout", "30")),
            time_limit_seconds=float(kept.get("timeLimit", "14400")),
            caller_id=kept.get("callerId"),
            told=told,
        )
