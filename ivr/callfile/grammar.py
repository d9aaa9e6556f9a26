"""Written calls: what a caller does and what the line must answer, one turn a line.

    # One mistyped routing number.
    now     2026-12-18T10:15-05:00
    member  demo.health_and_dental
    after   verify/verified.call
    line    bank-routing-ask
    caller  021000020
    line    nomatch-check-digit, bank-routing-ask.again
    caller  hangs up
    end     hangup

Headers come first: `now`, `member`, `language`, `pace`, `from`, `after`, and those that make up a member
(`ivr.callfile.circumstances`). Every fault of a file is reported at once, with file, line and cure.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

from ivr.base.errors import OperatorError
from ivr.base.nearest import nearest
from ivr.base.plans import PLANS
from ivr.callfile.circumstances import NO_CIRCUMSTANCES, Circumstances, CircumstancesReader
from ivr.callfile.circumstances import WORDS as CIRCUMSTANCES
from ivr.languages.language import PACES, WORDED, Pace
from ivr.languages.registry import LANGUAGES

EndKind = Literal["goodbye", "agent", "hangup"]
FaultName = Literal[
    "duplicate",
    "concurrent_duplicate",
    "lost_response",
    "slow",
    "forged_signature",
    "missing_signature",
    "hangup_before_turn",
    "hangup_during_turn",
    "hangup_after_turn",
    "status_out_of_order",
    "late_status",
    "withheld",
    "withheld_unavailable",
    "withheld_unknown",
    "withheld_blocked",
    "withheld_restricted",
    "withheld_word_anonymous",
    "withheld_word_unavailable",
    "withheld_word_unknown",
    "withheld_word_blocked",
    "withheld_word_restricted",
    "withheld_empty",
    "transfer_busy",
    "transfer_no_answer",
    "transfer_answered",
    "paid_elsewhere",
    "limit_elsewhere",
    "cutoff_passes",
    "text_accepted",
    "hour_passes",
]

FAULTS: tuple[str, ...] = get_args(FaultName)
ENDS: tuple[str, ...] = get_args(EndKind)
ELSEWHERE: tuple[FaultName, ...] = (  # what happens beside the call
    "paid_elsewhere",
    "limit_elsewhere",
    "cutoff_passes",
    "text_accepted",
)
MEMBER_FACTS = (
    "member_id",
    *(plan.account_slot for plan in PLANS.values()),
    "phone",
    "ssn_last4",
    "zip",
    "house",
    "date_of_birth",
)
PLACEHOLDERS = ("language_key", *MEMBER_FACTS)
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

BYTE_ORDER_MARK = "\ufeff"  # what some editors put before the first line
MAX_CALLS_IN_A_ROW = 50
BYTES_MAX = 128 * 1024  # the longest written call has 3,000
FAULTS_TOLD = 20
YEARS = (2000, 2099)

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_HEADERS = ("now", "member", "language", "pace", "from", "after")
_PROMPT = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)?(?:\[[0-9]+\])?(?:@[A-Za-z-]+)?")
_KEYS = re.compile(r"(?:[0-9*#]|\{[a-z0-9_]+\})+")
_SAYS = re.compile(r'says\s+"([^"]+)"(?:\s+(none|0(?:\.[0-9]+)?|1(?:\.0+)?))?')
_WAITS = re.compile(r"waits\s+([0-9]+(?:\.[0-9]+)?)")
_EVENT = re.compile(r"[a-z][a-z0-9_]*")
_FROM = re.compile(r"\+?[0-9A-Za-z@.:-]+")


@dataclass(frozen=True)
class SourceLine:
    """Where something is written: the file, as the operator named it, and the line, from 1; 0: the whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """What is wrong with a call file: where, the rule's id in docs/rules.md, and how to mend it."""

    place: SourceLine
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class StartLine:
    """The caller dials."""

    place: SourceLine


@dataclass(frozen=True)
class ExpectedLine:
    """The line must answer a turn with these prompts."""

    place: SourceLine
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class KeysLine:
    """The caller presses keys; `{name}` stands for a fact of the sample member."""

    place: SourceLine
    keys: str


@dataclass(frozen=True)
class SilenceLine:
    """The caller does nothing until the line stops waiting."""

    place: SourceLine


@dataclass(frozen=True)
class WordsLine:
    """The caller says something; `confidence` None: the recognizer gives none."""

    place: SourceLine
    words: str
    confidence: float | None


@dataclass(frozen=True)
class WaitsLine:
    """The caller thinks for so many seconds once the line has spoken; what follows comes then."""

    place: SourceLine
    seconds: float


@dataclass(frozen=True)
class HangsUpLine:
    """The caller hangs up."""

    place: SourceLine


@dataclass(frozen=True)
class FaultLine:
    """A fault hits the next turn, or the call."""

    place: SourceLine
    fault: FaultName


@dataclass(frozen=True)
class DidLine:
    """By now the line has done this: an event with these values among its own."""

    place: SourceLine
    event: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        return " ".join((self.event, *(f"{key}={value}" for key, value in self.values.items())))


@dataclass(frozen=True)
class EndLine:
    """The call is over, in this way."""

    place: SourceLine
    kind: EndKind


ScriptLine = (
    StartLine
    | ExpectedLine
    | KeysLine
    | SilenceLine
    | WordsLine
    | WaitsLine
    | HangsUpLine
    | FaultLine
    | DidLine
    | EndLine
)


@dataclass(frozen=True)
class CallFile:
    """A call ready to be played. `language` or `pace` None: in every one there is words for."""

    name: str
    now: datetime | None = None
    member: str | None = None
    language: str | None = None
    pace: Pace | None = None
    from_number: str | None = None
    after: str | None = None
    steps: tuple[ScriptLine, ...] = ()
    header_lines: Mapping[str, int] = field(default_factory=dict)
    circumstances: Circumstances = NO_CIRCUMSTANCES

    def place(self, header: str) -> SourceLine:
        """Return where a header stands (line 1 for one that is not there)."""
        return SourceLine(self.name, self.header_lines.get(header, 1))

    def runs(self, languages: Sequence[str]) -> list[tuple[str, Pace]]:
        """Return every (language, pace) this file runs in, of the languages the line speaks."""
        spoken = self.circumstances.speaks
        return [
            (language, pace)
            for language in languages
            if self.language in (None, language) and (not spoken or language in spoken)
            for pace in (WORDED if self.pace is None else (self.pace,))
        ]


class CallFileError(OperatorError):
    """A call file has faults: `found`."""

    def __init__(self, *found: Problem) -> None:
        super().__init__(*map(str, found))
        self.found = found


def parse_call(text: str, name: str) -> CallFile:
    """Read the text of a call file; `after` is not followed.

    `name` is how the file is called in errors. Raises `CallFileError` with every fault of the file, of very
    many the first.
    """
    parser = _Parser(name)
    for number, raw in enumerate(split_lines(text), start=1):
        line = raw.removeprefix(BYTE_ORDER_MARK if number == 1 else "").strip()
        if line and not line.startswith("#"):
            parser.read(number, line)
    parser.finish()
    if len(parser.problems) > FAULTS_TOLD:
        message = f"{len(parser.problems)} faults in all: mend the first, or name a call file"
        whole = Problem(SourceLine(name, 1), "call.many-problems", message)
        raise CallFileError(*parser.problems[:FAULTS_TOLD], whole)
    if parser.problems:
        raise CallFileError(*parser.problems)
    return parser.call


def read_call_file(path: Path) -> str:
    """Return the text of a call file, its line endings as they are. Raises `CallFileError`."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        message = f"cannot be read ({error.strerror}): check the name"
        raise _refused(path, 1, "call.unreadable", message) from error
    if len(content) > BYTES_MAX:
        message = f"more than {BYTES_MAX:,} bytes are no call: name a call file, or write shorter ones"
        raise _refused(path, 1, "call.too-large", message)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 (byte {error.start + 1}): save it as UTF-8"
        raise _refused(path, line, "call.not-text", message) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refused(path, line, "call.not-text", "no text, it holds a zero byte: name a call file")
    return text


def _refused(path: Path, line: int, rule: str, message: str) -> CallFileError:
    return CallFileError(Problem(SourceLine(str(path), line), rule, message))


def split_lines(text: str) -> list[str]:
    """Split a text into lines as editors count them, each with its ending."""
    return _LINES.findall(text)


def load_call(path: Path, *, root: Path | None = None) -> CallFile:
    """Read a call file and the calls it comes `after`, whose steps are played first in the same call.

    A file named by `after` is looked for beside the file, then from each folder above it, then under `root`.
    Raises `CallFileError`.
    """
    call = _load(path, root, ())
    problems = []
    if call.now is None:
        message = "no header says when the call is: add now 2026-12-18T10:15-05:00"
        problems.append(Problem(SourceLine(call.name, 1), "call.no-instant", message))
    problems += [
        Problem(
            step.place,
            "call.no-member",
            f"{{{name}}} is a fact of a member, and no header names one: add member NAME",
        )
        for step in call.steps
        if isinstance(step, KeysLine) and call.member is None
        for name in PLACEHOLDER.findall(step.keys)
        if name in MEMBER_FACTS
    ]
    if problems:
        raise CallFileError(*problems)
    return call


def _load(path: Path, root: Path | None, chain: tuple[Path, ...]) -> CallFile:
    call = parse_call(read_call_file(path), str(path))
    if call.after is None:
        return call
    chain = (*chain, path.resolve())
    place = call.place("after")
    folders = (*path.absolute().parents, *(() if root is None else (root,)))
    named = (folder / call.after for folder in folders)
    earlier_path = next((file for file in named if os.path.isfile(file)), None)  # noqa: PTH113 (never raises)
    if earlier_path is None:
        where = f"{path.parent / call.after}, nor in a folder above"
        message = f"there is no file {where}: correct the name after `after`"
        raise CallFileError(Problem(place, "call.after-unknown", message))
    if earlier_path.resolve() in chain:
        message = f"{call.after} comes after this file itself: break the circle"
        raise CallFileError(Problem(place, "call.after-circle", message))
    if len(chain) > MAX_CALLS_IN_A_ROW:
        message = f"more than {MAX_CALLS_IN_A_ROW} files come one after another: write this call in fewer"
        raise CallFileError(Problem(place, "call.after-too-many", message))
    return _joined(_load(earlier_path, root, chain), call)


# What a call says in its headers, or the one before it; those of the second line must not say two things.
_HEADERS_PASSED_ON = ("now", "member", "from_number", "language", "pace")
_HEADERS_THAT_AGREE = ("language", "pace")


def _joined(earlier: CallFile, call: CallFile) -> CallFile:
    """Put the steps of an earlier call before a call's own; its headers count where this one has none."""
    problems = [*_contradictions(earlier, call), *_wrong_begin(earlier, call)]
    if problems:
        raise CallFileError(*problems)
    headers = {name: getattr(call, name) or getattr(earlier, name) for name in _HEADERS_PASSED_ON}
    return replace(
        call,
        **headers,
        circumstances=earlier.circumstances.around(call.circumstances, same_member=call.member is None),
        steps=earlier.steps + call.steps,
    )


def _contradictions(earlier: CallFile, call: CallFile) -> Iterator[Problem]:
    for header in _HEADERS_THAT_AGREE:
        one, other = getattr(earlier, header), getattr(call, header)
        if one and other and one != other:
            message = f"{header} {other}, but {earlier.name} is {header} {one}: make them the same"
            yield Problem(call.place(header), "call.after-differs", message)


def _wrong_begin(earlier: CallFile, call: CallFile) -> Iterator[Problem]:
    """Yield why a call cannot begin as it does after an earlier one: it is the same call, or another."""
    ended = bool(earlier.steps) and isinstance(earlier.steps[-1], EndLine)
    redials = bool(call.steps) and isinstance(call.steps[0], StartLine)
    if ended and not redials:
        message = (
            f"{earlier.name} ends its call (line {earlier.steps[-1].place.line}): "
            "begin this one with `start`, another call, or take the `end` line out of it"
        )
        yield Problem(call.place("after"), "call.after-ended", message)
    if redials and not ended:
        message = f"the call is under way, {earlier.name} started it: take this line out"
        yield Problem(call.steps[0].place, "call.start-again", message)


class _Parser:
    """Reads one line after another into a call, collecting problems."""

    def __init__(self, name: str) -> None:
        self.call = CallFile(name)
        self.problems: list[Problem] = []
        self._circumstances = CircumstancesReader()
        self._readers: Mapping[str, Callable[[SourceLine, str], ScriptLine | None]] = {
            "start": self._start,
            "line": self._line,
            "caller": self._caller,
            "fault": self._fault,
            "did": self._did,
            "end": self._end,
        }

    def read(self, number: int, line: str) -> None:
        """Read one line that is neither empty nor a comment."""
        place = SourceLine(self.call.name, number)
        word, *others = line.split(maxsplit=1)
        rest = others[0] if others else ""
        if word in _HEADERS:
            self._header(place, word, rest)
            return
        if word in CIRCUMSTANCES:
            self._circumstance(place, word, rest)
            return
        reader = self._readers.get(word)
        if reader is None:
            words = (*_HEADERS, *CIRCUMSTANCES, *self._readers)
            near, known = nearest(word, words), ", ".join(words)
            message = f"{word!r} is no word of a call file{near}: a line begins with one of {known}"
            self._problem(place, "call.unknown-word", message)
            return
        steps = self.call.steps
        if steps and isinstance(steps[-1], EndLine) and word != "start":
            message = "only `start`, another call, comes after `end`: make `end` the last line"
            self._problem(place, "call.after-end", message)
        step = reader(place, rest)
        if step is not None:
            self.call = replace(self.call, steps=(*steps, step))

    def _problem(self, place: SourceLine, rule: str, message: str) -> None:
        self.problems.append(Problem(place, rule, message))

    def _is_above(self, place: SourceLine, word: str) -> None:
        if self.call.steps:
            message = f"{word} is a header: put it above the first line of the call"
            self._problem(place, "call.header-late", message)

    def _header(self, place: SourceLine, word: str, value: str) -> None:
        self._is_above(place, word)
        if word in self.call.header_lines:
            first = self.call.header_lines[word]
            message = f"{word} stands here twice: keep one (the first is line {first})"
            self._problem(place, "call.header-twice", message)
            return
        change = self._header_value(place, word, value)
        if change is not None:
            header_lines = {**self.call.header_lines, word: place.line}
            self.call = replace(self.call, header_lines=header_lines, **change)

    def _circumstance(self, place: SourceLine, word: str, value: str) -> None:
        self._is_above(place, word)
        wrong = self._circumstances.read(place.line, word, value)
        if wrong is not None:
            self._problem(place, *wrong)

    def finish(self) -> None:
        """Look at the whole file once its last line is read."""
        for line, *wrong in self._circumstances.faults(self.call.member, self.call.now):
            self._problem(SourceLine(self.call.name, line), *wrong)
        for step, following in pairwise((*self.call.steps, None)):
            if isinstance(step, WaitsLine) and not isinstance(following, KeysLine | WordsLine):
                message = "after waiting a caller keys or speaks: write what, in the next line"
                self._problem(step.place, "call.wait-alone", message)
        self.call = replace(self.call, circumstances=self._circumstances.circumstances)

    def _header_value(self, place: SourceLine, word: str, value: str) -> dict[str, Any] | None:
        """Check a header and return the field it sets, or None when it is wrong."""
        if not value:
            self._problem(place, "call.header-value", f"{word} needs a value: write it after the word")
            return None
        if word == "now":
            now = _instant(value)
            if now is None:
                message = f"{value!r} is no instant: write it with its offset, 2026-12-18T10:15-05:00"
                self._problem(place, "call.header-value", message)
            elif not YEARS[0] <= now.year <= YEARS[1]:
                message = f"{now.year} is no year of a call: write one from {YEARS[0]} to {YEARS[1]}"
                self._problem(place, "call.header-value", message)
            return {"now": now}
        if word == "pace" and value not in PACES:
            message = f"there is no pace {value!r}{nearest(value, PACES)}: write one of {', '.join(PACES)}"
            self._problem(place, "call.header-value", message)
        if word == "language" and value not in LANGUAGES:
            near, known = nearest(value, LANGUAGES), ", ".join(LANGUAGES)
            message = f"there is no language {value!r}{near}: write one of {known}"
            self._problem(place, "call.header-value", message)
        if word == "from" and _FROM.fullmatch(value) is None:
            message = f"{value!r} is no caller id: write a number such as +16175550123, or anonymous"
            self._problem(place, "call.header-value", message)
        return {"from_number" if word == "from" else word: value}

    def _start(self, place: SourceLine, rest: str) -> ScriptLine | None:
        if rest:
            self._problem(place, "call.stands-alone", "start stands alone: take the rest of the line out")
        steps = [step for step in self.call.steps if not isinstance(step, FaultLine)]
        if steps and not isinstance(steps[-1], EndLine):
            message = "start is the first line of a call: move it up, or write it after `end`"
            self._problem(place, "call.start-again", message)
        return StartLine(place)

    def _line(self, place: SourceLine, rest: str) -> ScriptLine | None:
        prompts = tuple(prompt.strip() for prompt in rest.split(","))
        wrong = [prompt for prompt in prompts if _PROMPT.fullmatch(prompt) is None]
        if wrong:
            message = f"{wrong[0]!r} is no prompt id: write line id, id.again, … with commas between"
            self._problem(place, "call.prompt-id", message)
            return None
        return ExpectedLine(place, prompts)

    def _caller(self, place: SourceLine, rest: str) -> ScriptLine | None:
        if rest == "silence":
            return SilenceLine(place)
        if rest == "hangs up":
            return HangsUpLine(place)
        waits = _WAITS.fullmatch(rest)
        if waits is not None:
            return WaitsLine(place, float(waits[1]))
        says = _SAYS.fullmatch(rest)
        if says is not None:
            return WordsLine(place, says[1], _confidence(says[2]))
        if rest.startswith("says"):
            self._problem(
                place,
                "call.says",
                f'{rest!r} is nothing a caller says: write says "words", in straight quotes, then if you like'
                " a confidence from 0 to 1, or none",
            )
            return None
        if _KEYS.fullmatch(rest) is None:
            self._problem(
                place,
                "call.caller",
                f"a caller cannot {rest!r}: write keys (0-9, *, #), silence, hangs up, waits SECONDS, "
                'or says "words"',
            )
            return None
        unknown = [name for name in PLACEHOLDER.findall(rest) if name not in PLACEHOLDERS]
        if unknown:
            near, known = nearest(unknown[0], PLACEHOLDERS), ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            message = f"{{{unknown[0]}}} stands for nothing{near}: there are {known}"
            self._problem(place, "call.unknown-fact", message)
            return None
        return KeysLine(place, rest)

    def _fault(self, place: SourceLine, rest: str) -> ScriptLine | None:
        name = next((name for name in get_args(FaultName) if name == rest), None)
        if name is None:
            message = f"there is no fault {rest!r}{nearest(rest, FAULTS)}: write one of {', '.join(FAULTS)}"
            self._problem(place, "call.unknown-fault", message)
            return None
        if name.startswith("withheld") and any(not isinstance(step, FaultLine) for step in self.call.steps):
            message = "a number is withheld from the start: move this line above the others"
            self._problem(place, "call.withheld-late", message)
        return FaultLine(place, name)

    def _did(self, place: SourceLine, rest: str) -> ScriptLine | None:
        event, *pairs = rest.split() or [""]
        wrong = next((pair for pair in pairs if not all(pair.partition("="))), None)
        if _EVENT.fullmatch(event) is None or wrong is not None:
            message = f"{rest!r} is no event: write did payment amount=310.15 plan=health"
            self._problem(place, "call.event", message)
            return None
        return DidLine(place, event, {pair.partition("=")[0]: pair.partition("=")[2] for pair in pairs})

    def _end(self, place: SourceLine, rest: str) -> ScriptLine | None:
        kind = next((kind for kind in get_args(EndKind) if kind == rest), None)
        if kind is None:
            message = (
                f"a call cannot end {rest!r}{nearest(rest, ENDS)}: write {', '.join(ENDS[:-1])} or {ENDS[-1]}"
            )
            self._problem(place, "call.unknown-end", message)
            return None
        return EndLine(place, kind)


def _confidence(text: str | None) -> float | None:
    if text is None:
        return 0.9
    return None if text == "none" else float(text)


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant
