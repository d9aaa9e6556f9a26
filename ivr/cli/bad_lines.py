"""What was wrong in a file, for people: the same fault of many lines is told once, with its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from ivr.base.csvfiles import LineError
from ivr.base.words import counted

GROUPS_SHOWN: Final = 20
LINES_SHOWN: Final = 3


def each_line(found: Sequence[LineError]) -> Iterator[str]:
    """Yield a sentence a fault: `members.csv:12: state: write MA, or so [import.value]`."""
    for each in found:
        yield f"{each.file}:{each.line}: {_of_field(each)}{each.message} [{each.rule}]"


def summary(found: Sequence[LineError]) -> Iterator[str]:
    """Yield a sentence for each kind of fault, in the order of their first lines; at most `GROUPS_SHOWN`.

    A kind is a field and a message, whatever other line the message names.
    """
    groups: dict[tuple[str, str], list[LineError]] = {}
    for each in found:
        message = each.message.replace(f"line {each.other_line}", "another line")
        groups.setdefault((each.field, message), []).append(each)
    for (_, message), of_kind in islice(groups.items(), GROUPS_SHOWN):
        if len(of_kind) == 1:
            yield from each_line(of_kind)
        else:
            first = of_kind[0]
            yield f"{first.file}: {_of_field(first)}{message}: {_lines(of_kind)} [{first.rule}]"
    rest = list(islice(groups.values(), GROUPS_SHOWN, None))
    if rest:
        lines = counted(sum(len(each) for each in rest), "time")
        yield f"and {counted(len(rest), 'other fault')}, {lines}: `--errors FILE` writes them all"


def _of_field(each: LineError) -> str:
    return f"{each.field}: " if each.field else ""


def _lines(of_kind: Sequence[LineError]) -> str:
    """Return `lines 2 and 3`, or `lines 2, 3, 4 and 399,997 more`."""
    lines = [str(each.line) for each in of_kind]
    if len(lines) > LINES_SHOWN + 1:
        lines[LINES_SHOWN:] = [f"{len(lines) - LINES_SHOWN:,} more"]
    return f"lines {', '.join(lines[:-1])} and {lines[-1]}"
