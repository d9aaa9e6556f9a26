"""What goes into a Nacha file, as values, and every reason why a value cannot go in.

A file is a `FileSettings` and batches; a batch is a `BatchHeader` and its `Entry` values. `ivr.ach.writer`
puts them into records. Nothing is cut or guessed: what does not fit is a `WriteProblem`. (Sole exception: the
individual's name, which is transliterated, put in capitals and cut at 22 characters.)

The checks stand alone, so that they can be asked early:

- `file_problems(settings)`: at the start, for what an operator has set;
- `entry_problems(header, entry)`: before a file is made, to hold the one payment that cannot go out instead
  of losing the file.

No problem shows an account number, a name or an amount; `field` is the attribute's name here.

Rules are those of the Nacha Operating Rules, appendices 1 to 3 (records), 2.5.15 (TEL) and 2.8 (reversals).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from functools import lru_cache
from typing import Final, Literal

from ivr.ach.banking_days import NO_CLOSINGS, add_banking_days, is_banking_day
from ivr.ach.letters import individual_name, is_printable
from ivr.ach.routing_numbers import routing_number_fault

LineEnd = Literal["LF", "CRLF"]
SecCode = Literal["TEL", "PPD"]
ServiceClass = Literal[200, 220, 225]
AccountType = Literal["checking", "savings"]
EntryKind = Literal["debit", "credit", "prenote"]

MIXED: Final = 200
CREDITS: Final = 220
DEBITS: Final = 225

AMOUNT_MAX_CENTS: Final = 9_999_999_999  # ten digits
REVERSAL: Final = "REVERSAL"
RETRY: Final = "RETRY PYMT"

_TRANSACTION_CODES: Final[dict[tuple[AccountType, EntryKind], str]] = {
    ("checking", "credit"): "22",
    ("checking", "debit"): "27",
    ("checking", "prenote"): "28",
    ("savings", "credit"): "32",
    ("savings", "debit"): "37",
    ("savings", "prenote"): "38",
}
_CREDIT_CODES: Final = frozenset({"22", "32"})
_PRENOTE_CODES: Final = frozenset({"28", "38"})
_DEBIT_CODES: Final = frozenset({"27", "37"}) | _PRENOTE_CODES

_TWO_DIGIT_YEARS: Final = range(2000, 2100)
_EFFECTIVE_WITHIN_BANKING_DAYS: Final = 2
ACCOUNT_NUMBER: Final = re.compile(r"[0-9A-Z-]{4,17}")
TRACE_NUMBER: Final = re.compile(r"[0-9]{15}")
_ROUTING_8: Final = re.compile(r"[0-9]{8}")
_MODIFIER: Final = re.compile(r"[A-Z0-9]")
_ROUTING_FAULTS: Final = {
    "length": "must be nine digits",
    "deposit_slip": "begins with 5, as only deposit slips do",
    "check_digit": "its check digit is wrong",
    "prefix": "no bank has a number with these first two digits",
}


# A file's entries share some hundred banks.
_routing_fault = lru_cache(maxsize=4096)(routing_number_fault)


def transaction_code(account_type: AccountType, kind: EntryKind) -> str:
    """Return the two-digit code of an entry: `27` debits a checking account, `37` a savings account."""
    return _TRANSACTION_CODES[account_type, kind]


def is_debit(code: str) -> bool:
    """Return whether a transaction code, of a live entry or of a return, counts among the debits."""
    return code[1:2] in {"5", "6", "7", "8", "9"}


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The file header: what the bank assigns, and what tells two files apart.

    The operator refuses a second file with the same origin, date, time and modifier: `file_id_modifier` is
    the next of A-Z, 0-9 for each file of a day. Creation date and time are by the bank's clock; line ends are
    the bank's choice. `closings` as in `ivr.ach.banking_days`.
    """

    destination: str  # 10 characters, usually a blank and the bank's routing number
    origin: str  # 10 characters, as the bank assigns: often 1 and the EIN
    destination_name: str  # at most 23
    origin_name: str  # at most 23
    creation_date: date
    creation_time: time
    file_id_modifier: str = "A"
    reference_code: str = ""  # at most 8
    line_end: LineEnd = "LF"
    final_newline: bool = True
    closings: frozenset[date] = NO_CLOSINGS


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the entries of a batch have in common. The writer numbers batches 1, 2, 3 … in their order."""

    company_name: str  # at most 16: the name a member recognizes on a bank statement
    company_id: str  # at most 10
    sec_code: SecCode
    entry_description: str  # at most 10, in capitals
    effective_entry_date: date
    odfi_routing: str  # our bank's routing number without its check digit: 8 digits
    service_class: ServiceClass = DEBITS
    descriptive_date: date | None = None  # for display only
    discretionary_data: str = ""  # at most 20; comes back untouched in returns


@dataclass(frozen=True, slots=True)
class Entry:
    """One debit or credit. `trace_number` is the ODFI's 8 digits and a sequence of 7.

    Trace numbers ascend strictly within a batch: a sequence that starts again at 0 needs a new batch.
    """

    transaction_code: str
    receiving_routing: str  # 9 digits
    account_number: str = field(repr=False)
    amount_cents: int
    individual_id: str  # at most 15: our payment reference, never a social security number
    individual_name: str
    trace_number: str
    payment_type: str = "S"  # TEL: S, a single payment (so does empty mean). PPD: empty


@dataclass(frozen=True, slots=True)
class WriteProblem:
    """Why a value cannot be written; `rule` is the rule's id in docs/rules.md.

    `batch` and `entry` count from 1; None where it is not about one.
    """

    field: str
    rule: str
    message: str
    batch: int | None = None
    entry: int | None = None

    def __str__(self) -> str:
        """Return the problem as one sentence."""
        place = [f"batch {self.batch}"] if self.batch is not None else []
        place += [f"entry {self.entry}"] if self.entry is not None else []
        return f"{', '.join([*place, self.field])}: {self.message} [{self.rule}]"


Fault = tuple[str, str, str]  # the field, the rule's id, the message


def file_problems(settings: FileSettings) -> tuple[WriteProblem, ...]:
    """Return what is wrong with a file header; empty when it can be written."""
    return tuple(WriteProblem(*fault) for fault in _file_faults(settings))


def entry_problems(header: BatchHeader, entry: Entry) -> tuple[WriteProblem, ...]:
    """Return what is wrong with one entry in such a batch; empty when it can be written in its turn."""
    return tuple(WriteProblem(*fault) for fault in entry_faults(header, entry))


def _file_faults(settings: FileSettings) -> Iterator[Fault]:
    for name, text in (("destination", settings.destination), ("origin", settings.origin)):
        if len(text) != 10 or not is_printable(text) or not text.strip():
            yield (
                name,
                "nacha.assigned-number",
                "must be the 10 characters that the bank assigns, leading blanks included",
            )
    yield from _text_faults("destination_name", settings.destination_name, 23, may_be_empty=True)
    yield from _text_faults("origin_name", settings.origin_name, 23, may_be_empty=True)
    yield from _text_faults("reference_code", settings.reference_code, 8, may_be_empty=True)
    if _MODIFIER.fullmatch(settings.file_id_modifier) is None:
        yield "file_id_modifier", "nacha.file-modifier", "must be one of A to Z and 0 to 9"
    yield from _year_faults("creation_date", settings.creation_date)


def batch_faults(header: BatchHeader) -> Iterator[Fault]:
    """Yield field, rule and message of each thing that is wrong with a batch header."""
    if header.service_class not in {MIXED, CREDITS, DEBITS}:
        yield "service_class", "nacha.service-class", "must be 200, 220 or 225"
    if header.sec_code not in {"TEL", "PPD"}:
        yield "sec_code", "nacha.sec-code", "must be TEL or PPD"
    yield from _text_faults("company_name", header.company_name, 16)
    yield from _text_faults("company_id", header.company_id, 10)
    yield from _text_faults("entry_description", header.entry_description, 10)
    if header.entry_description != header.entry_description.upper():
        yield "entry_description", "nacha.capitals", "must be in capitals"
    yield from _text_faults("discretionary_data", header.discretionary_data, 20, may_be_empty=True)
    if header.descriptive_date is not None:
        yield from _year_faults("descriptive_date", header.descriptive_date)
    yield from _year_faults("effective_entry_date", header.effective_entry_date)
    if _ROUTING_8.fullmatch(header.odfi_routing) is None:
        yield (
            "odfi_routing",
            "nacha.odfi-routing-number",
            "must be the bank's routing number without its check digit, 8 digits",
        )


def date_faults(settings: FileSettings, header: BatchHeader) -> Iterator[Fault]:
    """Yield what is wrong with the effective entry date.

    The operator moves an old date without a word and returns a late one (R18). A file made after its cutoff
    may be processed a banking day later, hence up to two.
    """
    day, created = header.effective_entry_date, settings.creation_date
    if not is_banking_day(day, settings.closings):
        yield "effective_entry_date", "nacha.no-banking-day", f"{day} is not a banking day"
    elif day < created:
        yield (
            "effective_entry_date",
            "nacha.effective-date-past",
            f"{day} is before the file's creation date, {created}",
        )
    elif day > add_banking_days(created, _EFFECTIVE_WITHIN_BANKING_DAYS, settings.closings):
        yield (
            "effective_entry_date",
            "nacha.effective-date-far",
            f"{day} is more than two banking days after {created}; hold the payments",
        )


def entry_faults(header: BatchHeader, entry: Entry) -> Iterator[Fault]:
    """Yield field, rule and message of each thing that is wrong with an entry, its place aside."""
    kind = header.service_class, header.sec_code, header.entry_description
    yield from _code_faults(*kind, entry.transaction_code)
    fault = _routing_fault(entry.receiving_routing)
    if fault is not None:
        yield "receiving_routing", "nacha.routing-number", _ROUTING_FAULTS[fault]
    if ACCOUNT_NUMBER.fullmatch(entry.account_number) is None:
        yield (
            "account_number",
            "nacha.account-number",
            "must be 4 to 17 digits, capitals or hyphens, without blanks",
        )
    elif entry.account_number == entry.receiving_routing:
        yield "account_number", "nacha.account-number", "is the routing number once more"
    yield from _amount_faults(entry)
    yield from _text_faults("individual_id", entry.individual_id, 15)
    if not individual_name(entry.individual_name):
        yield (
            "individual_name",
            "nacha.name-without-letters",
            "has no letter that can be written; without a name the bank returns it (R26)",
        )
    if TRACE_NUMBER.fullmatch(entry.trace_number) is None:
        yield "trace_number", "nacha.trace-number", "must be 15 digits"
    elif not entry.trace_number.startswith(header.odfi_routing):
        yield "trace_number", "nacha.trace-number", "must begin with the batch's odfi_routing"
    yield from _payment_type_faults(header.sec_code, entry.payment_type)


@lru_cache(maxsize=64)  # as of the routing number: entries are much alike
def _code_faults(service_class: int, sec_code: str, description: str, code: str) -> tuple[Fault, ...]:
    name = "transaction_code"
    if code not in _CREDIT_CODES | _DEBIT_CODES:
        return ((name, "nacha.transaction-code", "must be 22, 27, 28, 32, 37 or 38"),)
    faults: list[Fault] = []
    if service_class == DEBITS and code in _CREDIT_CODES:
        message = "a credit in a batch of debits (service class 225)"
        faults.append((name, "nacha.other-direction", message))
    if service_class == CREDITS and code in _DEBIT_CODES:
        message = "a debit in a batch of credits (service class 220)"
        faults.append((name, "nacha.other-direction", message))
    if sec_code == "TEL" and code in _CREDIT_CODES and description != REVERSAL:
        message = "TEL carries credits only to reverse an error; a refund is a PPD credit"
        faults.append((name, "nacha.tel-credit", message))
    return tuple(faults)


def _amount_faults(entry: Entry) -> Iterator[Fault]:
    if entry.transaction_code in _PRENOTE_CODES:
        if entry.amount_cents != 0:
            yield "amount_cents", "nacha.amount", "must be zero in a prenote"
    elif not 0 < entry.amount_cents <= AMOUNT_MAX_CENTS:
        yield "amount_cents", "nacha.amount", "must be more than zero and fit into ten digits"


@lru_cache(maxsize=64)
def _payment_type_faults(sec_code: str, payment_type: str) -> tuple[Fault, ...]:
    if sec_code == "TEL" and payment_type not in {"S", ""}:
        message = "must be S or empty: TEL carries single payments here, never recurring ones"
        return (("payment_type", "nacha.payment-type", message),)
    if sec_code == "PPD" and payment_type:
        return (("payment_type", "nacha.payment-type", "must be empty in PPD"),)
    return ()


def _text_faults(name: str, text: str, length: int, *, may_be_empty: bool = False) -> Iterator[Fault]:
    if not text.strip() and not (may_be_empty and not text):
        yield name, "nacha.text-empty", "must not be empty"
    elif len(text) > length:
        yield name, "nacha.text-long", f"must be at most {length} characters long, is {len(text)}"
    elif not is_printable(text):
        yield name, "nacha.text-not-ascii", "may hold only printable ASCII characters"
    elif text != text.strip():
        yield name, "nacha.text-blanks", "must neither begin nor end with a blank"


def _year_faults(name: str, day: date) -> Iterator[Fault]:
    if day.year not in _TWO_DIGIT_YEARS:
        yield name, "nacha.year", "its year must be 2000 to 2099: a record holds two digits of it"
