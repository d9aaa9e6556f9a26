"""Values as ready speech, by kind and language.

Digits are numerals said one at a time, three or four to a group, because that is what a relay operator can
type and a caller can write down. Money and dates keep numerals without separators, so that a voice reads
them whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from ivr.base.hours import parse_hours
from ivr.languages.language import SpokenValues
from ivr.languages.registry import SPOKEN

KINDS: Final[Mapping[str, str | int]] = MappingProxyType(
    {
        "money": 9_999_99,
        "date": "2026-09-30",
        "date_year": "2026-09-30",
        "moment": "2026-09-30T00:00-04:00",
        "hours": "Mon-Fri 08:30-17:30",
        "routing": "000000000",
        "billing_account": "700000000",
        "place": "100 Saint Martin Street, second floor, suite 200 North",
        "confirmation": "10000000000",
        "phone": "+16175550100",
        "last4": "0000",
        "digits": "0",
        "choice": "other",
        "count": 100,
        "bank": "FIRST NATIONAL BANK OF NORTH NOWHERE",
        "spelled": "BERNADETTE MONTGOMERY",
    }
)
"""The kinds of value there are, each with the raw value that makes the longest speech in practice.

Longer, and not counted on: millions of dollars, and hours in more than one span.
"""

WRITTEN_DOWN: Final = frozenset({"confirmation", "billing_account"})
"""The kinds that are said slowly: a caller has a pen in hand."""

_GROUPS = {"routing": (3, 3, 3), "billing_account": (3, 3, 3), "confirmation": (3, 4, 4), "last4": (4,)}
_GROUP_MOST = 5  # digits of a place's number that are said in one breath
_NUMBER = re.compile(r"\d+(?:-\d+)*", re.ASCII)
_PHONE = re.compile(r"\+1(\d{10})", re.ASCII)
_WORD_OF_A_BANK = re.compile(r"[A-Za-z0-9&][A-Za-z0-9&.,'/-]*", re.ASCII)
_SPELLED = re.compile(r"[^AEIOUY]+|[A-Z]{2}", re.ASCII)  # NA, TD, FCU
_SPELLABLE = re.compile(r"[A-Z]+(?: [A-Z]+)*", re.ASCII)
_SAID = frozenset({"OF", "ON", "IN", "AT", "BY", "TO", "ST"})
_MOST_COUNTED = 999  # from a thousand on, Fluent would write separators


def speak_value(kind: str, value: str | int, language: str) -> str | int:
    """Turn a raw value into what a prompt says for it.

    Kinds: `money` integer cents; `date` and `date_year` ISO dates; `moment` an ISO instant with its offset,
    already in the bank's zone; `hours` as the setting is written; `routing` and `billing_account` 9 digits;
    `confirmation` 11; `last4` 4; `phone` E.164 of North America; `digits` any number of them; `place` a name,
    a street or a city as an envelope has it; `choice` a name for a selector and `count` 0 to 999, both
    returned as they are; `bank` as the directory writes its name, in capitals: words that can be said get
    small letters, for a voice spells capitals; `spelled` words of capitals, each letter said alone.

    Groups of digits are separated by a full stop and a line break. Raises `ValueError`, which never quotes
    the value, for an unknown kind or language and for a value that is not of its kind.
    """
    if language not in SPOKEN:
        raise ValueError(f"no values are spoken in {language!r}: add them to its record in ivr.languages")
    spoken = SPOKEN[language].values
    if isinstance(value, str):
        return _NAMES[kind](value) if kind in _NAMES else _speak_text(kind, value, spoken)
    if kind == "money" and value >= 0:
        return spoken.money(value)
    if kind == "count" and 0 <= value <= _MOST_COUNTED:
        return value
    raise ValueError(f"a value of kind {kind!r} cannot be this number")


def longest_value(kind: str, language: str) -> str | int:
    """Give the longest speech a value of this kind has in practice, for counting words."""
    return speak_value(kind, KINDS[kind], language)


def _speak_text(kind: str, text: str, spoken: SpokenValues) -> str:
    if kind in _GROUPS:
        return _speak_groups(text, _GROUPS[kind])
    match kind:
        case "date":
            return spoken.date(_day(text))
        case "date_year":
            return spoken.date_year(_day(text))
        case "moment":
            return spoken.moment(_aware(text))
        case "hours":
            return spoken.hours(parse_hours(text))
        case "phone":
            return _speak_phone(text)
        case "digits":
            return _speak_groups(text, (len(text),))
        case "place" if text:
            return _NUMBER.sub(lambda number: _speak_number(number[0]), spoken.place(text))
        case "choice" if text:
            return text
        case _:
            raise ValueError(f"a value of kind {kind!r} cannot be this text")


def _speak_bank(text: str) -> str:
    words = _WORD_OF_A_BANK.findall(text)
    if not words:
        raise ValueError("a bank's name must have a letter or a digit")
    return " ".join(map(_said_or_spelled, words))


def _spell(text: str) -> str:
    if not _SPELLABLE.fullmatch(text):
        raise ValueError("what is spelled must be words of capitals A to Z")
    return ".\n".join(", ".join(word) for word in text.split())


def _said_or_spelled(word: str) -> str:
    return word.capitalize() if word in _SAID or not _SPELLED.fullmatch(word) else word


_NAMES: Final = {"bank": _speak_bank, "spelled": _spell}


def _speak_groups(digits: str, sizes: tuple[int, ...]) -> str:
    if not (digits.isascii() and digits.isdigit() and len(digits) == sum(sizes)):
        raise ValueError(f"these must be {sum(sizes) or 'some'} digits")
    groups = []
    start = 0
    for size in sizes:
        groups.append(", ".join(digits[start : start + size]))
        start += size
    return ".\n".join(groups)


def _speak_phone(text: str) -> str:
    match = _PHONE.fullmatch(text)
    if match is None:
        raise ValueError("a phone number must be +1 and ten digits")
    return _speak_groups(match[1], (3, 3, 4))


def _speak_number(text: str) -> str:
    """Speak a number of an address digit by digit: `412612` in threes, `02241-2612` in its two parts."""
    parts = [part for run in text.split("-") for part in _in_breaths(run)]
    return ". ".join(", ".join(part) for part in parts)


def _in_breaths(digits: str) -> list[str]:
    return [digits] if len(digits) <= _GROUP_MOST else [digits[:3], *_in_breaths(digits[3:])]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        # the original message quotes the value
        raise ValueError("a date must be written as 2026-12-18") from None


def _aware(text: str) -> datetime:
    cure = "a moment must be written as 2026-12-18T17:00-05:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(cure) from None
    if moment.tzinfo is None:
        raise ValueError(cure)
    return moment
