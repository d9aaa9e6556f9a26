"""Read what a bank sent, Nacha files of any kind, into records, or say with line and field what is wrong.

    read = read_files(data, odfi_routing="01100001")
    for file in read.files:
        for batch, entry in all_entries(file): …
    for sentence in read.allowances: …  # what was not as it should be, and let pass

All comes back or nothing: every count, hash and total was checked against the lines. Otherwise
`NachaReadError` is raised: its `found` holds the problems with line and field, its `problems` the same as
sentences. No message quotes anything that the file says, so none can show an account number.

Refused is what makes the *file* untrustworthy: a record that cannot be told, sums that disagree, another
bank's entries. What concerns one entry only (its addenda records, its trace number, words) stands as it is,
for whoever takes the entry to judge: the sums prove the rest. A field that nothing hangs on may be wrong.

Line ends may be LF, CRLF, CR, or missing altogether (blocks of 940 bytes); what else may have happened to
lines is in `ivr.ach.lines`. Files of the kinds IAT and ADV have other records and are refused.

Rules are those of the Nacha Operating Rules, appendices 1 to 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final, NamedTuple

from ivr.ach.lines import Allowances, FileLine, file_lines
from ivr.ach.records import is_debit
from ivr.ach.writer import BLOCKING_FACTOR, Totals
from ivr.base.errors import OperatorError

PROBLEMS_LISTED: Final = 100

_RETURN_DIGITS: Final = ("1", "6")
_TRANSACTION_CODE: Final = re.compile(r"[2-5][1-9]")
_COMING_BACK: Final = ("98", "99")
_UNREAD_SEC_CODES: Final = ("IAT", "ADV")
_LAST_DAY_OF_YEAR: Final = 366


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """What is wrong in a file; `rule` is the rule's id in docs/rules.md.

    `line` counts from 1; 0 is the file as a whole.
    """

    line: int
    field: str
    rule: str
    message: str

    def __str__(self) -> str:
        """Return the problem as one sentence."""
        return f"line {self.line}, {self.field}: {self.message} [{self.rule}]"


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
        """Return whether this comes back: a return or a notification of change.

        Some banks leave the code with which it went out; its addenda record tells then.
        """
        return self.transaction_code[1:] in _RETURN_DIGITS or any(
            addenda.type_code in _COMING_BACK for addenda in self.addenda
        )


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


@dataclass(frozen=True, slots=True)
class NachaFiles:
    """What was read: usually one file. `allowances` says what was let pass, a sentence each."""

    files: tuple[NachaFile, ...]
    allowances: tuple[str, ...]


class RecordField(NamedTuple):
    """A field of a record: its name and its first and last position, counted from 1."""

    name: str
    first: int
    last: int

    def of(self, record: str) -> str:
        """Return the field's characters."""
        return record[self.first - 1 : self.last]


_SERVICE_CLASS: Final = RecordField("service class", 2, 4)
_SEC_CODE: Final = RecordField("SEC code", 51, 53)
_EFFECTIVE: Final = RecordField("effective entry date", 70, 75)
_SETTLEMENT: Final = RecordField("settlement date", 76, 78)
_ODFI: Final = RecordField("ODFI routing number", 80, 87)
_BATCH_NUMBER: Final = RecordField("batch number", 88, 94)
_TRACE: Final = RecordField("trace number", 80, 94)


def read_files(data: bytes, *, odfi_routing: str | None = None) -> NachaFiles:
    """Return the files that these bytes are: one, or several whole ones after each other.

    With `odfi_routing` (8 digits), every entry must be our bank's: sent by it, or come back to it.
    Raises `NachaReadError` with all problems.
    """
    problems, allowed = _Problems(), Allowances()
    readings: list[_Reading] = []
    for line in file_lines(data, allowed):
        if not readings or (readings[-1].is_over and line.record[0] == "1"):
            readings.append(_Reading(odfi_routing, problems, allowed))
        readings[-1].line(line)
    if not readings:
        problems.add(0, "file", "nacha.empty-file", "the file is empty")
    if len(readings) > 1:
        allowed.note(f"{len(readings)} files stand in one", 1)
    files = tuple(reading.end() for reading in readings)
    problems.raise_if_any()
    return NachaFiles(files, allowed.sentences())


class _Problems:
    """What is wrong so far: the first hundred, and how many."""

    def __init__(self) -> None:
        self._found: list[ReadProblem] = []
        self._count = 0

    def add(self, line: int, name: str, rule: str, message: str) -> None:
        self._count += 1
        if len(self._found) < PROBLEMS_LISTED:
            self._found.append(ReadProblem(line, name, rule, message))

    def raise_if_any(self) -> None:
        if self._count:
            raise NachaReadError(tuple(self._found), self._count)


@dataclass(slots=True)
class _OpenEntry:
    """An entry whose addenda may still come."""

    line: int
    record: str
    amount_cents: int
    addenda: list[AddendaRecord]


@dataclass(slots=True)
class _OpenBatch:
    """A batch whose control record has not come. `readable`: every line of it could be read."""

    line: int
    record: str
    effective_entry_date: date | None
    settlement_day: int | None
    number: int
    entries: list[EntryRecord] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    readable: bool = True


@dataclass(slots=True)
class _Header:
    """What the file header says."""

    record: str
    creation_date: date
    creation_time: time | None


class _Reading:
    """Where in a file we are, and what was read of it."""

    def __init__(self, odfi_routing: str | None, problems: _Problems, allowed: Allowances) -> None:
        self._ours = odfi_routing
        self._problems = problems
        self._allowed = allowed
        self._number = 0  # of the line
        self._records = 0
        self._fill_lines = 0
        self._damaged = False  # this line: said once, then its fields complain no more
        self._readable = True  # all lines so far could be read, so that sums mean something
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

    @property
    def is_over(self) -> bool:
        """Return whether the file's last record was read: another file may begin."""
        return self._control is not None

    def line(self, line: FileLine) -> None:
        self._number = line.number
        self._damaged = False
        if line.fault is not None:
            self._damage(*line.fault)
        if self._header is None:
            self._file_header(line.record)
        elif self._control is None:
            self._records += 1
            self._handlers.get(line.record[0], self._undefined)(line.record)
        elif _is_fill_line(line.record):
            self._fill_lines += 1
        else:
            message = "only fill lines of 94 nines may follow the file control record"
            self._problem("record", "nacha.after-file-control", message)

    def end(self) -> NachaFile:
        self._damaged = False
        if self._control is None:
            self._close_batch_without_control()
            message = "the file was cut short: it has no file control record"
            self._problem("file control", "nacha.no-file-control", message)
        else:
            self._check_file_control(self._control)
        return self._file()

    def _file(self) -> NachaFile:
        header = self._header
        assert header is not None, "a reading begins with a line"  # noqa: S101 (for mypy)
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
        """Read the first line. A file that does not begin like a Nacha file is looked at no further."""
        self._records = 1
        if record[:3] != "101" or record[34:40] != "094101":
            message = (
                "this is not a Nacha file: its first line must begin with 101 and have 094101 in positions"
                " 35 to 40"
            )
            raise NachaReadError(
                (ReadProblem(self._number, "file header", "nacha.no-nacha-file", message),), 1
            )
        created = as_date(record[23:29])
        if created is None:
            self._problem("creation date", "nacha.creation-date", "must be a date as YYMMDD")
        self._header = _Header(record, created or date.min, self._time(record))

    def _second_header(self, _record: str) -> None:
        message = "a second file header: the file above it has no file control record"
        self._problem("record type", "nacha.no-file-control", message)
        self._unsound()

    def _undefined(self, _record: str) -> None:
        self._problem("record type", "nacha.record-type", "a record begins with 1, 5, 6, 7, 8 or 9")
        self._unsound()

    def _batch_header(self, record: str) -> None:
        self._close_batch_without_control()
        if _SEC_CODE.of(record) in _UNREAD_SEC_CODES:
            message = "IAT and ADV batches have other records and are not read here"
            self._problem(_SEC_CODE.name, "nacha.unread-sec-code", message)
        self._check_digits(record, _ODFI)
        self._batch = _OpenBatch(
            line=self._number,
            record=record,
            effective_entry_date=self._date(record, _EFFECTIVE),
            settlement_day=self._settlement_day(record),
            number=self._digits(record, _BATCH_NUMBER),
            readable=not self._damaged,
        )

    def _entry_detail(self, record: str) -> None:
        self._close_entry()
        if self._batch is None:
            self._problem("record type", "nacha.misplaced-record", "an entry outside of a batch")
            self._readable = False
            return
        code = record[1:3]
        if _TRANSACTION_CODE.fullmatch(code) is None:
            self._problem("transaction code", "nacha.transaction-code", "is not defined")
            self._unsound()
        amount_cents = self._digits(record, RecordField("amount", 30, 39))
        self._entry = _OpenEntry(self._number, record, amount_cents, [])
        totals = self._batch.totals
        totals.entries += 1
        totals.entry_hash += self._digits(record, RecordField("receiving routing number", 4, 12)) // 10
        if is_debit(code):
            totals.debit_cents += amount_cents
        else:
            totals.credit_cents += amount_cents

    def _check_ours(self, batch: _OpenBatch, entry: EntryRecord) -> None:
        if self._ours is None:
            return
        if entry.is_return and entry.receiving_routing[:8] != self._ours:
            message = "another bank's entry: it was not returned to our bank"
            self._problem("receiving routing number", "nacha.other-bank", message, entry.line)
        if not entry.is_return and _ODFI.of(batch.record) != self._ours:
            message = "another bank's entry: our bank did not send its batch"
            self._problem("batch header", "nacha.other-bank", message, entry.line)

    def _addenda(self, record: str) -> None:
        if self._entry is None or self._batch is None:
            message = "an addenda record without an entry above it"
            self._problem("record type", "nacha.misplaced-record", message)
            self._unsound()
            return
        self._entry.addenda.append(AddendaRecord(self._number, record[1:3], record))
        self._batch.totals.entries += 1

    def _batch_control(self, record: str) -> None:
        self._close_entry()
        batch = self._batch
        if batch is None:
            message = "a batch control record without a batch"
            self._problem("record type", "nacha.misplaced-record", message)
            self._readable = False
            return
        if batch.readable:
            self._check_batch_control(record, batch)
        self._close_batch(batch)

    def _check_batch_control(self, record: str, batch: _OpenBatch) -> None:
        for place, expected in (
            (_SERVICE_CLASS, _SERVICE_CLASS.of(batch.record)),
            (_ODFI, _ODFI.of(batch.record)),
            (_BATCH_NUMBER, _BATCH_NUMBER.of(batch.record)),
        ):
            if place.of(record) != expected:
                message = f"differs from the batch header's in line {batch.line}"
                self._problem(place.name, "nacha.differs-from-header", message)
        self._check_company(record, batch)
        self._check_sums(
            record,
            ("entry and addenda count", 5, 10, batch.totals.entries),
            ("entry hash", 11, 20, batch.totals.entry_hash % 10**10),
            ("total debits", 21, 32, batch.totals.debit_cents),
            ("total credits", 33, 44, batch.totals.credit_cents),
        )

    def _check_company(self, record: str, batch: _OpenBatch) -> None:
        """Compare the company's identification with the header's; where its blanks stand means nothing."""
        said, expected = (text.replace(" ", "") for text in (record[44:54], batch.record[40:50]))
        if said not in {"", expected}:
            message = f"differs from the batch header's in line {batch.line}"
            self._problem("company identification", "nacha.differs-from-header", message)
        elif record[44:54] != batch.record[40:50]:
            self._let_pass("the company identification has other blanks than the batch header's")

    def _file_control(self, record: str) -> None:
        self._close_batch_without_control()
        if _is_fill_line(record):
            message = "fill lines before the file control record"
            self._problem("record type", "nacha.misplaced-record", message)
            self._readable = False
            return
        self._control, self._control_line = record, self._number

    def _check_file_control(self, record: str) -> None:
        """Check the last record, once the number of lines is known."""
        if not self._readable:
            return
        self._check_sums(
            record,
            ("batch count", 2, 7, len(self._batches)),
            ("entry and addenda count", 14, 21, self._totals.entries),
            ("entry hash", 22, 31, self._totals.entry_hash % 10**10),
            ("total debits", 32, 43, self._totals.debit_cents),
            ("total credits", 44, 55, self._totals.credit_cents),
            line=self._control_line,
        )
        self._check_blocks(record)

    def _check_blocks(self, record: str) -> None:
        """Check the count of blocks. Fill lines may be missing, or too many: they hold nothing."""
        blocks = -(-self._records // BLOCKING_FACTOR)
        lines = self._records + self._fill_lines
        if RecordField("", 8, 13).of(record) not in {f"{blocks:06}", f"{-(-lines // BLOCKING_FACTOR):06}"}:
            message = f"the lines above make {blocks}, this record says something else"
            self._problem("block count", "nacha.sum", message, self._control_line)
        elif lines % BLOCKING_FACTOR:
            self._let_pass("the fill lines after it do not end on a multiple of 10", self._control_line)

    def _check_sums(self, record: str, *expected: tuple[str, int, int, int], line: int | None = None) -> None:
        """Compare numbers of a control record with what stands above it. What it says is never quoted."""
        for name, first, last, count in expected:
            if RecordField(name, first, last).of(record) != str(count).zfill(last - first + 1):
                message = f"the lines above make {count}, this record says something else"
                self._problem(name, "nacha.sum", message, line)

    def _close_entry(self) -> None:
        """Take the entry over that can have no more addenda."""
        entry, batch = self._entry, self._batch
        self._entry = None
        if entry is None or batch is None:
            return
        record = entry.record
        closed = EntryRecord(
            line=entry.line,
            transaction_code=record[1:3],
            receiving_routing=record[3:12],
            account_number=record[12:29].strip(),
            amount_cents=entry.amount_cents,
            individual_id=record[39:54].strip(),
            individual_name=record[54:76].strip(),
            payment_type=record[76:78].strip(),
            trace_number=_TRACE.of(record).strip(),
            addenda=tuple(entry.addenda),
        )
        self._check_ours(batch, closed)
        batch.entries.append(closed)

    def _close_batch_without_control(self) -> None:
        self._close_entry()
        if self._batch is not None:
            message = f"the batch that begins in line {self._batch.line} has no control record"
            self._problem("batch control", "nacha.no-batch-control", message)
            self._close_batch(self._batch)

    def _close_batch(self, batch: _OpenBatch) -> None:
        self._batch = None
        self._totals.add_all(batch.totals)
        self._readable = self._readable and batch.readable
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

    def _digits(self, record: str, place: RecordField) -> int:
        """Return a number of the record; 0, and a problem, where there is none."""
        if not self._check_digits(record, place):
            self._unsound()
            return 0
        return int(place.of(record))

    def _check_digits(self, record: str, place: RecordField) -> bool:
        if place.of(record).isdigit():
            return True
        message = f"must be digits only (positions {place.first} to {place.last})"
        self._problem(place.name, "nacha.digits", message)
        return False

    def _date(self, record: str, place: RecordField) -> date | None:
        """Return a date; None where it was left blank or zero, and, as an allowance, where it is no date."""
        text = place.of(record)
        if text in {" " * 6, "000000"}:
            return None
        day = as_date(text)
        if day is None:
            self._let_pass(f"the {place.name} is no date as YYMMDD: taken for blank")
        return day

    def _time(self, record: str) -> time | None:
        text = record[29:33]
        if not text.strip():
            return None
        if re.fullmatch(r"([01][0-9]|2[0-3])[0-5][0-9]", text) is None:
            self._let_pass("the creation time is no time as HHMM: taken for blank")
            return None
        return time(int(text[:2]), int(text[2:]))

    def _settlement_day(self, record: str) -> int | None:
        text = _SETTLEMENT.of(record)
        if not text.strip(" 0"):
            return None
        if not (text.isdigit() and int(text) <= _LAST_DAY_OF_YEAR):
            self._let_pass("the settlement date is no day of the year, 001 to 366: taken for blank")
            return None
        return int(text)

    def _unsound(self) -> None:
        """Remember that sums over this batch and over the file mean nothing any more."""
        self._readable = False
        if self._batch is not None:
            self._batch.readable = False

    def _damage(self, rule: str, message: str) -> None:
        self._problem("record", rule, message)
        self._damaged = True
        self._unsound()

    def _problem(self, name: str, rule: str, message: str, line: int | None = None) -> None:
        if not self._damaged:
            self._problems.add(line or self._number, name, rule, message)

    def _let_pass(self, what: str, line: int | None = None) -> None:
        self._allowed.note(what, line or self._number)


def _is_fill_line(record: str) -> bool:
    """Return whether a record is nothing but nines, be it that some of them were cut off."""
    return not record.strip("9 ")


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
