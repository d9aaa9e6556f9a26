"""The Federal Reserve's directory of who takes ACH entries: one line of 155 characters a routing number.

Source: the published record layout of the FedACH directory. A number that stands in it takes entries, also
one that is replaced by another (record type 2): the operator sends those on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from stdnum.us import rtn

from ivr.ach.routing_numbers import ROUTING_NUMBER_DIGITS

LINE_LENGTH: Final = 155
_FILLER: Final = 7  # at the end, which some programs cut off: the status codes and what is unused
_ROUTING_NUMBER: Final = slice(0, ROUTING_NUMBER_DIGITS)
_RECORD_TYPE: Final = 19
_NAME: Final = slice(35, 71)
_RECORD_TYPES: Final = "012"  # a Reserve Bank's own; entries go to the bank itself; they go to a new number


@dataclass(frozen=True, slots=True)
class DirectoryBank:
    """One bank: its routing number, and its name as the directory writes it."""

    line: int
    routing_number: str
    name: str


@dataclass(frozen=True, slots=True)
class DirectoryFault:
    """What is wrong with a line, by field."""

    line: int
    field: str
    message: str


def read_directory(lines: Iterable[str]) -> Iterator[DirectoryBank | DirectoryFault]:
    """Yield each bank of the directory in its order, or the first thing that is wrong with its line."""
    seen: dict[str, int] = {}
    for number, ended in enumerate(lines, start=1):
        line = ended.rstrip("\r\n")
        if not line.strip():
            continue
        fault = _fault(line)
        routing_number = line[_ROUTING_NUMBER]
        if fault is not None:
            yield DirectoryFault(number, *fault)
        elif routing_number in seen:
            yield DirectoryFault(number, "routing_number", f"line {seen[routing_number]} has this number too")
        else:
            seen[routing_number] = number
            yield DirectoryBank(number, routing_number, " ".join(line[_NAME].split()))


def _fault(line: str) -> tuple[str, str] | None:
    routing_number = line[_ROUTING_NUMBER]
    if not LINE_LENGTH - _FILLER <= len(line) <= LINE_LENGTH:
        return "", f"a line of the directory has {LINE_LENGTH} characters"
    if not (routing_number.isascii() and routing_number.isdigit() and rtn.is_valid(routing_number)):
        return "routing_number", "write nine digits with a right check digit"
    if line[_RECORD_TYPE] not in _RECORD_TYPES:
        return "record_type", "write 0, 1 or 2"
    if not line[_NAME].strip():
        return "name", "write the bank's name"
    return None
