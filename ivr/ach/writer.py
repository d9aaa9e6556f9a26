"""Write a Nacha file, line by line, or refuse it with everything that is wrong.

    with open(path, "wb") as file:
        totals = write_file(settings, [(health_header, health_entries), (dental_header, …)], file.write)

Batches and entries may be generators: one entry is held at a time, so a file of any size needs a few MiB, and
a progress bar goes around the entries. Counts, hashes and totals are added up from what was written; a file
balances by construction.

When anything is wrong, `NachaWriteError` is raised after the last entry was looked at: its `found` holds the
problems with their places, its `problems` the same as sentences. What `write` was given until then is no file
and must be thrown away. Write to a temporary name and rename.

No entries, no file: that is an error too. Ask before whether there is anything to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ivr.ach.letters import individual_name
from ivr.ach.records import (
    BatchHeader,
    Entry,
    Fault,
    FileSettings,
    WriteProblem,
    batch_faults,
    date_faults,
    entry_faults,
    file_problems,
    is_debit,
)
from ivr.base.errors import OperatorError

RECORD_LENGTH: Final = 94
BLOCKING_FACTOR: Final = 10
FILL_LINE: Final = "9" * RECORD_LENGTH
PROBLEMS_LISTED: Final = 1000

_HASH_MODULUS: Final = 10**10
_CENTS_LIMIT: Final = 10**12
_BATCH_ENTRIES_LIMIT: Final = 10**6
_FILE_ENTRIES_LIMIT: Final = 10**8
_BATCHES_LIMIT: Final = 10**6
_BLOCKS_LIMIT: Final = 10**6
_LINE_ENDS: Final = {"LF": "\n", "CRLF": "\r\n"}

Batch = tuple[BatchHeader, Iterable[Entry]]


class NachaWriteError(OperatorError):
    """The file cannot be written. `found` holds the first 1000 problems, `count` says how many there are."""

    def __init__(self, found: tuple[WriteProblem, ...], count: int) -> None:
        left_out = (f"and {count - len(found)} more problems",) if count > len(found) else ()
        super().__init__(*(str(problem) for problem in found), *left_out)
        self.found = found
        self.count = count


@dataclass(slots=True)
class Totals:
    """What a control record says of what stands above it; `entry_hash` is not yet cut to ten digits."""

    entries: int = 0
    entry_hash: int = 0
    debit_cents: int = 0
    credit_cents: int = 0

    def add(self, entry: Entry) -> None:
        """Count one entry in."""
        self.entries += 1
        self.entry_hash += int(entry.receiving_routing[:8])
        if is_debit(entry.transaction_code):
            self.debit_cents += entry.amount_cents
        else:
            self.credit_cents += entry.amount_cents

    def add_all(self, other: Totals) -> None:
        """Count a batch in."""
        self.entries += other.entries
        self.entry_hash += other.entry_hash
        self.debit_cents += other.debit_cents
        self.credit_cents += other.credit_cents

    def faults(self, entries_limit: int) -> Iterator[Fault]:
        """Yield which sums are too large for their fields."""
        if self.entries >= entries_limit:
            yield "entries", "nacha.too-large", "more than the control record can count; make two of it"
        if max(self.debit_cents, self.credit_cents) >= _CENTS_LIMIT:
            yield "total", "nacha.too-large", "the amounts add up to more than 12 digits; make two of it"

    @property
    def fields(self) -> str:
        """The hash and the two sums, as batch control and file control hold them."""
        return f"{self.entry_hash % _HASH_MODULUS:010}{self.debit_cents:012}{self.credit_cents:012}"


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What was written. `lines` counts the fill lines, `blocks` is a tenth of it; the hash has ten digits."""

    batches: int
    entries: int
    entry_hash: int
    debit_cents: int
    credit_cents: int
    lines: int
    blocks: int


def write_file(
    settings: FileSettings,
    batches: Iterable[Batch],
    write: Callable[[bytes], object],
    *,
    checked: bool = False,
) -> FileTotals:
    """Give the file to `write` in pieces of bytes, and return what its control record says.

    `checked` says that `entry_problems` found none in each entry: then only their order is looked at.
    Raises `NachaWriteError` with all problems; what was given to `write` until then is no file.
    """
    writer = _FileWriter(settings, write, _no_faults if checked else entry_faults)
    for header, entries in batches:
        writer.batch(header, entries)
    return writer.end()


def _no_faults(_header: BatchHeader, _entry: Entry) -> tuple[Fault, ...]:
    return ()


class _FileWriter:
    """A file under construction. After the first problem it goes on looking and writes nothing more."""

    def __init__(
        self,
        settings: FileSettings,
        write: Callable[[bytes], object],
        faults: Callable[[BatchHeader, Entry], Iterable[Fault]],
    ) -> None:
        self._settings = settings
        self._write = write
        self._faults = faults
        self._line_end = _LINE_ENDS[settings.line_end]
        self._found: list[WriteProblem] = []
        self._count = 0
        self._lines = 0
        self._batches = 0
        self._totals = Totals()
        self._traces: set[str] = set()
        for problem in file_problems(settings):
            self._problem(problem)

    def batch(self, header: BatchHeader, entries: Iterable[Entry]) -> None:
        self._batches += 1
        number = self._batches
        for fault in (*batch_faults(header), *date_faults(self._settings, header)):
            self._problem(WriteProblem(*fault, number))
        if number == 1:
            self._line(_file_header(self._settings))
        self._line(_batch_header(header, number))
        totals, last_trace = Totals(), ""
        for entry in entries:
            place = totals.entries + 1
            for fault in (*self._faults(header, entry), *self._order_faults(entry, last_trace)):
                self._problem(WriteProblem(*fault, number, place))
            if self._count == 0:
                self._line(_entry(entry))
                totals.add(entry)
            else:
                totals.entries = place  # nothing is written any more; only the places still count
            last_trace = entry.trace_number
        self._end_of_batch(header, number, totals)

    def _end_of_batch(self, header: BatchHeader, number: int, totals: Totals) -> None:
        if totals.entries == 0:
            self._problem(
                WriteProblem("entries", "nacha.no-entries", "there are none; leave the batch out", number)
            )
        for fault in totals.faults(_BATCH_ENTRIES_LIMIT):
            self._problem(WriteProblem(*fault, number))
        self._line(_batch_control(header, number, totals))
        self._totals.add_all(totals)

    def _order_faults(self, entry: Entry, last_trace: str) -> Iterator[Fault]:
        if entry.trace_number <= last_trace:
            yield "trace_number", "nacha.trace-order", "must be higher than that of the entry before"
        elif entry.trace_number in self._traces:
            yield "trace_number", "nacha.trace-order", "another batch of this file has it already"
        self._traces.add(entry.trace_number)

    def end(self) -> FileTotals:
        if self._batches == 0:
            message = "there are none, and a file without entries is no file"
            self._problem(WriteProblem("batches", "nacha.no-entries", message))
        blocks = -(-(self._lines + 1) // BLOCKING_FACTOR)
        for fault in (*self._totals.faults(_FILE_ENTRIES_LIMIT), *_size_faults(self._batches, blocks)):
            self._problem(WriteProblem(*fault))
        if self._count:
            raise NachaWriteError(tuple(self._found), self._count)
        self._line(_file_control(self._batches, blocks, self._totals))
        while self._lines < blocks * BLOCKING_FACTOR:
            self._line(FILL_LINE)
        if self._settings.final_newline:
            self._write(self._line_end.encode("ascii"))
        return FileTotals(
            batches=self._batches,
            entries=self._totals.entries,
            entry_hash=self._totals.entry_hash % _HASH_MODULUS,
            debit_cents=self._totals.debit_cents,
            credit_cents=self._totals.credit_cents,
            lines=self._lines,
            blocks=blocks,
        )

    def _line(self, line: str) -> None:
        if self._count == 0:
            self._write((self._line_end + line if self._lines else line).encode("ascii"))
            self._lines += 1

    def _problem(self, problem: WriteProblem) -> None:
        self._count += 1
        if len(self._found) < PROBLEMS_LISTED:
            self._found.append(problem)


def _size_faults(batches: int, blocks: int) -> Iterator[Fault]:
    if batches >= _BATCHES_LIMIT:
        yield "batches", "nacha.too-large", "more than the file control record can count; make two files"
    if blocks >= _BLOCKS_LIMIT:
        yield "blocks", "nacha.too-large", "more than the file control record can count; make two files"


def _file_header(settings: FileSettings) -> str:
    return (
        f"101{settings.destination}{settings.origin}"
        f"{settings.creation_date:%y%m%d}{settings.creation_time:%H%M}{settings.file_id_modifier}"
        f"094101{settings.destination_name.upper():<23}{settings.origin_name.upper():<23}"
        f"{settings.reference_code:<8}"
    )


def _batch_header(header: BatchHeader, number: int) -> str:
    descriptive_date = f"{header.descriptive_date:%y%m%d}" if header.descriptive_date else ""
    return (
        f"5{header.service_class}{header.company_name.upper():<16}{header.discretionary_data:<20}"
        f"{header.company_id:<10}{header.sec_code}{header.entry_description:<10}"
        f"{descriptive_date:<6}{header.effective_entry_date:%y%m%d}   "
        f"1{header.odfi_routing}{number:07}"
    )


def _entry(entry: Entry) -> str:
    return (
        f"6{entry.transaction_code}{entry.receiving_routing}{entry.account_number:<17}"
        f"{entry.amount_cents:010}{entry.individual_id:<15}{individual_name(entry.individual_name):<22}"
        f"{entry.payment_type:<2}0{entry.trace_number}"
    )


def _batch_control(header: BatchHeader, number: int, totals: Totals) -> str:
    return (
        f"8{header.service_class}{totals.entries:06}{totals.fields}{header.company_id:<10}"
        f"{'':19}{'':6}{header.odfi_routing}{number:07}"
    )


def _file_control(batches: int, blocks: int, totals: Totals) -> str:
    return f"9{batches:06}{blocks:06}{totals.entries:08}{totals.fields}{'':39}"
