"""What a language must know to speak values: the shape its module fills in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ivr.speech.hours import OpenHours


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """One language's ready speech for values; a line break marks where a slow reading may pause.

    `money` takes cents, none below zero; `moment` and `hours` take local time. What they return stands
    inside a sentence: no capital of its own, no full stop at the end except an abbreviation's. `press` is
    the verb, in small letters, by which every prompt names a key: "press 1".
    """

    money: Callable[[int], str]
    date: Callable[[dt.date], str]
    date_year: Callable[[dt.date], str]
    moment: Callable[[dt.datetime], str]
    hours: Callable[[tuple[OpenHours, ...]], str]
    press: str
