"""The dated facts that the line speaks: addresses, payees, hours by season, holidays. One file holds them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from ivr.base.errors import OperatorError
from ivr.base.hours import Opening, Season, parse_hours

FACTS_FILE: Final = Path("prompts") / "facts.toml"  # in the folder of a line
_OWN: Final = (Path(__file__).parents[2] / FACTS_FILE, FACTS_FILE)
WARNED_DAYS: Final = 30  # before a fact must be read again
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "mail": ("name", "street", "city"),
    "courier": ("street", "city"),
    "center_1": ("name", "street"),
    "center_2": ("name", "street"),
    "center_3": ("name", "street"),
    "bank_bill_pay": ("name",),
}
"""The places and payees that a caller may ask for, and what each must say."""

_KEPT: Final = ("source", "seen", "review_by")
_LONGEST: Final = 60  # letters of a value: it is spoken, and typed by an operator
_WORDS_MOST: Final = 7


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a fact is still spoken: `name` as the file has it, and the last day it may be."""

    name: str
    review_by: date

    def warning(self, today: date) -> str | None:
        """Return what whoever runs the line must know, or None while there is time."""
        if today > self.review_by:
            return f"{self.name} was to be read again by {self.review_by}: callers hear whom to call instead"
        if today + timedelta(days=WARNED_DAYS) >= self.review_by:
            return f"{self.name} must be read again by {self.review_by}; after that callers hear whom to call"
        return None


@dataclass(frozen=True, slots=True)
class Facts:
    """Every fact of one file. `places` maps a place to what is said of it; `reviews` stand as in the file."""

    seasons: tuple[Season, ...]
    holidays: frozenset[date]
    places: Mapping[str, Mapping[str, str]]
    reviews: Mapping[str, Review]

    def place(self, name: str, today: date) -> Mapping[str, str] | None:
        """Return what is said of a place; None when there is none, or it must be read again first."""
        review = self.reviews.get(f"place.{name}")
        return None if review is None or today > review.review_by else self.places[name]

    def opening(self, usual_hours: str) -> Opening:
        """Return when agents answer, where the setting gives the usual hours."""
        return Opening(usual_hours, self.seasons, self.holidays)

    def warnings(self, today: date) -> list[str]:
        """Return what must be read again soon, or should have been."""
        found = (review.warning(today) for review in self.reviews.values())
        return [each for each in found if each is not None]


def read_facts(path: Path | None = None) -> Facts:
    """Read a file of facts, by default the one that comes with the line.

    Raises `OperatorError` with everything that is wrong with it.
    """
    path = path or next((each for each in _OWN if each.is_file()), _OWN[0])
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"{path}: cannot be read as UTF-8 text: name another, or unset IVR_FACTS."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{path}: not TOML: {error}.") from error
    reader = _Reader(data)
    facts = reader.facts()
    if reader.problems:
        raise OperatorError(*(f"{path}: {problem}" for problem in reader.problems))
    return facts


class _Reader:
    """Reads one file's data; what is wrong is noted and left out."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.problems: list[str] = []
        self._reviews: dict[str, Review] = {}

    def facts(self) -> Facts:
        for name in self._data.keys() - {"season", "holidays", "place"}:
            self.problems.append(f"{name} is no fact: there are season, holidays and place.")
        seasons = tuple(self._seasons())
        holidays = self._holidays()
        places = dict(self._places())
        return Facts(seasons, holidays, places, self._reviews)

    def _seasons(self) -> Iterator[Season]:
        for number, table in enumerate(self._data.get("season", ()), start=1):
            where = f"season {number}"
            first, last, hours = table.get("from"), table.get("until"), str(table.get("hours", ""))
            self._dated(where, table, {"name", "from", "until", "hours"})
            if type(first) is not date or type(last) is not date or first > last:
                self.problems.append(f"{where}: write from and until as 2026-11-01, the earlier first.")
                continue
            try:
                parse_hours(hours)
            except ValueError as error:
                self.problems.append(f"{where}: {error}.")
                continue
            yield Season(first, last, hours)

    def _holidays(self) -> frozenset[date]:
        table = self._data.get("holidays")
        if table is None:
            return frozenset()
        self._dated("holidays", table, {"days"})
        days = table.get("days")
        if not isinstance(days, list) or not all(type(day) is date for day in days):
            self.problems.append("holidays: write days as [2026-12-25, 2027-01-01].")
            return frozenset()
        return frozenset(days)

    def _places(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        for name, table in self._data.get("place", {}).items():
            where = f"place.{name}"
            if name not in PLACES:
                self.problems.append(f"{where} is no place: there are {', '.join(PLACES)}.")
                continue
            said = PLACES[name]
            self._dated(where, table, set(said))
            missing = [each for each in said if not _is_said(table.get(each))]
            if missing:
                self.problems.append(
                    f"{where}: write {', '.join(missing)}, of at most {_WORDS_MOST} words and "
                    f"{_LONGEST} letters, digits and , . - '."
                )
                continue
            yield name, {each: table[each] for each in said}

    def _dated(self, where: str, table: Mapping[str, Any], also: set[str]) -> None:
        """Note when a fact must be read again, and what is wrong with the table around it."""
        for key in sorted(table.keys() - also - set(_KEPT)):
            self.problems.append(f"{where}: {key} has no place here; there are {', '.join(sorted(also))}.")
        if not isinstance(table.get("source"), str) or not table["source"].strip():
            self.problems.append(f"{where}: write source, where it stands.")
        if type(table.get("seen")) is not date or type(table.get("review_by")) is not date:
            self.problems.append(f"{where}: write seen and review_by as 2026-11-28.")
            return
        self._reviews[where] = Review(where, table["review_by"])


def _is_said(value: object) -> bool:
    """Return whether a value can be spoken: letters, digits and what stands between them."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST
        and len(value.split()) <= _WORDS_MOST
        and all(each.isalnum() or each in " ,.-'" for each in value)
    )
