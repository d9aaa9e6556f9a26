"""The accounts file: which help a member gets with the premium, and how a plan that ended can come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final, get_args

from sqlalchemy import BigInteger, Date, Integer, MetaData, Table, Text, or_, select, update
from sqlalchemy import Column as TableColumn

from ivr.base.csvfiles import (
    Column,
    CsvReader,
    ImportResult,
    Progress,
    matching,
    one_of,
    optional,
    parse_date,
)
from ivr.base.money import parse_amount
from ivr.billing.coverage import Assistance
from ivr.members.bulk_load import loaded
from ivr.storage.tables import BillingAccount

if TYPE_CHECKING:
    from sqlalchemy import Connection

_parse_month: Final = matching(r"\d{4}-(0[1-9]|1[0-2])", "write a month as 2026-12")
ACCOUNT_COLUMNS: Final[Mapping[str, Column]] = {
    "billing_account": Column(matching(r"7\d{8}", "write 9 digits beginning with 7")),
    "assistance": Column(one_of(*get_args(Assistance))),
    "paid_through_month": Column(_parse_month),
    "reinstate_by_date": Column(optional(parse_date)),
    "reinstate_amount": Column(optional(parse_amount)),
}
_FACTS: Final = ("assistance", "paid_through_month", "reinstate_by_date", "reinstate_cents")
_STAGED: Final = Table(
    "accounts_import",
    MetaData(),
    TableColumn("line", Integer),
    TableColumn("billing_account", Text),
    TableColumn("assistance", Text),
    TableColumn("paid_through_month", Text),
    TableColumn("reinstate_by_date", Date),
    TableColumn("reinstate_cents", BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_NEW: Final = _STAGED.columns


def import_accounts(
    db: Connection, stream: BinaryIO, *, file_name: str, progress: Progress | None = None
) -> ImportResult:
    """Load an accounts file within the caller's transaction, wholly or, with any error, not at all.

    An account that had such facts before is changed, one that had none is added; what is not in the file
    stays. `progress` is told the bytes read so far.
    """
    reader = CsvReader(stream, file_name, ACCOUNT_COLUMNS, progress)
    with loaded(db, _STAGED, _account_rows(reader)):
        known = BillingAccount.__table__.columns
        missing = (
            select(_NEW.line)
            .outerjoin_from(_STAGED, BillingAccount, BillingAccount.billing_account == _NEW.billing_account)
            .where(BillingAccount.billing_account.is_(None))
        )
        for line in db.scalars(missing):
            message = "there is no such billing account; import the bills first"
            reader.add_error(line, "billing_account", "import.unknown", message)
        result = reader.result()
        if result.errors:
            return result
        same = BillingAccount.billing_account == _NEW.billing_account
        result.added = len(db.execute(select(_NEW.line).where(same, known["assistance"].is_(None))).all())
        differs = or_(*(known[name].is_distinct_from(_NEW[name]) for name in _FACTS))
        changed = update(BillingAccount).where(same, differs).values({name: _NEW[name] for name in _FACTS})
        result.changed = db.execute(changed.execution_options(synchronize_session=False)).rowcount
        result.changed -= result.added
        result.unchanged = result.read - result.added - result.changed
    return result


def _account_rows(reader: CsvReader) -> Iterator[tuple[Any, ...]]:
    """Yield each account once, in the order of the staged columns."""
    seen: dict[str, int] = {}
    for row in reader.rows():
        account, by, cents = (
            row.values[name] for name in ("billing_account", "reinstate_by_date", "reinstate_amount")
        )
        first_line = seen.setdefault(account, row.line)
        if first_line != row.line:
            message = f"line {first_line} is the same billing account: make them one"
            reader.add_error(row.line, "billing_account", "import.other-value", message, first_line)
        elif (by is None) != (cents is None):
            message = "a date and an amount to reinstate belong together: fill both, or neither"
            reader.add_error(row.line, "reinstate_amount", "import.value", message)
        else:
            yield (
                row.line,
                account,
                row.values["assistance"],
                row.values["paid_through_month"],
                by,
                cents,
            )
