"""What a language must be known for: the record that its module fills in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ivr.base.hours import OpenHours
from ivr.languages.answers import Answers

Pace = Literal["voice", "unhurried", "relay"]
PACES: Final[tuple[Pace, ...]] = get_args(Pace)  # each gives more time than the one before
WORDED: Final[tuple[Pace, ...]] = ("voice", "relay")  # have words of their own
Variant = tuple[str, str]  # a language and a pace: each call is said in every one
RELAY_PAUSE_SECONDS: Final = 3  # after each sentence, while an operator types
NOON_MINUTES: Final = 12 * 60


def slowness(pace: str) -> int:
    """Return how much time a pace gives: 0 is the least."""
    return PACES.index(pace)


def worded(pace: str) -> str:
    """Return the pace whose words are said in a pace: unhurried is voice with other waits."""
    return "voice" if pace == "unhurried" else pace


@dataclass(frozen=True, slots=True)
class SpokenValues:
    """One language's ready speech for values; a line break marks where a slow reading may pause.

    `money` takes cents, none below zero; `moment` and `hours` take local time. What they return stands
    inside a sentence: no capital of its own, no full stop at the end except an abbreviation's. `place` takes
    a line of an address as the facts have it, and says floor and suite in the language.
    """

    money: Callable[[int], str]
    date: Callable[[dt.date], str]
    date_year: Callable[[dt.date], str]
    moment: Callable[[dt.datetime], str]
    hours: Callable[[tuple[OpenHours, ...]], str]
    place: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What it takes for the line to speak a language and to be spoken to in it.

    `name` is what staff call it, `voice` Twilio's name of the voice that says it, `press` the verb, in small
    letters, by which every prompt names a key: "press 1". `aloud` writes a text as a voice must be given it,
    where it would say the usual writing wrong.
    """

    name: str
    voice: str
    press: str
    values: SpokenValues
    answers: Answers
    aloud: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Language:
    """A language in which the program writes to its members.

    `tag` is what settings, files and tables call it, and what Twilio's recognizer takes; `key` the key that
    chooses it, the same on every line there is (0, 7 and 9 mean something everywhere). `locale` is the
    name under which libraries know its dates. `spaced` tells whether words are divided by spaces. `spoken`
    is None for a language that the line does not speak yet.
    """

    tag: str
    key: str
    locale: str
    spaced: bool = True
    spoken: Spoken | None = None
