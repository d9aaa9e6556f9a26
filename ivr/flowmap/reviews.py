"""Who has read which words of a language, and when: `prompts/reviews/<language>.toml`, a line a wording.

Whether a language is fit for callers is for a person to say (45 CFR 92.201 asks it of critical text that a
machine translated). A review is of the words as they stood: it does not hold once they have changed.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from ivr.base.errors import OperatorError

REVIEWS: Final = Path("prompts") / "reviews"
_DIGITS: Final = 16
_FIELDS: Final = {"by": str, "on": date, "sha256": str}

Standing = Literal["reviewed", "changed since", "not reviewed"]


@dataclass(frozen=True, slots=True)
class WordingReview:
    """Somebody read a wording: who, when, and the first digits of the SHA-256 of its sentences."""

    by: str
    on: date
    sha256: str


def digest(sentences: Sequence[str]) -> str:
    """Return what tells a wording from a changed one."""
    return hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:_DIGITS]


def standing(review: WordingReview | None, sentences: Sequence[str]) -> Standing:
    """Return whether a wording is reviewed as it stands."""
    if review is None:
        return "not reviewed"
    return "reviewed" if review.sha256 == digest(sentences) else "changed since"


def read_reviews(folder: Path) -> dict[str, dict[str, WordingReview]]:
    """Return the reviews below a line's folder, by language and wording; none where there is no file.

    Raises `OperatorError` with every line that is no review.
    """
    problems: list[str] = []
    found = {path.stem: _parse(path, problems) for path in sorted((folder / REVIEWS).glob("*.toml"))}
    if problems:
        raise OperatorError(*problems)
    return found


def written(reviews: Mapping[str, WordingReview]) -> str:
    """Return a language's reviews as its file has them."""
    lines = (
        f"{json.dumps(name)} = {{ by = {json.dumps(each.by, ensure_ascii=False)}, on = {each.on},"
        f' sha256 = "{each.sha256}" }}\n'
        for name, each in sorted(reviews.items())
    )
    return (
        "# `ivr flow reviewed` writes this: who read which words, when, and their digest then.\n"
        + "".join(lines)
    )


def _parse(path: Path, problems: list[str]) -> dict[str, WordingReview]:
    try:
        lines = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{path}: cannot be read as TOML: {error}")
        return {}
    sound = {}
    for name, each in lines.items():
        if isinstance(each, dict) and {key: type(value) for key, value in each.items()} == _FIELDS:
            sound[name] = WordingReview(**each)
        else:
            problems.append(f"{path}: {name}: write it as {{ by = NAME, on = DATE, sha256 = DIGEST }}")
    return sound
