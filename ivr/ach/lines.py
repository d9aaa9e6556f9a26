"""A bank's file as records of 94 characters, whatever happened to its lines on the way.

Programs in between cut blanks off, add some, write line ends of their own, mark the beginning (byte order
mark) and the end (Ctrl-Z), or put two files into one. What is meant is plain all the same, and counts, hashes
and totals prove it afterwards (`ivr.ach.reader`). So such a line is read, and an allowance says what was let
pass.

What stays a fault: a character that is not printable ASCII outside of the fields that hold words, and a
length that shifts what the sums do not prove. An entry or its addenda record of a wrong length is read by
position: routing number and amount are proved by the sums, and what stands behind them is only that entry's
affair.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final, NamedTuple

from ivr.ach.writer import RECORD_LENGTH

LINES_NAMED: Final = 3

_MARKS_BEFORE: Final = re.compile(rb"\A(?:\xef\xbb\xbf|[\x1a\0])*")
_MARKS_AFTER: Final = re.compile(rb"[\x1a\0][\x1a\0 ]*\Z")
_ODD: Final = re.compile(r"[^ -~]")
_MAY_END_IN_BLANKS: Final = "19"  # the others end in a number
_OF_ONE_ENTRY: Final = "67"
# Where words stand, by record type: positions, counted from 1. Nothing is reckoned with them.
_WORDS: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "1": ((41, 94),),
    "5": ((5, 40), (54, 69)),
    "6": ((13, 29), (40, 78)),
    "7": ((4, 94),),
    "8": ((55, 79),),
}


class FileLine(NamedTuple):
    """A record and where it stands. `fault`, a rule's id and a message, says why it is none.

    Then `record` is what can be made of it.
    """

    number: int  # counts from 1
    record: str  # always 94 characters
    fault: tuple[str, str] | None = None


class Allowances:
    """What was let pass in a file, and in which lines: told to whoever imports it."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}

    def note(self, what: str, line: int) -> None:
        """Remember that `what` was let pass in a line."""
        lines = self._lines.setdefault(what, [])
        if line not in lines[-1:]:
            lines.append(line)

    def sentences(self) -> tuple[str, ...]:
        """Return each allowance with its lines, the first three by number. Nothing of the file is quoted."""
        return tuple(f"{_named(lines)}: {what}" for what, lines in self._lines.items())


def _named(lines: list[int]) -> str:
    more = len(lines) - LINES_NAMED
    numbers = ", ".join(map(str, lines[:LINES_NAMED]))
    return f"line{'s' if len(lines) > 1 else ''} {numbers}" + (f" and {more} more" if more > 0 else "")


def file_lines(data: bytes, allowed: Allowances) -> Iterator[FileLine]:
    """Yield the records of a file in their order; a file without any line end is cut into pieces of 94."""
    raw = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    texts = [_text(_bare(line, number, allowed)) for number, line in enumerate(raw, 1)]
    written = [number for number, text in enumerate(texts, 1) if text.strip(" ")]
    for number, text in enumerate(texts, 1):
        if not text.strip(" "):
            if written and number < written[-1]:
                allowed.note("a blank line was passed over", number)
        elif len(written) == 1:
            for place, piece in enumerate(_pieces(text), 1):
                yield _record(place, piece, allowed)
        elif len(text) % RECORD_LENGTH == 0:
            for piece in _pieces(text):
                yield _record(number, piece, allowed)
        else:
            yield _record(number, text, allowed)


def _pieces(text: str) -> list[str]:
    return [text[start : start + RECORD_LENGTH] for start in range(0, len(text), RECORD_LENGTH)]


def _bare(raw: bytes, number: int, allowed: Allowances) -> bytes:
    """Return a line without the marks that programs put at the beginning and the end of a file."""
    rest = _MARKS_BEFORE.sub(b"", raw)
    marks = raw[: len(raw) - len(rest)]
    bare = _MARKS_AFTER.sub(b"", rest)
    if BOM_UTF8 in marks:
        allowed.note("a byte order mark was left out", number)
    if marks.replace(BOM_UTF8, b"") or bare != rest:
        allowed.note("an end-of-file mark (Ctrl-Z or NUL) was left out", number)
    return bare


def _text(raw: bytes) -> str:
    """Return a line's characters: as UTF-8, unless it is none or only its bytes make whole records."""
    by_byte = raw.decode("latin-1")
    if raw.isascii() or len(by_byte.rstrip(" ")) % RECORD_LENGTH == 0:
        return by_byte
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return by_byte


def _record(number: int, text: str, allowed: Allowances) -> FileLine:
    """Return a line as 94 characters, its blanks put back or cut off."""
    kind, length = text[0], len(text.rstrip(" "))
    fault = None
    if length <= RECORD_LENGTH < len(text):
        allowed.note("blanks after position 94 were left out", number)
    elif len(text) < RECORD_LENGTH and kind in _MAY_END_IN_BLANKS:
        allowed.note("blanks at the end of the line had been cut off", number)
    elif len(text) != RECORD_LENGTH and kind in _OF_ONE_ENTRY:
        allowed.note("the record is not 94 characters long: what came was read by position", number)
    elif len(text) != RECORD_LENGTH:
        fault = "nacha.record-length", f"is {length} characters long, must be {RECORD_LENGTH}"
    record = text[:RECORD_LENGTH].ljust(RECORD_LENGTH)
    return _in_ascii(FileLine(number, record, fault), allowed)


def _in_ascii(line: FileLine, allowed: Allowances) -> FileLine:
    """Let characters beyond ASCII pass where words stand; one that is no letter becomes a question mark."""
    odd = [found.start() + 1 for found in _ODD.finditer(line.record)]
    if not odd:
        return line
    letters = (letter if letter.isalpha() or " " <= letter <= "~" else "?" for letter in line.record)
    line = line._replace(record="".join(letters))
    words = _WORDS.get(line.record[0], ())
    if not all(any(first <= place <= last for first, last in words) for place in odd):
        return line._replace(fault=("nacha.not-ascii", "holds a character that is not printable ASCII"))
    allowed.note("a character beyond ASCII in a field of words was let pass", line.number)
    return line
