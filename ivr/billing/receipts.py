"""The receipts file: money that came by mail, at a counter, from a bank's bill pay, online.

A receipt is known by its reference. One that comes again as it was changes nothing; one that comes again
with other facts is an error, because the ledger cannot tell which of the two is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import BigInteger, Date, Integer, MetaData, Table, Text, literal, select, text
from sqlalchemy import Column as TableColumn
from sqlalchemy.dialects import postgresql

from ivr.base.csvfiles import Column, CsvReader, ImportResult, Progress, matching, one_of, parse_date
from ivr.base.money import parse_amount
from ivr.billing.post import posting
from ivr.members.bulk_load import loaded
from ivr.storage.tables import BillingAccount, LedgerEntry, Receipt

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHANNELS: Final = ("mail", "counter", "bank_bill_pay", "online")


def _parse_paid_amount(cell: str) -> int:
    amount_cents = parse_amount(cell)
    if amount_cents == 0:
        raise ValueError("write what was paid, more than 0.00")
    return amount_cents


# As spreadsheets write a number too long for their cell: two references may have become one.
_ROUNDED: Final = re.compile(r"\d([.,]\d+)?E\+?\d{2,3}", re.ASCII | re.IGNORECASE)
_parse_words: Final = matching(r"[!-~]([ -~]{0,62}[!-~])?", "write 1 to 64 letters, digits or signs of ASCII")


def _parse_reference(cell: str) -> str:
    if _ROUNDED.fullmatch(cell):
        raise ValueError("a spreadsheet rounded this number: take the whole of it from its source, as text")
    return _parse_words(cell)


RECEIPT_COLUMNS: Final[Mapping[str, Column]] = {
    "billing_account": Column(matching(r"7\d{8}", "write 9 digits beginning with 7")),
    "amount": Column(_parse_paid_amount),
    "received_date": Column(parse_date),
    "channel": Column(one_of(*CHANNELS)),
    "reference": Column(_parse_reference),
}
_FACTS: Final = ("billing_account", "amount_cents", "received_date", "channel")
_COLUMN_OF: Final = {"amount_cents": "amount"}

_STAGED: Final = Table(
    "receipts_import",
    MetaData(),
    TableColumn("line", Integer),
    TableColumn("reference", Text),
    TableColumn("billing_account", Text),
    TableColumn("amount_cents", BigInteger),
    TableColumn("received_date", Date),
    TableColumn("channel", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_NEW: Final = _STAGED.columns


def import_receipts(
    db: Connection,
    now: datetime,
    stream: BinaryIO,
    *,
    file_name: str,
    progress: Progress | None = None,
) -> ImportResult:
    """Load a receipts file within the caller's transaction, wholly or, with any error, not at all.

    Each new receipt is taken off what its billing account owes, from `now` (aware UTC) on. `progress` is told
    the bytes read so far.
    """
    reader = CsvReader(stream, file_name, RECEIPT_COLUMNS, progress)
    with loaded(db, _STAGED, _receipt_rows(reader, (now + timedelta(days=1)).date())):
        db.execute(text("LOCK TABLE receipts IN SHARE ROW EXCLUSIVE MODE"))  # one import at a time
        _check_against_database(db, reader)
        result = reader.result()
        if not result.errors:
            result.added = _apply(db, now)
            result.unchanged = result.read - result.added
    return result


def _receipt_rows(reader: CsvReader, last_day: date) -> Iterator[tuple[Any, ...]]:
    """Yield each receipt once, in the order of the staged columns; the file must agree with itself."""
    seen: dict[str, tuple[int, tuple[Any, ...]]] = {}
    for row in reader.rows():
        values = row.values
        facts = (values["billing_account"], values["amount"], values["received_date"], values["channel"])
        if values["received_date"] > last_day:
            reader.add_error(row.line, "received_date", "import.value", "that day has not come yet")
            continue
        first_line, first_facts = seen.setdefault(values["reference"], (row.line, facts))
        if first_facts != facts:
            name = next(
                name for name, first, fact in zip(_FACTS, first_facts, facts, strict=True) if first != fact
            )
            message = f"line {first_line} has this reference with another value here"
            column = _COLUMN_OF.get(name, name)
            reader.add_error(row.line, column, "import.other-value", message, first_line)
        elif first_line == row.line:
            yield (row.line, values["reference"], *facts)


def _check_against_database(db: Connection, reader: CsvReader) -> None:
    """Note the rows that contradict what is stored already."""
    unknown = (
        select(_NEW.line)
        .outerjoin_from(_STAGED, BillingAccount, BillingAccount.billing_account == _NEW.billing_account)
        .where(BillingAccount.billing_account.is_(None))
    )
    for line in db.scalars(unknown):
        message = "there is no such billing account; import the bills first"
        reader.add_error(line, "billing_account", "import.unknown", message)
    known = Receipt.__table__.columns
    for name in _FACTS:
        differs = (
            select(_NEW.line)
            .join_from(_STAGED, Receipt, Receipt.reference == _NEW.reference)
            .where(known[name] != _NEW[name])
        )
        for line in db.scalars(differs):
            message = "a receipt with this reference is stored with another value here"
            reader.add_error(line, _COLUMN_OF.get(name, name), "import.other-value", message)


def _apply(db: Connection, now: datetime) -> int:
    """Store the receipts that are new and take them off what is owed; return how many."""
    stored = postgresql.insert(Receipt).from_select(
        ["reference", *_FACTS, "imported_at"],
        select(_NEW.reference, *(_NEW[name] for name in _FACTS), literal(now)),
    )
    stored = stored.on_conflict_do_nothing(index_elements=[Receipt.reference])
    added = db.execute(stored, execution_options={"preserve_rowcount": True}).rowcount
    db.execute(
        posting(
            select(
                _NEW.billing_account,
                literal("receipt").label("kind"),
                (-_NEW.amount_cents).label("amount_cents"),
                _NEW.reference.label("receipt_reference"),
                literal(now).label("posted_at"),
            )
            .outerjoin_from(_STAGED, LedgerEntry, LedgerEntry.receipt_reference == _NEW.reference)
            .where(LedgerEntry.id.is_(None))
            .order_by(_NEW.line)
        )
    )
    return added
