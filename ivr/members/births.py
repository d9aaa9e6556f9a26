"""Birth dates that a caller can key, and those that can hardly be anybody's."""

from __future__ import annotations

from datetime import date
from typing import Final

BIRTH_YEAR_MIN: Final = 1900  # of what can be keyed: earlier is a slip, such as 1890 for 1990
_OLDEST_YEARS: Final = 115  # hardly anybody alive is older; programs that know no date write 1900-01-01


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
