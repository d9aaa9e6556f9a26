"""A recorded call for people and for programs: what the line said, what kind of answer came, how soon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from ivr.base.listing import ListColumn, Listing, listing, local_time
from ivr.calls.handover import Handover, reason_and_node
from ivr.calls.notation import write_event, write_heard
from ivr.dialog.events import (
    CallAnswered,
    DigitsKeyed,
    EntryDiscarded,
    Heard,
    KeyPressed,
    LineFailed,
    NoInput,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)
from ivr.dialog.state import Said
from ivr.speech.catalog import SpeechError
from ivr.speech.values import KINDS
from ivr.topics.sentences import sentences

if TYPE_CHECKING:
    from ivr.calls.histories import RecordedCall
    from ivr.calls.history import Recipe, RecordedTurn
    from ivr.dialog.vocabulary import Value
    from ivr.topics.line import Line

_UNITS: Final = {"d": "days", "h": "hours"}
_LABEL: Final = re.compile(r"([a-z0-9-]+)(?:\.([a-z]+))?(?:\[(\d+)\])?(?:@([A-Za-z-]+))?")
_HEARD: Final[Mapping[Heard, str]] = {
    CallAnswered(): "the call is answered",
    NoInput(): "silence",
    EntryDiscarded(): "an entry with * in it",
    StrayPound(): "# alone",
    LineFailed(): "the line could not go on",
    SpeechUnasked(): "spoke where speech was not asked for",
    SeveralKeysPressed(): "several keys at once",
}


@dataclass(frozen=True, slots=True)
class ToldTurn:
    """A recorded turn for people: seconds from the call's beginning, and how long each side took.

    `words` are the sentences that were said, with a mask for each value; None where the line no longer has
    them, and `spoken_seconds` with them. `thought_seconds` is an estimate, as that of `think_seconds`.
    """

    turn: RecordedTurn
    at_seconds: float
    thought_seconds: float | None
    spoken_seconds: float | None
    words: tuple[str, ...] | None
    heard: str


def told_turns(recipe: Recipe, line: Line) -> list[ToldTurn]:
    """Return every turn of a recorded call in words, masked as it is kept."""
    return [
        ToldTurn(
            turn,
            (turn.at - recipe.started_at).total_seconds(),
            thought,
            _spoken_seconds(turn, line, recipe.language, pace),
            _masked_words(turn, line, recipe.language, pace),
            heard_words(turn.heard),
        )
        for (turn, pace), thought in zip(_with_pace(recipe), think_seconds(recipe, line), strict=True)
    ]


def think_seconds(recipe: Recipe, line: Line) -> list[float | None]:
    """Return for each turn how long the caller took once the line had spoken; negative: cut it short.

    It is the gap between two turns less the time a voice takes for what was said, so it is an estimate. None
    for the first turn, and where `line` no longer has what was said.
    """
    found: list[float | None] = [None]
    for (turn, pace), following in zip(_with_pace(recipe), recipe.turns[1:], strict=False):
        spoken = _spoken_seconds(turn, line, recipe.language, pace)
        gap = (following.at - turn.at).total_seconds()
        found.append(None if spoken is None else round(gap - spoken, 1))
    return found


def _with_pace(recipe: Recipe) -> Iterator[tuple[RecordedTurn, str]]:
    """Yield each turn with the pace in which it was spoken."""
    pace = "voice"
    for turn in recipe.turns:
        pace = turn.told_pace or pace
        yield turn, pace


def handed_over(recipe: Recipe, line: Line) -> Handover | None:
    """Return why and where the call last led to an agent, if it did; whether verified is not said."""
    found, before = None, ""
    for turn in recipe.turns:
        led, stayed = (_calls_agent(line, node) for node in (turn.node, before))
        if led and not stayed:
            found = Handover(*(reason_and_node(turn.events, before) or ("", "")))
        before = turn.node
    return found


def _calls_agent(line: Line, path: str) -> bool:
    node = line.flow.nodes.get(path)
    return node is not None and node.kind == "transfer"


def list_json(calls: Sequence[RecordedCall]) -> dict[str, Any]:
    """Return `{"calls": […]}`, ready for `json.dumps`."""
    return {
        "calls": [
            {
                "call_sid": call.call_sid,
                "started_at": _instant(call.started_at),
                "ended_at": _instant(call.ended_at),
                "language": call.language,
                "pace": call.pace,
                "end": call.end,
                "turns": call.seq + 1,
                "last_node": call.node,
            }
            for call in calls
        ]
    }


_LIST: Final = (
    ListColumn("BEGAN", 24),
    ListColumn("LASTED", 6, at_right=True),
    ListColumn("LANG", 5),
    ListColumn("PACE", 5),
    ListColumn("ENDED", 8),
    ListColumn("LAST NODE", 24),
    ListColumn("CALL_SID"),
)


def call_listing(calls: Sequence[RecordedCall], zone: ZoneInfo) -> Listing:
    """Return calls as a list for people: when each began, how long it lasted, how and where it ended."""
    return listing(
        _LIST,
        (
            (
                f"{call.started_at.astimezone(zone):%a} {local_time(call.started_at, zone)}",
                _lasted(call.started_at, call.ended_at),
                call.language,
                call.pace,
                call.end or "open",
                call.node,
                call.call_sid,
            )
            for call in calls
        ),
    )


def call_json(recipe: Recipe, line: Line) -> dict[str, Any]:
    """Return a recorded call, masked as it is kept, with think times; ready for `json.dumps`."""
    turns = [
        {
            "seq": turn.seq,
            "at": _instant(turn.at),
            "heard": write_heard(turn.heard),
            "think_seconds": thought,
            "milliseconds": turn.milliseconds,
            "node": turn.node,
            "prompts": [
                {"id": prompt, "values": dict(values)} for prompt, values in _prompts_with_values(turn)
            ],
            "asked": [asdict(asked) for asked in turn.asked],
            "path": [write_event(event) for event in turn.events],
        }
        for turn, thought in zip(recipe.turns, think_seconds(recipe, line), strict=True)
    ]
    return {
        "call_sid": recipe.call_sid,
        "started_at": _instant(recipe.started_at),
        "ended_at": _instant(recipe.ended_at),
        "flow_version": recipe.flow_version,
        "language": recipe.language,
        "pace": recipe.pace,
        "caller_kind": recipe.caller_kind,
        "end": recipe.end,
        "turns": turns,
    }


def call_text(recipe: Recipe, line: Line, zone: ZoneInfo) -> str:
    """Return a recorded call for people, turn by turn."""
    return "\n".join(_call_lines(recipe, line, zone))


def _call_lines(recipe: Recipe, line: Line, zone: ZoneInfo) -> Iterator[str]:
    began = recipe.started_at.astimezone(zone)
    yield f"{recipe.call_sid}  {began:%A}, {began:%B} {began.day}, {began.year} at {began:%H:%M %Z}"
    ended = f"ended: {recipe.end}" if recipe.end else "its end was not reported"
    yield (
        f"{recipe.language}, {recipe.pace}, caller's number: {recipe.caller_kind}; "
        f"lasted {_lasted(recipe.started_at, recipe.ended_at)}, {ended}"
    )
    yield f"flow version {recipe.flow_version}"
    for turn, thought in zip(recipe.turns, think_seconds(recipe, line), strict=True):
        yield ""
        at = _minutes((turn.at - recipe.started_at).total_seconds())
        yield f"{at:>6}  caller  {heard_words(turn.heard)}{_thinking(thought)}"
        for asked in turn.asked:
            name = " ".join((asked.action, *asked.args.values()))
            yield f"        asked   {name}: {asked.outcome}{_shapes(asked.slots)}"
        for prompt, values in _prompts_with_values(turn):
            yield f"        line    {prompt}{_shapes(values)}"
        yield f"        at      {turn.node} ({turn.milliseconds:.0f} ms)"


def heard_words(heard: Heard) -> str:
    """Say in words what kind of answer `heard` is."""
    match heard:
        case KeyPressed(key, reason):
            return f"pressed {key}{_unfit(reason)}"
        case SeveralKeysPressed(reason) if reason:
            return f"pressed several keys{_unfit(reason)}"
        case DigitsKeyed(length, finished, reason):
            plural, pound = "" if length == 1 else "s", " and #" if finished else ""
            return f"keyed {length} digit{plural}{pound}{_unfit(reason)}"
        case SpeechHeard(verdict):
            return f"said {verdict}" if verdict in {"yes", "no"} else f"said something else ({verdict})"
        case TransferReported(result):
            return f"transfer {result}"
    return _HEARD[heard]


def _unfit(reason: str) -> str:
    return f", which does not fit ({reason})" if reason else ""


def _prompts_with_values(turn: RecordedTurn) -> list[tuple[str, Mapping[str, str]]]:
    values = turn.values or ({},) * len(turn.prompts)
    return list(zip(turn.prompts, values, strict=False))


def _spoken_seconds(turn: RecordedTurn, line: Line, language: str, pace: str) -> float | None:
    kinds = line.flow.vocabulary.slots
    total = 0.0
    for prompt, shapes in _prompts_with_values(turn):
        values: dict[str, Value] = {
            slot: shape if kinds[slot] == "choice" else KINDS[kinds[slot]]
            for slot, shape in shapes.items()
            if slot in kinds and shape != "empty"
        }
        said = _said(prompt, turn, values)
        try:
            words = () if said is None else sentences(line.catalog, kinds, said, language, pace)
        except (SpeechError, LookupError):
            return None
        if said is None:
            return None
        total += sum(sentence.seconds for sentence in words)
    return total


def _said(prompt: str, turn: RecordedTurn, values: dict[str, Value]) -> Said | None:
    """Read a label of what was said, which may be one piece of a prompt; None for what is no label."""
    label = _LABEL.fullmatch(prompt)
    if label is None:
        return None
    piece = int(label[3]) - 1 if label[3] else (0 if f"{prompt}[2]" in turn.prompts else -1)
    pace = "relay" if piece >= 0 else ""  # pieces are relay's, also where they are still to be said after it
    return Said(label[1], label[2] or "", piece, label[4] or "", values, pace=pace)


def _masked_words(turn: RecordedTurn, line: Line, language: str, pace: str) -> tuple[str, ...] | None:
    """Return what was said, each value in it as the mask that was kept of it."""
    kinds = line.flow.vocabulary.slots
    found: list[str] = []
    for prompt, shapes in _prompts_with_values(turn):
        said = _said(prompt, turn, {})
        if said is None:
            return None
        values = {
            slot: _mask(kinds[slot], shape)
            for slot, shape in shapes.items()
            if slot in kinds and shape != "empty"
        }
        try:
            pieces = line.catalog.lines(
                said.prompt, said.attribute or None, said.language or language, said.pace or pace, values
            )
            spoken = pieces if said.piece < 0 else (pieces[said.piece],)
        except (SpeechError, LookupError):
            return None
        found += [" ".join(text.split()) for piece in spoken for text in piece]
    return tuple(found)


def _mask(kind: str, shape: str) -> str | int:
    """Write what was kept of a value where the value was; a choice and a count are kept as they are."""
    if kind == "count":
        return int(shape) if shape.isdecimal() else KINDS[kind]
    if kind == "choice":
        return shape
    if kind == "money":
        return f"[${shape}]"
    unit = _UNITS.get(shape[-1:], "") if shape[:1] in "+-" else ""
    return f"[{shape[:-1]} {unit}]" if unit else f"[{shape}]"


def _thinking(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f", after {seconds:.0f} s" if seconds >= 0 else ", before the line had finished"


def _shapes(shapes: Mapping[str, str]) -> str:
    return f" ({', '.join(f'{slot} {shape}' for slot, shape in shapes.items())})" if shapes else ""


def _instant(at: datetime | None) -> str | None:
    return (
        None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _lasted(started_at: datetime, ended_at: datetime | None) -> str:
    return "-" if ended_at is None else _minutes((ended_at - started_at).total_seconds())


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
