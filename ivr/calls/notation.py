"""What is kept of a turn for good: its masked happenings, as JSON text. Written here and read here only.

`heard` is what came in, and `path` what happened then; an entry's reason is why it did not fit:

    ""  key:5  key:other:not-a-choice  digits:9  digits:5#:length  speech:yes  speech:unasked
    silence  discarded  stray  transfer:failed  trouble
    main/main_menu > 1    verify/check ? verified    bank/routing_number ! check-digit
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, Final, NamedTuple

import msgspec

from ivr.calls.history import Asked
from ivr.dialog.events import (
    BranchTaken,
    CallAnswered,
    DigitsKeyed,
    EntryDiscarded,
    EntryRefused,
    Event,
    Heard,
    KeyPressed,
    LineFailed,
    NoInput,
    OutcomeGiven,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)

RECIPE_FORMAT: Final = 2
DIFFERENT_KEPT_MAX: Final = 4096  # calls are much alike: each thing that happens is read once

_WORDS: Final[Mapping[str, Heard]] = {
    "": CallAnswered(),
    "speech:unasked": SpeechUnasked(),
    "silence": NoInput(),
    "discarded": EntryDiscarded(),
    "stray": StrayPound(),
    "trouble": LineFailed(),
}
_WORD_OF: Final = {type(heard): word for word, heard in _WORDS.items()}
_HEARD: Final = re.compile(
    r"(?:key:(?P<key>[0-9]|other)|digits:(?P<length>[0-9]+)(?P<finished>#?))(?::(?P<reason>[a-z][a-z0-9-]*))?"
    r"|transfer:(?P<transfer>completed|failed)"
    r"|speech:(?P<speech>[a-z][a-z0-9-]*)",
    re.ASCII,
)
_TIMED: Final = ',"milliseconds":'  # the last of what is written
_MILLISECONDS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)}", re.ASCII)
_EVENT: Final = re.compile(r"(?P<node>\S+) (?P<mark>[>?!]) (?P<what>\S+)")
_EVENTS: Final[Mapping[str, Callable[[str, str], Event]]] = {
    ">": BranchTaken,
    "?": OutcomeGiven,
    "!": EntryRefused,
}

_write = msgspec.json.Encoder().encode


class NotationError(ValueError):
    """What was kept cannot be read: it is damaged, or was written by another version of the line."""


class KeptTurn(NamedTuple):
    """What was kept of a turn, read; the names are those of `ivr.calls.history.RecordedTurn`."""

    heard: Heard
    events: tuple[Event, ...]
    asked: tuple[Asked, ...]
    values: tuple[Mapping[str, str], ...]
    milliseconds: float


# A turn.


def write_turn(
    *,
    heard: Heard,
    events: Sequence[Event],
    asked: Sequence[Asked],
    values: Sequence[Mapping[str, str]],
    milliseconds: float,
) -> str:
    """Return the JSON text of one turn.

    `heard` and `events` are the engine's (masked), `values` the shapes of each prompt's values, in the order
    of the prompts, `milliseconds` what the turn took until it was stored.
    """
    recipe = {
        "recipe": RECIPE_FORMAT,
        "heard": write_heard(heard),
        "path": [write_event(event) for event in events],
        "asked": [
            {
                "action": each.action,
                "args": each.args,
                "given": each.given,
                "outcome": each.outcome,
                "slots": each.slots,
            }
            for each in asked
        ],
        "values": values if any(values) else [],
        "milliseconds": round(milliseconds, 1),
    }
    return _write(recipe).decode()


def read_turn(text: str) -> KeptTurn:
    """Read the JSON text of one turn. Raises `NotationError`.

    Turns of the same text but for how long they took share what is read: it must not be changed.
    """
    what, timed, took = text.rpartition(_TIMED)
    if timed and (milliseconds := _MILLISECONDS.fullmatch(took)):
        return _read_turn(f"{what}{_TIMED}0}}")._replace(milliseconds=float(milliseconds[1]))
    return _read_turn(text)


@lru_cache(DIFFERENT_KEPT_MAX)
def _read_turn(text: str) -> KeptTurn:
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged() from None
    if not isinstance(kept, dict) or kept.get("recipe") != RECIPE_FORMAT:
        raise NotationError(
            f"it was recorded by another version of the line (format {RECIPE_FORMAT} is read here)"
        )
    try:
        turn = KeptTurn(
            heard=read_heard(kept["heard"]),
            events=tuple(map(read_event, kept["path"])),
            asked=tuple(map(_asked, kept["asked"])),
            values=tuple(kept["values"]),
            milliseconds=float(kept["milliseconds"]),
        )
    except (KeyError, TypeError, ValueError):
        raise _damaged() from None
    if not _is_whole(turn):
        raise _damaged()
    return turn


def heard_as_kept(text: str) -> str:
    """Return what was heard as it is written, in a turn of any version: to be shown, not read."""
    return str(json.loads(text)["heard"])


def _damaged() -> NotationError:
    return NotationError("what was kept of it is damaged")


def _asked(kept: Mapping[str, Any]) -> Asked:
    return Asked(kept["action"], kept["args"], kept["outcome"], kept["slots"], kept["given"])


def _is_whole(turn: KeptTurn) -> bool:
    """Return whether everything is of the kind that was written."""
    words: list[Any] = []
    mappings: list[Any] = [*turn.values]
    for asked in turn.asked:
        words += [asked.action, asked.outcome]
        mappings += [asked.args, asked.slots, asked.given]
    if not {*map(type, mappings)} <= {dict}:
        return False
    for mapping in mappings:
        words += mapping.values()
    return isfinite(turn.milliseconds) and {*map(type, words)} <= {str}


# What was heard.


def write_heard(heard: Heard) -> str:
    """Write what was heard."""
    match heard:
        case KeyPressed():
            return _judged(f"key:{heard.key}", heard.reason)
        case SeveralKeysPressed():
            return _judged("key:other", heard.reason)
        case DigitsKeyed():
            return _judged(f"digits:{heard.length}{'#' if heard.finished else ''}", heard.reason)
        case SpeechHeard():
            return f"speech:{heard.verdict}"
        case TransferReported():
            return f"transfer:{heard.result}"
    return _WORD_OF[type(heard)]


def _judged(entry: str, reason: str) -> str:
    return f"{entry}:{reason}" if reason else entry


@lru_cache(DIFFERENT_KEPT_MAX)
def read_heard(text: str) -> Heard:
    """Read what was heard. Raises `NotationError` for what is written in no known way."""
    if text in _WORDS:
        return _WORDS[text]
    found = _HEARD.fullmatch(text)
    if found is None:
        raise NotationError(f"no such input is known: {text!r}")
    reason = found["reason"] or ""
    if found["transfer"]:
        return TransferReported(found["transfer"])
    if found["speech"]:
        return SpeechHeard(found["speech"])
    if found["length"]:
        return DigitsKeyed(int(found["length"]), bool(found["finished"]), reason)
    return SeveralKeysPressed(reason) if found["key"] == "other" else KeyPressed(found["key"], reason)


# What happened then.


@lru_cache(DIFFERENT_KEPT_MAX)
def write_event(event: Event) -> str:
    """Write one thing that happened."""
    match event:
        case BranchTaken():
            return f"{event.node} > {event.label}"
        case OutcomeGiven():
            return f"{event.node} ? {event.outcome}"
    return f"{event.node} ! {event.reason}"


@lru_cache(DIFFERENT_KEPT_MAX)
def read_event(text: str) -> Event:
    """Read one thing that happened. Raises `NotationError` for what is written in no known way."""
    found = _EVENT.fullmatch(text)
    if found is None:
        raise NotationError(f"no such event is known: {text!r}")
    return _EVENTS[found["mark"]](found["node"], found["what"])
