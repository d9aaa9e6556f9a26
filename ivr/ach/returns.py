"""What came back from the bank: returns, notifications of change, and what is neither.

    came = read_returns(data, odfi_routing="01100001")
    for back in came.returns: …      # find the attempt by original_trace_number, confirm by amount and ID
    for change in came.changes: …    # change.corrected holds only what was checked
    for other in came.others: …      # queue for staff: its kind says why, or other.problems

The file as a whole is whole (`NachaReadError` otherwise, and nothing comes back). What is wrong with one
entry makes that one an `OtherEntry`, whatever it is, and keeps nothing else from being applied.

A return moves the money back. A notification of change moves none: the payment stands, and its corrected data
are for the next one. Corrected data are cut out by position: banks leave blanks inside. Data that stand
elsewhere are read by their form, if it allows of one reading only.

`account_number` is there to be fingerprinted and forgotten; no `repr` shows it.

Layouts: Nacha Operating Rules, appendix 4 (returns) and 5 (notifications of change).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal

from ivr.ach.reader import (
    AddendaRecord,
    BatchRecord,
    EntryRecord,
    NachaFile,
    ReadProblem,
    RecordField,
    all_entries,
    as_date,
    read_files,
)
from ivr.ach.records import ACCOUNT_NUMBER, TRACE_NUMBER, AccountType
from ivr.ach.routing_numbers import routing_number_fault

OtherKind = Literal[
    "forward",  # an entry that does not come back at all
    "dishonored_return",  # R61 to R69: our bank refuses a return
    "contested_return",  # R70 to R77: the other bank insists on it
    "refused_notification",  # C61 to C69: somebody refuses a notification of change
    "unknown_notification",  # a change code that carries nothing we can use
    "unusable_notification",  # its corrected data cannot be used, or it is not sure which they are
    "unreadable",  # not to be seen which entry came back, or why
    "unknown",
]

_RETURN_CODE: Final = re.compile(r"R[0-9]{2}")
_DISHONORED: Final = frozenset(f"R{number}" for number in range(61, 70))
_CONTESTED: Final = frozenset(f"R{number}" for number in range(70, 78))
_CHANGE_CODE: Final = re.compile(r"C[0-9]{2}")
_ACCOUNT_TYPES: Final[Mapping[str, AccountType]] = {
    "22": "checking",
    "27": "checking",
    "28": "checking",
    "32": "savings",
    "37": "savings",
    "38": "savings",
}

_ORIGINAL_TRACE: Final = RecordField("original trace number", 7, 21)
_CORRECTED: Final = RecordField("corrected data", 36, 64)

_OWN_TRACE: Final = RecordField("own trace number", 80, 94)
_ORIGINAL_RDFI: Final = RecordField("original RDFI", 28, 35)
_NOT_SHOWN: Final = re.compile(r"[0-9A-Za-z](?=(?:[^0-9A-Za-z]*[0-9A-Za-z]){4})")

# Where in the 29 characters of corrected data each item stands (positions within them), by change code.
_CORRECTIONS: Final[Mapping[str, tuple[RecordField, ...]]] = {
    "C01": (RecordField("account number", 1, 17),),
    "C02": (RecordField("routing number", 1, 9),),
    "C03": (RecordField("routing number", 1, 9), RecordField("account number", 13, 29)),
    "C04": (RecordField("individual name", 1, 22),),  # out of the rules since 2015; some banks still send it
    "C05": (RecordField("transaction code", 1, 2),),
    "C06": (RecordField("account number", 1, 17), RecordField("transaction code", 21, 22)),
    "C07": (
        RecordField("routing number", 1, 9),
        RecordField("account number", 10, 26),
        RecordField("transaction code", 27, 28),
    ),
    "C09": (RecordField("individual ID", 1, 22),),
}
# The same items by their form, for data that stand elsewhere than they should. An account number has at most
# 17 characters, blanks included: what is longer holds something else beside it.
_ANY_ACCOUNT: Final = r"(?P<account_number>\S(?:.{,15}\S)?)"
_BY_FORM: Final[Mapping[str, re.Pattern[str]]] = {
    code: re.compile(form)
    for code, form in (
        ("C01", _ANY_ACCOUNT),
        ("C02", r"(?P<routing_number>\d{9})"),
        ("C03", r"(?=.{18})(?P<routing_number>\d{9}) +" + _ANY_ACCOUNT),
        ("C05", r"(?P<transaction_code>\d\d)"),
        ("C06", r"(?=.{18})" + _ANY_ACCOUNT + r" {2,}(?P<transaction_code>\d\d)"),
        ("C07", r"(?P<routing_number>\d{9})(?P<account_number>.{17})(?P<transaction_code>\d\d)"),
    )
}


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What a return and a notification of change have in common: which of our entries, and where it stands.

    `line` is the addenda record's. `transaction_code` is the returned one (26 for what was 27, 36 for 37).
    `settlement_date` is when the return itself settled. `trace_number` is the returning bank's own.
    """

    line: int
    code: str
    original_trace_number: str
    amount_cents: int
    individual_id: str
    individual_name: str
    account_number: str = field(repr=False)
    transaction_code: str
    company_id: str
    company_name: str
    entry_description: str
    sec_code: str
    effective_entry_date: date | None
    settlement_date: date | None
    original_rdfi: str  # 8 digits, as the bank wrote them
    trace_number: str


@dataclass(frozen=True, slots=True)
class Return(BankAnswer):
    """A returned entry. `code` is a return code: see `ivr.ach.return_codes.return_rule`."""

    date_of_death: date | None  # R14 and R15
    information: str = field(repr=False)  # the other bank's own words; may quote anything


@dataclass(frozen=True, slots=True)
class CorrectedData:
    """What a notification of change puts in place of what we sent; None where nothing is to change."""

    routing_number: str | None = None
    account_number: str | None = field(default=None, repr=False)
    transaction_code: str | None = None
    individual_name: str | None = None
    individual_id: str | None = None

    @property
    def account_type(self) -> AccountType | None:
        """The kind of account that the corrected transaction code means."""
        return None if self.transaction_code is None else _ACCOUNT_TYPES[self.transaction_code]


@dataclass(frozen=True, slots=True)
class NotificationOfChange(BankAnswer):
    """A correction from the receiver's bank. `code` is a change code, C01 to C09.

    `is_shifted`: the data stood elsewhere than they should, and were read by their form.
    """

    corrected: CorrectedData
    is_shifted: bool = False


@dataclass(frozen=True, slots=True)
class OtherEntry:
    """An entry that is neither a return nor a usable notification: for staff to look at.

    `problems` say what is wrong with it, where that is not its kind. `read` is what it says besides, in
    words; nothing of an account number but its last four. `record` is the addenda record as it came, to know
    it again.
    """

    line: int
    kind: OtherKind
    code: str | None
    original_trace_number: str | None
    amount_cents: int
    individual_id: str
    trace_number: str
    problems: tuple[ReadProblem, ...] = ()
    read: str = ""
    record: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ReturnsFile:
    """All that a file brought, in its order. `files` have the headers: whose each is and when it was made.

    `allowances` says what was not as it should be, and let pass, a sentence each.
    """

    files: tuple[NachaFile, ...]
    returns: tuple[Return, ...]
    changes: tuple[NotificationOfChange, ...]
    others: tuple[OtherEntry, ...]
    allowances: tuple[str, ...]


def read_returns(data: bytes, *, odfi_routing: str | None = None) -> ReturnsFile:
    """Return what came back in a bank's file.

    With `odfi_routing`, our bank's 8 digits, a file with another bank's entries is refused.
    Raises `NachaReadError` when the file is not whole, not a Nacha file, or another bank's.
    """
    read = read_files(data, odfi_routing=odfi_routing)
    found = [_came_back(file, batch, entry) for file in read.files for batch, entry in all_entries(file)]
    changes = tuple(each for each in found if isinstance(each, NotificationOfChange))
    return ReturnsFile(
        files=read.files,
        returns=tuple(each for each in found if isinstance(each, Return)),
        changes=changes,
        others=tuple(each for each in found if isinstance(each, OtherEntry)),
        allowances=(*read.allowances, *map(_allowance, (each for each in changes if each.is_shifted))),
    )


def _allowance(change: NotificationOfChange) -> str:
    return f"line {change.line}: the corrected data ({change.code}) are shifted: read by their form"


def settled_on(day_of_year: int | None, near: date) -> date | None:
    """Return the date with this day of the year that is nearest to `near`; None when there is none.

    The operator writes no year. A file of the first days of January speaks of December's.
    """
    if day_of_year is None:
        return None
    candidates = (date(near.year + offset, 1, 1) + timedelta(days=day_of_year - 1) for offset in (-1, 0, 1))
    return min(candidates, key=lambda day: abs(day - near))


_Item = Return | NotificationOfChange | OtherEntry


def _came_back(file: NachaFile, batch: BatchRecord, entry: EntryRecord) -> _Item:
    if not entry.is_return:
        return _other(entry, "forward", None)
    if len(entry.addenda) != 1:
        message = f"what comes back has exactly one addenda record, this has {len(entry.addenda)}"
        return _other(
            entry, "unreadable", None, ReadProblem(entry.line, "addenda", "nacha.one-addenda", message)
        )
    addenda = entry.addenda[0]
    if addenda.type_code not in {"98", "99"}:
        return _other(entry, "unknown", None)
    if TRACE_NUMBER.fullmatch(_ORIGINAL_TRACE.of(addenda.record)) is None:
        problem = ReadProblem(addenda.line, _ORIGINAL_TRACE.name, "nacha.trace-number", "must be 15 digits")
        return _other(entry, "unreadable", addenda, problem)
    code = addenda.record[3:6]
    if addenda.type_code == "99" and _RETURN_CODE.fullmatch(code):
        return _return(file, batch, entry, addenda, code)
    if addenda.type_code == "98" and _CHANGE_CODE.fullmatch(code):
        return _notification(file, batch, entry, addenda, code)
    return _other(entry, "unknown", None)


def _return(
    file: NachaFile, batch: BatchRecord, entry: EntryRecord, addenda: AddendaRecord, code: str
) -> _Item:
    dispute = dispute_kind(code)
    if dispute is not None:
        return _other(entry, dispute, addenda)
    return Return(
        **_common(file, batch, entry, addenda, code),
        date_of_death=as_date(addenda.record[21:27]),
        information=addenda.record[35:79].strip(),
    )


def dispute_kind(code: str) -> OtherKind | None:
    """Return what a code disputes that two banks exchange about a return; None for any other code."""
    if code in _DISHONORED:
        return "dishonored_return"
    return "contested_return" if code in _CONTESTED else None


def _notification(
    file: NachaFile, batch: BatchRecord, entry: EntryRecord, addenda: AddendaRecord, code: str
) -> _Item:
    if code >= "C61":
        return _other(entry, "refused_notification", addenda)
    if code not in _CORRECTIONS:
        return _other(entry, "unknown_notification", addenda)
    data = _CORRECTED.of(addenda.record)
    items = {place.name: _item(place, data) for place in _CORRECTIONS[code]}
    faults = list(_correction_faults(_CORRECTIONS[code], data, items))
    by_form = _by_form(code, data) if faults else None
    if by_form is not None:
        items, faults = by_form, []
    problems = list(_shifted(addenda, code)) or [
        ReadProblem(addenda.line, f"corrected {name} ({code})", "nacha.corrected-data", message)
        for name, message in faults
    ]
    if entry.amount_cents:
        message = "must be zero in a notification of change"
        problems.append(ReadProblem(entry.line, "amount", "nacha.amount", message))
    if problems:
        return _other(entry, "unusable_notification", addenda, *problems)
    corrected = CorrectedData(**{name.lower().replace(" ", "_"): text for name, text in items.items()})
    return NotificationOfChange(
        **_common(file, batch, entry, addenda, code), corrected=corrected, is_shifted=by_form is not None
    )


def _shifted(addenda: AddendaRecord, code: str) -> Iterator[ReadProblem]:
    """Yield a problem when what stands around the corrected data is not in its place: nor may they be."""
    around = (_ORIGINAL_RDFI.of(addenda.record), _OWN_TRACE.of(addenda.record))
    if not all(re.fullmatch(r"[0-9]+| +", text) for text in around):
        message = "the record's numbers are not in their places: this may not be either"
        yield ReadProblem(addenda.line, f"corrected data ({code})", "nacha.corrected-data", message)


def _by_form(code: str, data: str) -> dict[str, str] | None:
    """Return the items of corrected data that stand elsewhere than they should; None unless it is sure."""
    form = _BY_FORM.get(code)
    found = form.fullmatch(data.strip()) if form else None
    if found is None:
        return None
    items = {name.replace("_", " "): text.replace(" ", "") for name, text in found.groupdict().items()}
    return None if any(_item_faults(items)) else items


def _item(place: RecordField, data: str) -> str:
    """Return one item of the corrected data; blanks inside an account number mean nothing."""
    text = place.of(data).strip()
    return text.replace(" ", "") if place.name == "account number" else text


def _correction_faults(
    places: tuple[RecordField, ...], data: str, items: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield which items cannot be used, and why. A blank that is not there means that all may be shifted."""
    used = {position for place in places for position in range(place.first, place.last + 1)}
    if any(letter != " " for position, letter in enumerate(data, 1) if position not in used):
        yield "data", "something stands where the code has blanks"
        return
    yield from _item_faults(items)


def _item_faults(items: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and message of each item that cannot be right."""
    for name, text in items.items():
        if not text:
            yield name, "is missing"
        elif name == "routing number" and routing_number_fault(text) is not None:
            yield name, "is not a routing number: its length, first two digits or check digit is wrong"
        elif name == "account number" and ACCOUNT_NUMBER.fullmatch(text) is None:
            yield name, "must be 4 to 17 digits, capitals or hyphens"
        elif name == "transaction code" and text not in _ACCOUNT_TYPES:
            yield name, "is not the code of a checking or savings account"


def _common(
    file: NachaFile, batch: BatchRecord, entry: EntryRecord, addenda: AddendaRecord, code: str
) -> dict[str, Any]:
    """Return the fields of `BankAnswer`."""
    return {
        "line": addenda.line,
        "code": code,
        "original_trace_number": _ORIGINAL_TRACE.of(addenda.record),
        "amount_cents": entry.amount_cents,
        "individual_id": entry.individual_id,
        "individual_name": entry.individual_name,
        "account_number": entry.account_number,
        "transaction_code": entry.transaction_code,
        "company_id": batch.company_id,
        "company_name": batch.company_name,
        "entry_description": batch.entry_description,
        "sec_code": batch.sec_code,
        "effective_entry_date": batch.effective_entry_date,
        "settlement_date": settled_on(batch.settlement_day, file.creation_date),
        "original_rdfi": addenda.record[27:35].strip(),
        "trace_number": addenda.record[79:94].strip(),
    }


def _other(
    entry: EntryRecord, kind: OtherKind, addenda: AddendaRecord | None, *problems: ReadProblem
) -> OtherEntry:
    record = addenda.record if addenda else ""
    return OtherEntry(
        line=addenda.line if addenda else entry.line,
        kind=kind,
        code=record[3:6].strip() if addenda else None,
        original_trace_number=_ORIGINAL_TRACE.of(record).strip() if addenda else None,
        amount_cents=entry.amount_cents,
        individual_id=entry.individual_id,
        trace_number=entry.trace_number,
        problems=problems,
        read=_what_was_read(kind, record) if record else "",
        record=record if problems else "",
    )


def _what_was_read(kind: OtherKind, record: str) -> str:
    """Return what stands in the field that cannot be used; stars for all but its last four characters."""
    if kind not in {"unusable_notification", "unreadable"}:
        return ""
    place = _CORRECTED if kind == "unusable_notification" else _ORIGINAL_TRACE
    return f"{place.name}: {_NOT_SHOWN.sub('*', place.of(record).strip()) or 'blank'}"
