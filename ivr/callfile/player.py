"""Plays a written call on a virtual phone and finds the first difference.

One file describes a call in every language and pace. The player makes up for what differs: it presses the
language's own key for `{language_key}`; at the first turn 7 for more time, twice for relay pace; there 1 at
every gate (a reply that only asks for key 1 to go on), joining what was heard before and after.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, Protocol

from ivr.callfile.grammar import (
    ELSEWHERE,
    ENDS,
    PLACEHOLDER,
    CallFile,
    DidLine,
    EndLine,
    ExpectedLine,
    FaultLine,
    HangsUpLine,
    KeysLine,
    ScriptLine,
    SilenceLine,
    SourceLine,
    StartLine,
    WaitsLine,
    WordsLine,
)
from ivr.dialog.definition import GATE_PREFIX, KEY_MORE_TIME
from ivr.dialog.flow import GATE_GO_ON
from ivr.languages.language import PACES, Pace
from ivr.languages.registry import LANGUAGES, SPOKEN
from ivr.simulator.operator import RelayOperator
from ivr.simulator.phone import DEFAULT_FROM, CallOverError, EndlessCallError, Phone, PhoneOptions
from ivr.simulator.webhooks import Injected, UnequalRepliesError
from ivr.simulator.withheld import WITHHELD_FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ivr.callfile.host import DoneEvent, PreparedLine, Visit
    from ivr.calls.history import Recipe
    from ivr.simulator.heard import Heard
    from ivr.simulator.lines import CalledLine, Headers, LineReply
    from ivr.simulator.twiml import Gather

GATE_KEY = "1"
MAX_GATES_IN_A_ROW = 50
LATE_STATUS_SECONDS = 600.0
HOUR_SECONDS = 3600.0
VALUES_WORTH_WRITING = ("amount", "plan")
_LANGUAGE = re.compile(r"@[A-Za-z-]+")
_INNER = re.compile(r"@[A-Za-z-]+|\[[0-9]+\]")

Who = Literal["line", "caller", "did", "fault", "end"]


class Handset(Protocol):
    """Who holds the phone: the phone itself, or an operator."""

    def dial(self) -> Heard:
        """Call the line."""
        ...

    def press(self, keys: str) -> Heard:
        """Press keys."""
        ...

    def say(self, words: str, *, confidence: float | None = 0.9) -> Heard:
        """Say words."""
        ...

    def stay_silent(self) -> Heard:
        """Do nothing."""
        ...

    def hang_up(self) -> Heard:
        """Hang up."""
        ...


@dataclass(frozen=True)
class PlayOptions:
    """`post_twice`: every turn is posted twice. `operator`: a simulated relay operator keys in relay pace.

    `correct`: what the file itself expects in another way is noted as a correction, and the call goes on.
    """

    post_twice: bool = True
    operator: bool = False
    correct: bool = False


@dataclass(frozen=True)
class Mismatch:
    """Where a call went another way than its file says."""

    place: SourceLine
    expected: str
    heard: str

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, heard {self.heard}"


class Correction(NamedTuple):
    """What a call file should say: `text` in place of a line, before it or after it; or not that line."""

    place: SourceLine
    how: Literal["replace", "remove", "before", "after"]
    text: str


class TranscriptLine(NamedTuple):
    """One thing that happened: the line's prompts and words, or the caller's action."""

    who: Who
    text: str
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CallResult:
    """What became of one run. `difference` None: as written. `unchecked`: what could not be looked at.

    `corrections`, asked for by `PlayOptions.correct`, make the file say what was heard. `recorded` is what
    the line kept of the run's calls, where its host looks.
    """

    name: str
    language: str
    pace: Pace
    difference: Mismatch | None
    transcript: tuple[TranscriptLine, ...]
    turns: int
    seconds: float
    visits: tuple[Visit, ...] = ()
    unchecked: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    recorded: tuple[Recipe, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the call went as written."""
        return self.difference is None and not self.corrections


class _DifferenceFoundError(Exception):
    def __init__(self, difference: Mismatch) -> None:
        super().__init__(str(difference))
        self.difference = difference


def play(
    call: CallFile,
    prepared: PreparedLine,
    *,
    language: str,
    pace: Pace,
    options: PlayOptions | None = None,
) -> CallResult:
    """Play one call in one language and pace, up to its end or its first difference."""
    player = _Player(call, prepared, language, pace, options or PlayOptions())
    difference = None
    try:
        player.play()
    except _DifferenceFoundError as found:
        difference = found.difference
        player.leave()
    return CallResult(
        name=call.name,
        language=language,
        pace=pace,
        difference=difference,
        transcript=tuple(player.transcript),
        turns=len(player.phone.turns),
        seconds=player.phone.seconds,
        visits=player.visits(),
        unchecked=tuple(player.unchecked),
        corrections=tuple(player.corrections),
        recorded=() if prepared.recorded is None else tuple(prepared.recorded()),
    )


class _LineLater:
    """A line to which a turn may be on its way for long: `on_the_way` moves the clock before each post."""

    def __init__(self, line: CalledLine, on_the_way: Callable[[], None]) -> None:
        self._line = line
        self._on_the_way = on_the_way

    @property
    def public_url(self) -> str:
        return self._line.public_url

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        self._on_the_way()
        return self._line.post(path_or_url, form, headers=headers)


@dataclass
class _Unread:
    """The turns since the caller's last action that no `line` has been compared with, and whether any was."""

    turns: deque[tuple[str, ...]] = field(default_factory=deque)
    compared: bool = False


class _Player:
    def __init__(
        self, call: CallFile, prepared: PreparedLine, language: str, pace: Pace, options: PlayOptions
    ) -> None:
        self._call = call
        self._prepared = prepared
        self._language = language
        self._pace = pace
        faults = [step.fault for step in call.steps if isinstance(step, FaultLine)]
        withheld = next((WITHHELD_FORMS[fault] for fault in faults if fault in WITHHELD_FORMS), None)
        self._from_number = withheld if withheld is not None else call.from_number or DEFAULT_FROM
        self._options = options
        self._call_sids: list[str] = []
        self._hour_passes_before: int | None = None  # which turn
        self._passed: ScriptLine | None = None
        self._pick_up()
        self._unread = _Unread()
        self._claimed: list[DoneEvent] = []
        self._following: tuple[ScriptLine, ...] = call.steps
        self.transcript: list[TranscriptLine] = []
        self.unchecked: list[str] = []
        self.corrections: list[Correction] = []

    def _pick_up(self) -> None:
        """Take a phone for one call; a file with a second `start` is called back from a second one."""
        call_sid = self._prepared.call_sid
        if self._call_sids:
            again = f"{call_sid}/{len(self._call_sids)}".encode()
            call_sid = f"CA{hashlib.sha256(again).hexdigest()[:32]}"
        self._call_sids.append(call_sid)
        self.phone = Phone(
            _LineLater(self._prepared.line, self._on_the_way),
            self._prepared.clock,
            call_sid=call_sid,
            account_sid=self._prepared.account_sid,
            from_number=self._from_number,
            to_number=self._prepared.to_number,
            options=PhoneOptions(post_twice=self._options.post_twice),
        )
        operator = self._options.operator and self._pace == "relay"
        self._caller: Handset = RelayOperator(self.phone) if operator else self.phone
        self._dialed = False
        self._think_seconds: float | None = None
        self._waiting_for: Gather | None = None

    def visits(self) -> tuple[Visit, ...]:
        """Return the places that the calls of this file came through, as far as they can be seen."""
        visited = self._prepared.visited
        if visited is None:
            return ()
        return tuple(visit for call_sid in self._call_sids for visit in visited(call_sid))

    def play(self) -> None:
        """Play every step. Raises `_DifferenceFoundError` at the first that differs."""
        place = SourceLine(self._call.name, 1)
        for number, step in enumerate(self._call.steps):
            self._following = self._call.steps[number + 1 :]
            place = step.place
            self._take(step)
            self._check_phone(place)
        self._dial(place)
        if self.phone.ended is None:
            self.phone.hang_up()
        if self.phone.hold_status:
            self._prepared.clock.advance(LATE_STATUS_SECONDS)
            for _ in range(2):
                self.phone.deliver_status()
        self._check_phone(place)
        surplus = self._unclaimed()
        if surplus and not self._correct(
            place,
            "before" if self._call.steps and isinstance(self._call.steps[-1], EndLine) else "after",
            *(_did_line(event, only=VALUES_WORTH_WRITING) for event in surplus),
        ):
            self._differ(place, "nothing else to happen (write a `did` line for it)", _events(surplus))

    def leave(self) -> None:
        """Hang up, so that a call that went wrong does not stay open."""
        with contextlib.suppress(CallOverError):
            self.phone.hang_up()

    def _take(self, step: ScriptLine) -> None:  # noqa: C901 (a table of the steps)
        place = step.place
        if isinstance(step, FaultLine):
            if step is not self._passed:
                self._inject(step.fault)
            return
        if isinstance(step, StartLine) and self._dialed:
            self._pick_up()
        self._dial(place, step)
        if isinstance(step, ExpectedLine):
            self._compare(step)
        elif isinstance(step, KeysLine):
            self._press(step)
        elif isinstance(step, WordsLine):
            self._say(step)
        elif isinstance(step, WaitsLine):
            self._think_seconds = step.seconds
            self._write("caller", f"waits {step.seconds:g}")
        elif isinstance(step, SilenceLine):
            self._act(place, "silence", self._caller.stay_silent)
        elif isinstance(step, HangsUpLine):
            self._act(place, "hangs up", self._caller.hang_up)
        elif isinstance(step, DidLine):
            self._check_did(step)
        elif isinstance(step, EndLine):
            self._check_end(step)

    # What the caller does.

    def _dial(self, place: SourceLine, step: ScriptLine | None = None) -> None:
        """Dial, if nobody has; ask for the file's pace at once."""
        if self._dialed:
            return
        self._dialed = True
        following = self._following
        if step is not None and not isinstance(step, StartLine):
            self._following = (step, *following)
        self._act(place, "dials", self._caller.dial)
        first = self._unread
        for _ in range(PACES.index(self._pace) if self.phone.ended is None else 0):
            self._act(place, KEY_MORE_TIME, lambda: self._caller.press(KEY_MORE_TIME))
            self._unread = first
        self._following = following

    def _press(self, step: KeysLine) -> None:
        keys = self._resolved(step)
        thinking = self._thinking(step.place, lambda after: self.phone.press(keys, after_seconds=after))
        self._act(step.place, step.keys, thinking or (lambda: self._caller.press(keys)))

    def _say(self, step: WordsLine) -> None:
        words, given = self._in_own_words(step.words), step.confidence
        thinking = self._thinking(
            step.place, lambda after: self.phone.say(words, confidence=given, after_seconds=after)
        )
        say = thinking or (lambda: self._caller.say(words, confidence=given))
        self._act(step.place, f'says "{words}"', say)

    def _thinking(self, place: SourceLine, do: Callable[[float], Heard]) -> Callable[[], Heard] | None:
        """Return the action with the caller's thinking before it, or None when the file says nothing of it.

        An operator made of code takes the time that typing takes.
        """
        seconds, self._think_seconds = self._think_seconds, None
        if seconds is None or self._caller is not self.phone:
            return None
        if self._waiting_for is not None and seconds > self._waiting_for.timeout_seconds:
            window = f"a line that waits {self._waiting_for.timeout_seconds:g} s"
            self._differ(place, f"a line that waits {seconds:g} s", window)
        return lambda: do(seconds)

    def _act(self, place: SourceLine, text: str, do: Callable[[], Heard]) -> None:
        """Let the caller do something and take in what is heard, passing the gates."""
        if self.phone.ended is not None:
            self._differ(place, f"a call that goes on (caller {text})", f"end {self.phone.ended}")
        self._require_all_compared(place, f"caller {text}")
        self._write("caller", text)
        self._find_hour_within()
        turns: list[tuple[str, ...]] = []
        before_gate: tuple[str, ...] = ()
        for _ in range(MAX_GATES_IN_A_ROW):
            heard = self._guarded(place, do)
            self._waiting_for = heard.waiting_for
            self._write("line", ", ".join(heard.prompts), heard.spoken)
            own = [turn.prompts for turn in heard.turns] or [()]
            own[0] = before_gate + own[0]
            turns += own[:-1]
            if not self._at_gate(heard):
                self._unread = _Unread(deque([*turns, own[-1]] if own[-1] else turns))
                return
            before_gate = own[-1]
            do = self._pass_gate
        self._differ(place, "the line to come to an end", f"{MAX_GATES_IN_A_ROW} gates in a row")

    def _pass_gate(self) -> Heard:
        return self._caller.press(GATE_KEY)

    def _at_gate(self, heard: Heard) -> bool:
        """Return whether the line only asks for key 1 to go on, and the file does not speak of it."""
        prompts = heard.turns[-1].prompts if heard.turns else ()
        if heard.ended is not None or not prompts or not prompts[-1].startswith(GATE_PREFIX):
            return False
        gate = _plain(prompts[-1])
        before_an_action = takewhile(
            lambda step: isinstance(step, ExpectedLine | FaultLine | DidLine), self._following
        )
        lines = (step.prompts for step in before_an_action if isinstance(step, ExpectedLine))
        return not any(gate in map(_plain, prompts) for prompts in lines)

    def _guarded(self, place: SourceLine, do: Callable[[], Heard]) -> Heard:
        try:
            return do()
        except (UnequalRepliesError, EndlessCallError) as error:
            self._differ(place, "a line that answers", str(error))

    def _inject(self, fault: str) -> None:
        self._write("fault", fault)
        if fault == "late_status":
            self.phone.hold_status = True
        elif fault == "transfer_busy":
            self.phone.callee = "busy"
        elif fault == "transfer_no_answer":
            self.phone.callee = "no-answer"
        elif fault == "transfer_answered":
            self.phone.callee = "completed"
        elif fault in ELSEWHERE:
            self._prepared.elsewhere.get(fault, bool)()
        elif fault == "hour_passes":
            self._hour_passes_before = len(self.phone.turns) if self.phone.ended is None else 0
        elif fault not in WITHHELD_FORMS:
            self.phone.inject(Injected(fault))

    def _on_the_way(self) -> None:
        """Let the hour pass that hits a turn: what the caller did was in time, and comes late."""
        if self._hour_passes_before is not None and len(self.phone.turns) >= self._hour_passes_before:
            self._hour_passes_before = None
            self._prepared.clock.advance(HOUR_SECONDS)

    def _find_hour_within(self) -> None:
        """Let an hour that stands between two lines of one action pass between their turns: a phone rings."""
        lines, found = 0, None
        for step in takewhile(
            lambda step: isinstance(step, ExpectedLine | FaultLine | DidLine), self._following
        ):
            if isinstance(step, FaultLine) and step.fault == "hour_passes" and lines:
                found = step
            elif isinstance(step, ExpectedLine) and found is not None:
                self._passed = found
                self._hour_passes_before = len(self.phone.turns) + lines
                self._write("fault", found.fault)
                return
            lines += isinstance(step, ExpectedLine)

    def _resolved(self, step: KeysLine) -> str:
        """Write out the placeholders of a caller's keys."""
        facts = {"language_key": LANGUAGES[self._language].key, **self._prepared.facts}
        missing = [name for name in PLACEHOLDER.findall(step.keys) if not facts.get(name)]
        if missing:
            self._differ(step.place, f"a sample member with {missing[0]}", "a member without")
        return PLACEHOLDER.sub(lambda match: facts[match[1]], step.keys)

    def _in_own_words(self, words: str) -> str:
        """Say yes and no in the call's language and pace, unless the file is for that one alone."""
        if self._call.language is not None and self._call.pace is not None:
            return words
        spoken = SPOKEN.get(self._language)
        return spoken.answers.says(words, self._pace) if spoken and words in spoken.answers.samples else words

    # What the line must have done.

    def _compare(self, step: ExpectedLine) -> None:
        expected = f"line {', '.join(step.prompts)}"
        if not self._unread.turns:
            ended = self.phone.ended
            if ended != "error" and self._correct(step.place, "remove", ""):
                return
            self._differ(step.place, expected, "nothing more" if ended is None else f"end {ended}")
        self._unread.compared = True
        heard = self._unread.turns.popleft()
        heard = _told(heard, step.prompts)
        if not any(_match(step.prompts, form) for form in (heard, _in_one_language(heard))) and not (
            heard and self._correct(step.place, "replace", _line(heard, step.prompts))
        ):
            self._differ(step.place, expected, f"line {', '.join(heard)}")

    def _require_all_compared(self, place: SourceLine, expected: str) -> None:
        """Require that a file which compares one turn of several compares them all."""
        if self._unread.compared and self._unread.turns:
            if self._correct(place, "before", *map(_line, self._unread.turns)):
                self._unread.turns.clear()
                return
            also = "; line ".join(", ".join(turn) for turn in self._unread.turns)
            self._differ(place, expected, f"before that, line {also}")

    def _check_end(self, step: EndLine) -> None:
        self._require_all_compared(step.place, f"end {step.kind}")
        ended = self.phone.ended
        self._write("end", str(ended))
        if ended != step.kind:
            if ended in ENDS and self._correct(step.place, "replace", f"end {ended}"):
                return
            heard = "a line that waits for the caller" if ended is None else f"end {ended}"
            self._differ(step.place, f"end {step.kind}", heard)

    def _check_did(self, step: DidLine) -> None:
        if self._prepared.observe is None:
            self.unchecked.append(f"{step.place}: did {step}")
            return
        unclaimed = self._unclaimed()
        for event in unclaimed:
            if event.name == step.event and step.values.items() <= event.values.items():
                self._claimed.append(event)
                self._write("did", str(step))
                return
        happened = next((event for event in unclaimed if event.name == step.event), None)
        if happened is None:
            corrected = self._correct(step.place, "remove", "")
        else:
            corrected = self._correct(step.place, "replace", _did_line(happened, only=step.values))
        if not corrected:
            self._differ(step.place, f"did {step}", _events(unclaimed))
        self._claimed += [] if happened is None else [happened]

    def _unclaimed(self) -> list[DoneEvent]:
        """Return the events no `did` has named yet."""
        observe = self._prepared.observe
        events = [] if observe is None else [event for sid in self._call_sids for event in observe(sid)]
        for event in self._claimed:
            events.remove(event)
        return events

    def _check_phone(self, place: SourceLine) -> None:
        """Any failure not asked for, and anything Twilio would warn about, is a difference."""
        for failure in self.phone.failures:
            if not failure.injected:
                heard = f"error {failure.code} from {failure.path}: {failure.message}"
                self._differ(place, "a line that answers", heard)
        for warning in self.phone.warnings:
            heard = f"warning {warning.code} about {warning.path}: {warning.message}"
            self._differ(place, "TwiML without warnings", heard)

    def _correct(
        self, place: SourceLine, how: Literal["replace", "remove", "before", "after"], *texts: str
    ) -> bool:
        """Note what the file should say, if that is asked for and the line stands in the file itself."""
        if not self._options.correct or place.file != self._call.name:
            return False
        self.corrections += [Correction(place, how, text) for text in texts]
        return True

    def _differ(self, place: SourceLine, expected: str, heard: str) -> NoReturn:
        raise _DifferenceFoundError(Mismatch(place, expected, heard))

    def _write(self, who: Who, text: str, words: tuple[tuple[str, str], ...] = ()) -> None:
        self.transcript.append(TranscriptLine(who, text, words))


def _plain(prompt: str) -> str:
    """Return a prompt id without its language and its number."""
    return _INNER.sub("", prompt)


def _is_inner(prompt: str) -> bool:
    """Return whether an id is a gate or a later piece of a prompt: pace decides whether they are there."""
    return prompt.startswith(GATE_PREFIX) or "[" in prompt


def _told(heard: Sequence[str], like: Sequence[str]) -> tuple[str, ...]:
    """Return what a file tells of a turn: every piece and gate if `like` has one, else the gates it names."""
    if any("[" in prompt or _plain(prompt) == GATE_GO_ON for prompt in like):
        return tuple(heard)
    named = {prompt for prompt in map(_plain, like) if prompt.startswith(GATE_PREFIX)}
    return tuple(prompt for prompt in heard if not _is_inner(prompt) or prompt in named)


def _match(expected: Sequence[str], heard: Sequence[str]) -> bool:
    """Compare ids, one with one; a language that is forced need not be written."""
    return len(heard) == len(expected) and all(
        one == other or ("@" not in one and _LANGUAGE.sub("", other) == one)
        for one, other in zip(expected, heard, strict=True)
    )


def _in_one_language(heard: Sequence[str]) -> list[str]:
    """Write a prompt that is repeated in several languages once: how many there are is a setting."""
    once: list[str] = []
    for prompt in heard:
        plain = _LANGUAGE.sub("", prompt)
        if plain == prompt or once[-1:] != [plain]:
            once.append(plain)
    return once


def _line(heard: Sequence[str], like: Sequence[str] = ()) -> str:
    """Write a turn as a `line`: with gates, later pieces and languages only where `like` has them."""
    heard = _told(heard, like) or heard
    if not any("@" in prompt for prompt in like):
        heard = _in_one_language(heard)
    return f"line {', '.join(heard)}"


def _did_line(event: DoneEvent, *, only: Collection[str] = ()) -> str:
    """Write an event as a `did` line does; of the values named in `only` those it has, if it has any."""
    named = {key: value for key, value in event.values.items() if key in only} or event.values
    return " ".join(("did", event.name, *(f"{key}={value}" for key, value in named.items())))


def _events(events: Sequence[DoneEvent]) -> str:
    """Write events as `did` lines do."""
    return "; ".join(map(_did_line, events)) or "nothing"
