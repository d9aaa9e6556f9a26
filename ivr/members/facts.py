"""The facts by which a caller is known: member IDs and birth dates, as they can be keyed."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import phonenumbers

MEMBER_ID_DIGITS: Final = 12
ZIP_DIGITS: Final = 5  # that are keyed, of a ZIP code on file that may have nine
# No area code and no exchange begins with 0 or 1 (North American Numbering Plan).
NORTH_AMERICAN: Final = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}", re.ASCII)
_NUMBER: Final = re.compile(r"\d+", re.ASCII)
_PHONE_DIGITS: Final = (10, 11)
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


def phone_on_file(keyed: str) -> str:
    """Return the telephone number that a caller keyed, as files have it: `+16175550123`.

    Ten digits, or eleven with the 1 before long distance. Empty text for what is no number here.
    """
    if len(keyed) not in _PHONE_DIGITS:
        return ""
    try:
        number = phonenumbers.parse(keyed, "US")
    except phonenumbers.NumberParseException:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if NORTH_AMERICAN.fullmatch(written) else ""


def house_number(address: str) -> str:
    """Return the first number in an address, without leading zeros: of a house, or of a post office box."""
    found = _NUMBER.search(address)
    return found[0].lstrip("0") if found else ""


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
