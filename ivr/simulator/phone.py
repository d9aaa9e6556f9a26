"""The virtual phone: executes the line's documents as Twilio does, on a clock that need not wait.

Time is virtual: speech takes as long as its words, windows elapse, and a call of a quarter of an hour is over
in milliseconds. Keys are events in that time, so a key may interrupt a prompt, come too late, or fall between
two documents, where nobody listens.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from math import fsum
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

from ivr.simulator.heard import Ending, Heard, Note, Sounded
from ivr.simulator.twiml import (
    MAX_LOOPS,
    Dial,
    Document,
    Gather,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Sound,
    Verb,
)
from ivr.simulator.webhooks import CallFailedError, CallIdentity, Injected, Webhooks, resolved
from ivr.speech.sentence import speech_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from ivr.simulator.heard import HeardTurn, NoteKind, PhoneFailure, PhoneWarning
    from ivr.simulator.lines import CalledLine
    from ivr.simulator.webhooks import VirtualClock

DEFAULT_FROM = "+16175550123"

MAX_CALL_SECONDS = 4 * 3600.0
MAX_DOCUMENTS_UNASKED = 100
MAX_SPEECH_SECONDS = 60.0
AUTO_SPEECH_TIMEOUT_SECONDS = 1.0

_PLAY_SECONDS = 3.0  # a recording whose length nobody told
_TONE_SECONDS = 0.5
_BUSY_AFTER_SECONDS = 2.0
_ANSWERS_AFTER_SECONDS = 5.0
_TALK_SECONDS = 60.0
_APOLOGY = "We are sorry, an application error has occurred. Goodbye."
_KEYS = re.compile(r"[0-9*#]+")

# The caller leaves. What is said at a turn is heard, at least in part, or never.
_LEAVING_UNHEARD = frozenset(
    {Injected.HANGUP_BEFORE_TURN, Injected.HANGUP_DURING_TURN, Injected.STATUS_OUT_OF_ORDER}
)
_LEAVING = _LEAVING_UNHEARD | {Injected.HANGUP_AFTER_TURN}

_MICROSECONDS = 6  # decimals of a second: what a clock counts, so that sums of it do not drift

Callee = Literal["completed", "busy", "no-answer", "failed"]


class CallOverError(Exception):
    """The caller wanted to do something after the call was over, or before it was dialed."""


class EndlessCallError(Exception):
    """The line sent document after document without ever asking the caller anything."""


class _CallTooLongError(Exception):
    """Four hours are over in the middle of something."""


@dataclass(frozen=True)
class PhoneOptions:
    """How a phone behaves where Twilio leaves room, and what it checks.

    `post_twice`: every turn is posted a second time with the same token and must get the same bytes.
    `type_ahead`: keys pressed while nobody listens are `lost`, as is safest to assume, or kept in a `buffer`.
    `empty_digits`: whether an empty result carries a `blank` Digits or none (`missing`); both are seen.
    `round_trip_seconds`: the time a turn takes, in which keys fall between two documents; over 15 seconds, or
    what a URL's fragment asks for, the turn is given up.
    `hang_up_after_seconds`: how much of a reply is heard under `Fault.HANGUP_AFTER_TURN`.
    `more_parameters`: what some calls carry besides, such as ForwardedFrom, CallerName or SipCallId.
    `clips`: the seconds of recordings, by the URL in a Play.
    """

    answer_path: str = "/voice/answer"
    status_path: str = "/voice/status"
    fallback_path: str | None = "/voice/fallback"
    post_twice: bool = False
    type_ahead: Literal["lost", "buffer"] = "lost"
    empty_digits: Literal["blank", "missing"] = "blank"
    round_trip_seconds: float = 0.5
    hang_up_after_seconds: float = 1.0
    more_parameters: Mapping[str, str] = field(default_factory=dict)
    clips: Mapping[str, float] = field(default_factory=dict)


@dataclass
class _Running:
    """The document being executed: its URL, the verbs still to come, and whether it calls somebody."""

    url: str
    verbs: Iterator[Verb]
    dials: bool


@dataclass
class _OpenGather:
    """A Gather that listens: since when, until when its sounds play, and what it has collected."""

    gather: Gather
    url: str
    opened_at: float
    sounds: tuple[Sounded, ...]
    digits: str = ""
    offered: bool = False  # its sounds are among what the caller was told
    settled: bool = False  # how much of them was played is written down
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.sounds_end = _instant(self.opened_at, *(sound.seconds for sound in self.sounds))
        self.deadline = _instant(self.sounds_end, self.gather.timeout_seconds)


class Phone:
    """One call from one phone. Every public method returns what the caller then heard.

    `line` answers the webhooks, `clock` is moved by the call. `callee` says what a dialed person does;
    `hold_status` keeps the status callback back until `deliver_status`. `warnings`, `failures`, `turns` and
    `notes` tell what happened so far.
    """

    def __init__(
        self,
        line: CalledLine,
        clock: VirtualClock,
        *,
        call_sid: str,
        account_sid: str,
        from_number: str = DEFAULT_FROM,
        to_number: str = "+18005550100",
        options: PhoneOptions | None = None,
    ) -> None:
        self._options = options or PhoneOptions()
        self._clock = clock
        self._began_at = clock.now()
        self._call_sid = call_sid
        self._public_url = line.public_url
        self._status_url = urljoin(f"{line.public_url}/", self._options.status_path)
        self._webhooks = Webhooks(
            line,
            clock,
            CallIdentity(call_sid, account_sid, from_number, to_number),
            fallback_path=self._options.fallback_path,
            post_twice=self._options.post_twice,
            round_trip_seconds=self._options.round_trip_seconds,
            more_parameters=self._options.more_parameters,
        )
        self._running: _Running | None = None
        self._open: _OpenGather | None = None
        self._keys: deque[tuple[float, str]] = deque()
        self._sounds: list[Sounded] = []
        self._turns_told = 0
        self._documents_unasked = 0
        self._talked_with_agent = False
        self._call_status = "completed"
        self._status_number = 0
        self._over_at: datetime | None = None
        self._leaving: Injected | None = None
        self._leaves_at: float | None = None
        self.ended: Ending | None = None
        self.callee: Callee = "completed"
        self.hold_status = False
        self.notes: list[Note] = []

    @property
    def turns(self) -> tuple[HeardTurn, ...]:
        """Every turn so far."""
        return tuple(self._webhooks.turns)

    @property
    def warnings(self) -> tuple[PhoneWarning, ...]:
        """What Twilio would have warned about so far."""
        return tuple(self._webhooks.warnings)

    @property
    def failures(self) -> tuple[PhoneFailure, ...]:
        """The errors of the line so far."""
        return tuple(self._webhooks.failures)

    @property
    def seconds(self) -> float:
        """The seconds since the phone was picked up."""
        return (self._clock.now() - self._began_at).total_seconds()

    def inject(self, fault: Injected) -> None:
        """Inject `fault` into the next turn."""
        if fault in _LEAVING:
            self._leaving = fault
        else:
            self._webhooks.fault = fault

    # What a caller does.

    def dial(self) -> Heard:
        """Call the line."""
        if self._running is not None or self.ended is not None:
            raise CallOverError("this phone has dialed already; every call takes a phone of its own")
        self._fetch(f"{self._public_url}/", self._options.answer_path, {})
        return self._go_on()

    def press(
        self,
        keys: str,
        *,
        gap_seconds: float = 0.4,
        after_seconds: float = 1.0,
        barge_in_seconds: float | None = None,
    ) -> Heard:
        """Press keys (0-9, `*`, `#`), then nothing more until the line speaks.

        The first key comes `after_seconds` after the sounds end, or, with `barge_in_seconds`, that long after
        they began; the others follow `gap_seconds` apart. Keys that come when no Gather listens are lost.
        """
        if _KEYS.fullmatch(keys) is None:
            raise ValueError(f"{keys!r}: a phone has the keys 0-9, * and #")
        at = self._moment(self._listening(), after_seconds, barge_in_seconds)
        self._keys.extend((_instant(at, number * gap_seconds), key) for number, key in enumerate(keys))
        return self._go_on()

    def say(
        self,
        words: str,
        *,
        confidence: float | None = 0.9,
        after_seconds: float = 1.0,
        barge_in_seconds: float | None = None,
    ) -> Heard:
        """Say words; `confidence` (0-1, or None for none) is what the recognizer makes of them.

        A Gather that takes no speech does not hear them and waits on.
        """
        opened = self._listening()
        at = self._moment(opened, after_seconds, barge_in_seconds)
        talked_over = at < opened.sounds_end and not opened.gather.barge_in
        if not opened.gather.speech or talked_over or at > opened.deadline:
            self._note("lost", f"the words {words!r}")
            return self.stay_silent()
        result = {"SpeechResult": words, "Language": opened.gather.language}
        if confidence is not None:
            result["Confidence"] = f"{confidence:.8f}"
        return self._go_on(partial(self._hear, opened, at, result))

    def stay_silent(self) -> Heard:
        """Do nothing until the line stops waiting."""
        opened = self._listening()
        self._note("silence", "")
        return self._go_on(partial(self._time_out, opened))

    def hang_up(self, *, barge_in_seconds: float | None = None) -> Heard:
        """Hang up when the sounds end, or so long after they began: no action, only the status callback.

        Who waits for longer than the line does hears what comes then, and leaves in the middle of it.
        """
        opened = self._listening()
        self._leaves_at = self._moment(opened, 0.0, barge_in_seconds)
        return self._go_on()

    def deliver_status(self) -> None:
        """Post the status callback that `hold_status` held back; may be called again to repeat it."""
        self._post_status(self._call_status, self._status_number)

    def _post_status(self, call_status: str, number: int) -> None:
        if self._over_at is None:
            raise CallOverError("the call is not over: there is no status callback yet")
        seconds = (self._over_at - self._began_at).total_seconds()
        self._webhooks.status(self._status_url, call_status, seconds, at=self._over_at, number=number)

    # How time passes.

    def _listening(self) -> _OpenGather:
        if self._open is None:
            raise CallOverError("nobody listens: the call is over, or was never dialed")
        return self._open

    def _moment(self, opened: _OpenGather, after_seconds: float, barge_in_seconds: float | None) -> float:
        if barge_in_seconds is not None:
            return max(self.seconds, _instant(opened.opened_at, barge_in_seconds))
        return _instant(max(self.seconds, opened.sounds_end), after_seconds)

    def _advance_to(self, seconds: float) -> None:
        """Let time pass. Raises `_CallTooLongError` when the call may not last until then."""
        until = min(seconds, MAX_CALL_SECONDS)
        if until > self.seconds:
            self._clock.advance(until - self.seconds)
        if seconds > MAX_CALL_SECONDS:
            raise _CallTooLongError

    def _note(self, kind: NoteKind, text: str) -> None:
        self.notes.append(Note(self.seconds, kind, text))

    def _go_on(self, begin: Callable[[], None] | None = None) -> Heard:
        """Begin, then execute until the call is over or a Gather waits for a caller who does nothing."""
        try:
            if begin is not None:
                begin()
            self._execute()
        except _CallTooLongError:
            self._cut_off()
        if self._open is not None:
            self._offer(self._open)
        turns = tuple(self._webhooks.turns[self._turns_told :])
        self._turns_told = len(self._webhooks.turns)
        sounds, self._sounds = tuple(self._sounds), []
        return Heard(turns, sounds, self._open.gather if self._open else None, self.ended)

    def _execute(self) -> None:
        while self.ended is None:
            self._advance_to(self.seconds)  # a turn may have taken the call beyond its longest
            leaves_at = self._leaves_at
            if self._open is None:
                if leaves_at is not None and leaves_at <= self.seconds:
                    self._end("hangup")
                else:
                    self._execute_next()
            elif self._keys or leaves_at is not None:
                self._listen(self._open)
            elif self._goes_on(self._open):
                self._time_out(self._open)
            else:
                return

    def _goes_on(self, opened: _OpenGather) -> bool:
        """Return whether nobody need do anything here: somebody is called once the wait is over."""
        dials = self._running is not None and self._running.dials
        return dials and not opened.gather.action_on_empty_result

    def _cut_off(self) -> None:
        if self._open is not None:
            self._settle(self._open, self.seconds)
            self._open = None
        self._note("error", "a call lasts four hours at most")
        self._end("error")

    def _fetch(self, base_url: str, url: str, gathered: Mapping[str, str]) -> None:
        self._documents_unasked += 1
        if self._documents_unasked > MAX_DOCUMENTS_UNASKED:
            raise EndlessCallError(
                f"{MAX_DOCUMENTS_UNASKED} documents without a question, the last from {url}"
            )
        leaving, self._leaving = self._leaving, None
        if leaving in _LEAVING_UNHEARD:
            self._leave_unheard(leaving, base_url, url, gathered)
            return
        first = not self._webhooks.turns
        address = resolved(base_url, url).partition("#")[0]
        self._note("request", address.removeprefix(self._public_url))
        try:
            fetched = self._webhooks.fetch(base_url, url, gathered)
        except CallFailedError as error:
            self._note("error", str(error))
            self._sound(Sounded(speech_seconds(_APOLOGY, "en-US"), "en-US", _APOLOGY))
            if self.ended is None:
                self._end("error")
            return
        document = fetched.document
        verbs = self._usable(document, fetched.url, first=first)
        dials = any(isinstance(verb, Dial) for verb in document.verbs)
        self._running = _Running(fetched.url, verbs, dials)
        if leaving is Injected.HANGUP_AFTER_TURN:
            self._leaves_at = _instant(self.seconds, self._options.hang_up_after_seconds)

    def _leave_unheard(
        self, leaving: Injected | None, base_url: str, url: str, gathered: Mapping[str, str]
    ) -> None:
        """Hang up around a turn whose reply is not heard; its request and the status callback may race."""
        self._open = None
        if leaving is Injected.HANGUP_DURING_TURN:
            self._webhooks.post_unheard(base_url, url, gathered)
        self._status_number = int(leaving is Injected.STATUS_OUT_OF_ORDER)
        self._end("hangup")
        if leaving is Injected.STATUS_OUT_OF_ORDER:
            self._webhooks.post_unheard(base_url, url, gathered)
            self._post_status("in-progress", 0)

    def _leave(self, opened: _OpenGather, at: float) -> None:
        """Hang up while a Gather listens: it requests nothing, whatever was keyed."""
        self._advance_to(at)
        self._settle(opened, self.seconds)
        self._open = None
        self._end("hangup")

    def _usable(self, document: Document, url: str, *, first: bool) -> Iterator[Verb]:
        """Yield a document's verbs; Reject counts only as the very first verb of a call."""
        for number, verb in enumerate(document.verbs):
            if isinstance(verb, Reject) and (number or not first):
                self._webhooks.unusable(url, "<Reject> has no effect once the call is answered")
                continue
            yield verb

    def _execute_next(self) -> None:
        running = self._running
        verb = None if running is None else next(running.verbs, None)
        if running is None or verb is None or isinstance(verb, Hangup):
            self._end("agent" if self._talked_with_agent else "goodbye")
        elif isinstance(verb, Gather):
            self._open_gather(verb, running.url)
        elif isinstance(verb, Redirect):
            self._fetch(running.url, verb.url, {})
        elif isinstance(verb, Dial):
            self._dial(verb, running.url)
        elif isinstance(verb, Reject):
            self._end("rejected", "busy" if verb.reason == "busy" else "no-answer")
        else:
            for sounded in _sounded(verb, self._options.clips):
                if self.ended is None:
                    self._sound(sounded)

    def _sound(self, sounded: Sounded) -> None:
        """Let something be heard that no key stops; a caller who leaves hears some of it."""
        whole = _instant(self.seconds, sounded.seconds)
        until = whole if self._leaves_at is None else min(self._leaves_at, whole)
        if until >= self.seconds:
            self._sounds.append(sounded)
            if sounded.text:
                self._note("said" if whole <= min(until, MAX_CALL_SECONDS) else "cut", sounded.text)
        self._advance_to(until)
        if until < whole:
            self._end("hangup")

    # How a Gather listens.

    def _open_gather(self, gather: Gather, url: str) -> None:
        """Start listening; what was pressed before this moment is lost, or comes now out of the buffer."""
        now = self.seconds
        early = [key for at, key in self._keys if at < now]
        coming = [(at, key) for at, key in self._keys if at >= now]
        if self._options.type_ahead == "buffer":
            coming = [(now, key) for key in early] + coming
        elif early:
            self._note("lost", f"{''.join(early)} pressed while nobody listened")
        self._keys = deque(coming)
        self._documents_unasked = 0
        clips = self._options.clips
        sounds = tuple(sounded for sound in gather.sounds for sounded in _sounded(sound, clips))
        self._open = _OpenGather(gather, url, now, sounds)

    def _offer(self, opened: _OpenGather) -> None:
        """Let a caller who has nothing under way hear all of a Gather's sounds."""
        self._sounds.extend(opened.sounds)
        opened.offered = True

    def _settle(self, opened: _OpenGather, until: float) -> None:
        """Write down how much of a Gather's sounds was really played by the moment `until`."""
        if opened.settled:
            return
        opened.settled = True
        at = opened.opened_at
        for sounded in opened.sounds:
            if at >= until:
                break
            until_then = _instant(at, sounded.seconds)
            if sounded.text:
                self.notes.append(Note(at, "said" if until_then <= until else "cut", sounded.text))
            if not opened.offered:
                self._sounds.append(sounded)
            at = until_then

    def _hear(self, opened: _OpenGather, at: float, result: Mapping[str, str]) -> None:
        """Take words that begin at a moment, and request the action when the pause after them is over."""
        words, gather = result["SpeechResult"], opened.gather
        self._advance_to(at)
        self._settle(opened, at)
        self._note("spoke", words)
        duration = min(speech_seconds(words, gather.language), MAX_SPEECH_SECONDS)
        pause = gather.speech_timeout_seconds
        self._advance_to(_instant(at, duration, AUTO_SPEECH_TIMEOUT_SECONDS if pause is None else pause))
        self._act(opened, result)

    def _listen(self, opened: _OpenGather) -> None:
        """Take the keys under way, until the Gather is complete, its time is over, or the caller leaves."""
        gather, leaves_at = opened.gather, self._leaves_at
        while self._keys:
            at, key = self._keys[0]
            if at > opened.deadline or (leaves_at is not None and at > leaves_at):
                break
            self._keys.popleft()
            self._advance_to(at)
            if not gather.keys:
                self._note("lost", f"{key}: this Gather takes speech only")
                continue
            self._settle(opened, at)
            self._note("pressed", key)
            if key == gather.finish_on_key:
                self._finish(opened, key)
                return
            opened.digits += key
            if len(opened.digits) == gather.digits_count:
                self._finish(opened, "")
                return
            opened.deadline = _instant(at, gather.timeout_seconds)
        if leaves_at is not None and leaves_at <= opened.deadline:
            self._leave(opened, leaves_at)
        else:
            self._time_out(opened)

    def _time_out(self, opened: _OpenGather) -> None:
        self._advance_to(opened.deadline)
        self._settle(opened, self.seconds)
        self._finish(opened, "")

    def _finish(self, opened: _OpenGather, key: str) -> None:
        """Request the action with what was collected; with nothing, only if the Gather asks for it."""
        gather = opened.gather
        if not opened.digits and not gather.action_on_empty_result:
            self._open = None  # fall through to the next verb
            return
        result = {"Digits": opened.digits} if gather.keys else {"SpeechResult": ""}
        if not opened.digits and self._options.empty_digits == "missing":
            result = {}
        self._act(opened, {**result, "FinishedOnKey": key, "msg": "Gather End"})

    def _act(self, opened: _OpenGather, result: Mapping[str, str]) -> None:
        self._open = None
        self._talked_with_agent = False
        self._fetch(opened.url, opened.gather.action or opened.url, result)

    # Other people, and the end.

    def _dial(self, dial: Dial, url: str) -> None:
        """Ring the other phone; the conversation ends when that person hangs up."""
        self._note("dialed", ", ".join(dial.numbers))
        answers = {"completed": _ANSWERS_AFTER_SECONDS, "no-answer": dial.timeout_seconds}
        ring_seconds = min(answers.get(self.callee, _BUSY_AFTER_SECONDS), dial.timeout_seconds)
        talk_seconds = min(_TALK_SECONDS, dial.time_limit_seconds) if self.callee == "completed" else 0.0
        until = _instant(self.seconds, ring_seconds, talk_seconds)
        if self._leaves_at is not None and self._leaves_at < until:
            self._advance_to(self._leaves_at)
            self._end("hangup")
            return
        self._advance_to(until)
        leg_sid = f"CA{self._dialed_leg().hex}"
        result = {"DialCallStatus": self.callee, "DialCallSid": leg_sid}
        if self.callee == "completed":
            self._tell_agent(dial, url, leg_sid)
            self._talked_with_agent = True
            result |= {"DialCallDuration": str(round(talk_seconds)), "DialBridged": "true"}
        if dial.action is not None:
            self._fetch(url, dial.action, result)

    def _tell_agent(self, dial: Dial, url: str, leg_sid: str) -> None:
        """Let the other phone hear what it is told first; the caller hears nothing of it."""
        document = self._webhooks.tell(url, dial.told, leg_sid) if dial.told else None
        for verb in document.verbs if document else ():
            if isinstance(verb, Say):
                self._note("agent hears", verb.text)

    def _dialed_leg(self) -> uuid.UUID:
        """Return the id of the call to the other person: another one for each, the same on every run."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self._call_sid}/{len(self._webhooks.turns)}")

    def _end(self, ending: Ending, call_status: str = "completed") -> None:
        if self._keys:
            self._note("lost", f"{''.join(key for _, key in self._keys)} pressed after the call was over")
            self._keys.clear()
        self.ended = ending
        self._over_at = self._clock.now()
        self._leaves_at = None
        self._note("ended", ending)
        self._call_status = call_status
        if not self.hold_status:
            self.deliver_status()


def _instant(*seconds: float) -> float:
    """Add up seconds to the microseconds a clock counts, so that a moment is one number, however found."""
    return round(fsum(seconds), _MICROSECONDS)


def _sounded(sound: Sound, clips: Mapping[str, float]) -> tuple[Sounded, ...]:
    """Return the stretches of sound a verb makes, its loop unrolled."""
    if isinstance(sound, Pause):
        return (Sounded(sound.seconds, "", ""),)
    times = sound.loop or MAX_LOOPS
    if isinstance(sound, Play):
        seconds = len(sound.digits) * _TONE_SECONDS or clips.get(sound.url, _PLAY_SECONDS)
        return (Sounded(seconds, "", ""),) * times
    seconds = _instant(speech_seconds(sound.text, sound.language), sound.break_seconds)
    return (Sounded(seconds, sound.language, sound.text),) * times
