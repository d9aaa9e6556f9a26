"""The facts by which a caller is known: member IDs and birth dates, as they can be keyed."""

from __future__ import annotations

from datetime import date
from typing import Final

MEMBER_ID_DIGITS: Final = 12
BIRTH_YEAR_MIN: Final = 1900  # of what can be keyed: earlier is a slip, such as 1890 for 1990
_OLDEST_YEARS: Final = 115  # hardly anybody alive is older; programs that know no date write 1900-01-01


def is_member_id(text: str) -> bool:
    """Return whether `text` has the form of a member's ID."""
    return len(text) == MEMBER_ID_DIGITS and text.isascii() and text.isdigit()


def parse_member_id(cell: str) -> str:
    """Read a member's ID in a file. Raises `ValueError` saying what to write."""
    if not is_member_id(cell):
        raise ValueError(f"write {MEMBER_ID_DIGITS} digits")
    return cell


def birth_date_doubt(born: date, today: date) -> str | None:
    """Return what is doubtful about a date of birth that is on file, or None.

    Its member is locked out: no caller keys the right day and is verified by it.
    """
    if born.year < BIRTH_YEAR_MIN:
        return (
            f"no caller can key a birth date before {BIRTH_YEAR_MIN}: until it is corrected, this member"
            " cannot be verified"
        )
    if today.year - born.year > _OLDEST_YEARS:
        return (
            f"more than {_OLDEST_YEARS} years ago: if it stands for 'not known', this member cannot be"
            " verified until it is corrected"
        )
    return None
