"""Read a Nacha file of any kind into records, or say with line and field what is wrong with it.

    file = read_file(data, odfi_routing="01100001")
    for batch in file.batches:
        for entry in batch.entries: …

A file comes back whole or not at all: every count, hash and total was checked against the lines. Otherwise
`NachaReadError` is raised: its `found` holds the problems with line and field, its `problems` the same as
sentences. No message quotes anything that the file says, so none can show an account number.

Line ends may be LF, CRLF, CR, or missing altogether (blocks of 940 bytes); blank lines at the end are let
pass. Files of the kinds IAT and ADV have other records and are refused.

Rules are those of the Nacha Operating Rules, appendices 1 to 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final, NamedTuple

from ivr.ach.records import is_debit
from ivr.ach.writer import BLOCKING_FACTOR, FILL_LINE, RECORD_LENGTH, Totals
from ivr.base.errors import OperatorError

PROBLEMS_LISTED: Final = 100

_RETURN_DIGITS: Final = ("1", "6")
_TRANSACTION_CODE: Final = re.compile(r"[2-5][1-9]")
_PRINTABLE: Final = re.compile(rb"[ -~]*")
_UNREAD_SEC_CODES: Final = ("IAT", "ADV")
_LAST_DAY_OF_YEAR: Final = 366


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """What is wrong in a file. `line` counts from 1; 0 is the file as a whole."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return the problem as one sentence."""
        return f"line {self.line}, {self.field}: {self.message}"


class NachaReadError(OperatorError):
    """The file cannot be used. `found` holds the first 100 problems, `count` says how many there are."""

    def __init__(self, found: tuple[ReadProblem, ...], count: int) -> None:
        left_out = (f"and {count - len(found)} more problems",) if count > len(found) else ()
        super().__init__(*(str(problem) for problem in found), *left_out)
        self.found = found
        self.count = count


@dataclass(frozen=True, slots=True)
class AddendaRecord:
    """A line that belongs to the entry above it. `record` is the whole line of 94 characters."""

    line: int
    type_code: str  # 99 a return, 98 a notification of change, 05 a payment's own words
    record: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry as the file has it. Texts lost the blanks around them, and nothing else."""

    line: int
    transaction_code: str
    receiving_routing: str  # 9 digits
    account_number: str = field(repr=False)
    amount_cents: int
    individual_id: str
    individual_name: str
    payment_type: str
    trace_number: str
    addenda: tuple[AddendaRecord, ...]

    @property
    def is_return(self) -> bool:
        """Tell whether this comes back: a return or a notification of change."""
        return self.transaction_code[1:] in _RETURN_DIGITS


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch as the file has it. In returns `odfi_routing` is the bank that returned."""

    line: int
    service_class: str
    company_name: str
    discretionary_data: str
    company_id: str
    sec_code: str
    entry_description: str
    descriptive_date: str
    effective_entry_date: date | None
    settlement_day: int | None  # the day of the year on which it settled, from the operator
    originator_status: str
    odfi_routing: str  # 8 digits
    batch_number: int
    entries: tuple[EntryRecord, ...]


@dataclass(frozen=True, slots=True)
class NachaFile:
    """A file that was read whole."""

    destination: str  # 10 characters, leading blanks included
    origin: str
    creation_date: date
    creation_time: time | None
    file_id_modifier: str
    destination_name: str
    origin_name: str
    reference_code: str
    batches: tuple[BatchRecord, ...]


class Place(NamedTuple):
    """A field of a record: its name and its first and last position, counted from 1."""

    name: str
    first: int
    last: int

    def of(self, record: str) -> str:
        """Return the field's characters."""
        return record[self.first - 1 : self.last]


_SERVICE_CLASS: Final = Place("service class", 2, 4)
_SEC_CODE: Final = Place("SEC code", 51, 53)
_EFFECTIVE: Final = Place("effective entry date", 70, 75)
_SETTLEMENT: Final = Place("settlement date", 76, 78)
_ODFI: Final = Place("ODFI routing number", 80, 87)
_BATCH_NUMBER: Final = Place("batch number", 88, 94)
_TRACE: Final = Place("trace number", 80, 94)


def read_file(data: bytes, *, odfi_routing: str | None = None) -> NachaFile:
    """Return the file that these bytes are.

    With `odfi_routing` (8 digits), every entry must be our bank's: sent by it, or come back to it.
    Raises `NachaReadError` with all problems.
    """
    reading = _Reading(odfi_routing)
    for line in _lines(data):
        reading.line(line)
    return reading.end()


def _lines(data: bytes) -> list[bytes]:
    """Return the file's lines without their ends; without any line end, slices of 94."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    if b"\n" in text:
        lines = text.split(b"\n")
        while lines and not lines[-1].strip():
            lines.pop()
        return lines
    return [text[start : start + RECORD_LENGTH] for start in range(0, len(text), RECORD_LENGTH)]


@dataclass(slots=True)
class _OpenEntry:
    """An entry whose addenda may still come."""

    line: int
    record: str
    amount_cents: int
    addenda: list[AddendaRecord]


@dataclass(slots=True)
class _OpenBatch:
    """A batch whose control record has not come. `sound`: every line of it could be read."""

    line: int
    record: str
    effective_entry_date: date | None
    settlement_day: int | None
    number: int
    entries: list[EntryRecord] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    sound: bool = True


@dataclass(slots=True)
class _Header:
    """What the file header says."""

    record: str
    creation_date: date
    creation_time: time | None


class _Reading:
    """Where in the file we are, what was read, and what is wrong so far."""

    def __init__(self, odfi_routing: str | None) -> None:
        self._ours = odfi_routing
        self._found: list[ReadProblem] = []
        self._count = 0
        self._number = 0
        self._damaged = False  # this line: said once, then its fields complain no more
        self._sound = True  # all lines so far could be read, so that sums mean something
        self._header: _Header | None = None
        self._batch: _OpenBatch | None = None
        self._entry: _OpenEntry | None = None
        self._batches: list[BatchRecord] = []
        self._totals = Totals()
        self._control: str | None = None
        self._control_line = 0
        self._handlers: dict[str, Callable[[str], None]] = {
            "1": self._second_header,
            "5": self._batch_header,
            "6": self._entry_detail,
            "7": self._addenda,
            "8": self._batch_control,
            "9": self._file_control,
        }

    def line(self, raw: bytes) -> None:
        self._number += 1
        self._damaged = False
        record = raw.decode("ascii", "replace")
        if _PRINTABLE.fullmatch(raw) is None:
            self._damage("holds a character that is not printable ASCII")
        elif len(raw) != RECORD_LENGTH:
            self._damage(f"is {len(raw)} characters long, must be {RECORD_LENGTH}")
        if self._number == 1:
            self._file_header(record)
        elif self._control is not None:
            if record != FILL_LINE:
                self._problem("record", "only fill lines of 94 nines may follow the file control record")
        else:
            handler = self._handlers.get(record[:1], self._undefined)
            handler(record.ljust(RECORD_LENGTH)[:RECORD_LENGTH])

    def end(self) -> NachaFile:
        self._damaged = False
        if self._header is None:
            raise NachaReadError((ReadProblem(0, "file", "the file is empty"),), 1)
        if self._control is None:
            self._close_batch_without_control()
            self._problem("file control", "the file was cut short: it has no file control record")
        else:
            if self._number % BLOCKING_FACTOR:
                self._problem(
                    "blocking",
                    f"the file has {self._number} lines, which is not a multiple of 10: cut short?",
                )
            self._check_file_control(self._control)
        if self._count:
            raise NachaReadError(tuple(self._found), self._count)
        return self._file(self._header)

    def _file(self, header: _Header) -> NachaFile:
        record = header.record
        return NachaFile(
            destination=record[3:13],
            origin=record[13:23],
            creation_date=header.creation_date,
            creation_time=header.creation_time,
            file_id_modifier=record[33],
            destination_name=record[40:63].strip(),
            origin_name=record[63:86].strip(),
            reference_code=record[86:94].strip(),
            batches=tuple(self._batches),
        )

    def _file_header(self, record: str) -> None:
        """Read line 1. A file that does not begin like a Nacha file is looked at no further."""
        if record[:3] != "101" or record[34:40] != "094101":
            message = (
                "this is not a Nacha file: line 1 must begin with 101 and have 094101 in positions 35 to 40"
            )
            raise NachaReadError((ReadProblem(1, "file header", message),), 1)
        created = as_date(record[23:29])
        if created is None:
            self._problem("creation date", "must be a date as YYMMDD")
        self._header = _Header(record, created or date.min, self._time(record))

    def _second_header(self, _record: str) -> None:
        self._problem("record type", "a second file header; import one file at a time")
        self._unsound()

    def _undefined(self, _record: str) -> None:
        self._problem("record type", "a record begins with 1, 5, 6, 7, 8 or 9")
        self._unsound()

    def _batch_header(self, record: str) -> None:
        self._close_batch_without_control()
        if _SEC_CODE.of(record) in _UNREAD_SEC_CODES:
            self._problem(_SEC_CODE.name, "IAT and ADV batches have other records and are not read here")
        self._check_digits(record, _ODFI)
        self._batch = _OpenBatch(
            line=self._number,
            record=record,
            effective_entry_date=self._date(record, _EFFECTIVE),
            settlement_day=self._settlement_day(record),
            number=self._digits(record, _BATCH_NUMBER),
            sound=not self._damaged,
        )

    def _entry_detail(self, record: str) -> None:
        self._close_entry()
        if self._batch is None:
            self._problem("record type", "an entry outside of a batch")
            self._sound = False
            return
        code = record[1:3]
        if _TRANSACTION_CODE.fullmatch(code) is None:
            self._problem("transaction code", "is not defined")
            self._unsound()
        amount_cents = self._digits(record, Place("amount", 30, 39))
        self._check_digits(record, _TRACE)
        self._entry = _OpenEntry(self._number, record, amount_cents, [])
        totals = self._batch.totals
        totals.entries += 1
        totals.entry_hash += self._digits(record, Place("receiving routing number", 4, 12)) // 10
        if is_debit(code):
            totals.debit_cents += amount_cents
        else:
            totals.credit_cents += amount_cents
        self._check_ours(self._batch, record, is_return=code[1:] in _RETURN_DIGITS)

    def _check_ours(self, batch: _OpenBatch, record: str, *, is_return: bool) -> None:
        if batch.entries and batch.entries[0].is_return != is_return:
            self._problem("transaction code", "entries and returns stand in one batch")
        if self._ours is None:
            return
        if is_return and record[3:11] != self._ours:
            self._problem("receiving routing number", "another bank's entry: it was not returned to our bank")
        if not is_return and _ODFI.of(batch.record) != self._ours:
            self._problem("batch header", "another bank's entry: our bank did not send its batch")

    def _addenda(self, record: str) -> None:
        if self._entry is None or self._batch is None:
            self._problem("record type", "an addenda record without an entry above it")
            self._unsound()
            return
        if not self._entry.addenda and self._entry.record[78] != "1":
            self._problem("record type", "the entry above says that it has no addenda record")
        self._entry.addenda.append(AddendaRecord(self._number, record[1:3], record))
        self._batch.totals.entries += 1

    def _batch_control(self, record: str) -> None:
        self._close_entry()
        batch = self._batch
        if batch is None:
            self._problem("record type", "a batch control record without a batch")
            self._sound = False
            return
        if batch.sound:
            self._check_batch_control(record, batch)
        self._close_batch(batch)

    def _check_batch_control(self, record: str, batch: _OpenBatch) -> None:
        for place, expected in (
            (_SERVICE_CLASS, _SERVICE_CLASS.of(batch.record)),
            (Place("company identification", 45, 54), batch.record[40:50]),
            (_ODFI, _ODFI.of(batch.record)),
            (_BATCH_NUMBER, _BATCH_NUMBER.of(batch.record)),
        ):
            if place.of(record) != expected:
                self._problem(place.name, f"differs from the batch header's in line {batch.line}")
        self._check_sums(
            record,
            ("entry and addenda count", 5, 10, batch.totals.entries),
            ("entry hash", 11, 20, batch.totals.entry_hash % 10**10),
            ("total debits", 21, 32, batch.totals.debit_cents),
            ("total credits", 33, 44, batch.totals.credit_cents),
        )

    def _file_control(self, record: str) -> None:
        self._close_batch_without_control()
        if record == FILL_LINE:
            self._problem("record type", "fill lines before the file control record")
            self._sound = False
            return
        self._control, self._control_line = record, self._number

    def _check_file_control(self, record: str) -> None:
        """Check the last record, once the number of lines is known."""
        if not self._sound:
            return
        self._check_sums(
            record,
            ("batch count", 2, 7, len(self._batches)),
            ("block count", 8, 13, -(-self._number // BLOCKING_FACTOR)),
            ("entry and addenda count", 14, 21, self._totals.entries),
            ("entry hash", 22, 31, self._totals.entry_hash % 10**10),
            ("total debits", 32, 43, self._totals.debit_cents),
            ("total credits", 44, 55, self._totals.credit_cents),
            line=self._control_line,
        )

    def _check_sums(self, record: str, *expected: tuple[str, int, int, int], line: int | None = None) -> None:
        """Compare numbers of a control record with what stands above it. What it says is never quoted."""
        for name, first, last, count in expected:
            if Place(name, first, last).of(record) != str(count).zfill(last - first + 1):
                self._problem(name, f"the lines above make {count}, this record says something else", line)

    def _close_entry(self) -> None:
        """Take the entry over that can have no more addenda."""
        entry, batch = self._entry, self._batch
        self._entry = None
        if entry is None or batch is None:
            return
        record = entry.record
        if record[78] != "0" and not entry.addenda:
            self._problem("addenda indicator", "announces an addenda record that is not there", entry.line)
        batch.entries.append(
            EntryRecord(
                line=entry.line,
                transaction_code=record[1:3],
                receiving_routing=record[3:12],
                account_number=record[12:29].strip(),
                amount_cents=entry.amount_cents,
                individual_id=record[39:54].strip(),
                individual_name=record[54:76].strip(),
                payment_type=record[76:78].strip(),
                trace_number=_TRACE.of(record),
                addenda=tuple(entry.addenda),
            )
        )

    def _close_batch_without_control(self) -> None:
        self._close_entry()
        if self._batch is not None:
            self._problem(
                "batch control", f"the batch that begins in line {self._batch.line} has no control record"
            )
            self._close_batch(self._batch)

    def _close_batch(self, batch: _OpenBatch) -> None:
        self._batch = None
        self._totals.add_all(batch.totals)
        self._sound = self._sound and batch.sound
        record = batch.record
        self._batches.append(
            BatchRecord(
                line=batch.line,
                service_class=_SERVICE_CLASS.of(record),
                company_name=record[4:20].strip(),
                discretionary_data=record[20:40].strip(),
                company_id=record[40:50].strip(),
                sec_code=_SEC_CODE.of(record),
                entry_description=record[53:63].strip(),
                descriptive_date=record[63:69].strip(),
                effective_entry_date=batch.effective_entry_date,
                settlement_day=batch.settlement_day,
                originator_status=record[78],
                odfi_routing=_ODFI.of(record),
                batch_number=batch.number,
                entries=tuple(batch.entries),
            )
        )

    def _digits(self, record: str, place: Place) -> int:
        """Return a number of the record; 0, and a problem, where there is none."""
        if not self._check_digits(record, place):
            self._unsound()
            return 0
        return int(place.of(record))

    def _check_digits(self, record: str, place: Place) -> bool:
        if place.of(record).isdigit():
            return True
        self._problem(place.name, f"must be digits only (positions {place.first} to {place.last})")
        return False

    def _date(self, record: str, place: Place) -> date | None:
        """Return a date; None where it was left blank or zero, and a problem where it is no date."""
        text = place.of(record)
        if text in {" " * 6, "000000"}:
            return None
        day = as_date(text)
        if day is None:
            self._problem(place.name, "must be a date as YYMMDD")
        return day

    def _time(self, record: str) -> time | None:
        text = record[29:33]
        if not text.strip():
            return None
        if re.fullmatch(r"([01][0-9]|2[0-3])[0-5][0-9]", text) is None:
            self._problem("creation time", "must be a time as HHMM, or blank")
            return None
        return time(int(text[:2]), int(text[2:]))

    def _settlement_day(self, record: str) -> int | None:
        text = _SETTLEMENT.of(record)
        if not text.strip(" 0"):
            return None
        if not (text.isdigit() and int(text) <= _LAST_DAY_OF_YEAR):
            self._problem(_SETTLEMENT.name, "must be the day of the year, 001 to 366, or blank")
            return None
        return int(text)

    def _unsound(self) -> None:
        """Remember that sums over this batch and over the file mean nothing any more."""
        self._sound = False
        if self._batch is not None:
            self._batch.sound = False

    def _damage(self, message: str) -> None:
        self._problem("record", message)
        self._damaged = True
        self._unsound()

    def _problem(self, name: str, message: str, line: int | None = None) -> None:
        if self._damaged:
            return
        self._count += 1
        if len(self._found) < PROBLEMS_LISTED:
            self._found.append(ReadProblem(line or self._number, name, message))


def as_date(text: str) -> date | None:
    """Return the date that six characters mean as YYMMDD; None when they mean none."""
    if not text.isdigit():
        return None
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def all_entries(file: NachaFile) -> Iterator[tuple[BatchRecord, EntryRecord]]:
    """Yield every entry of a file with its batch, in the file's order."""
    for batch in file.batches:
        for entry in batch.entries:
            yield batch, entry
