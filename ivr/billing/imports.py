"""The bills file: what each plan costs each month. A bill that comes again with another amount is revised.

A bill that is withdrawn goes; the ledger keeps that it was there, and what took it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.dialects import postgresql

from ivr.base.csvfiles import (
    Column,
    CsvReader,
    ImportResult,
    Progress,
    matching,
    one_of,
    optional,
    parse_date,
    parse_yes_no,
)
from ivr.base.money import parse_amount
from ivr.base.plans import PLANS
from ivr.billing.post import posting
from ivr.members.bulk_load import loaded
from ivr.members.facts import parse_member_id
from ivr.storage.audit import record_event
from ivr.storage.tables import Bill, BillingAccount, Member

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash

BILL_COLUMNS: Final[Mapping[str, Column]] = {
    "billing_account": Column(matching(r"7\d{8}", "write 9 digits beginning with 7")),
    "member_id": Column(parse_member_id),
    "plan": Column(one_of(*PLANS), repeated=True),
    "coverage_month": Column(matching(r"\d{4}-(0[1-9]|1[0-2])", "write a month as YYYY-MM"), repeated=True),
    "amount": Column(parse_amount, repeated=True),
    "due_date": Column(parse_date, repeated=True),
    "first_payment": Column(parse_yes_no, repeated=True),
    "authorization_code": Column(
        optional(matching(r"\d{4,12}", "write 4 to 12 digits, or nothing")), required=False
    ),
}

_STAGED: Final = Table(
    "bills_import",
    MetaData(),
    TableColumn("line", Integer),
    TableColumn("billing_account", Text),
    TableColumn("member_id", Text),
    TableColumn("plan", Text),
    TableColumn("coverage_month", Text),
    TableColumn("amount_cents", BigInteger),
    TableColumn("due_date", Date),
    TableColumn("first_payment", Boolean),
    TableColumn("authorization_code_hash", LargeBinary),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_NEW: Final = _STAGED.columns

_SAME_BILL: Final = and_(
    Bill.billing_account == _NEW.billing_account, Bill.coverage_month == _NEW.coverage_month
)


def import_bills(
    db: Connection,
    hashes: KeyedHash,
    now: datetime,
    stream: BinaryIO,
    *,
    as_of_at: datetime,
    file_name: str,
    complete: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Load a bills file within the caller's transaction, wholly or, with any error, not at all.

    A new bill is posted to the ledger; one whose amount differs is posted as a correction of the
    difference. `as_of_at` (aware UTC) is the moment the file was true and is spoken with the balance;
    `now` is when the ledger rows are posted. A `complete` file has every bill of each month in it: other
    bills of those months are withdrawn. `progress` is told the bytes read so far.
    """
    reader = CsvReader(stream, file_name, BILL_COLUMNS, progress)
    with loaded(db, _STAGED, _bill_rows(reader, hashes)):
        db.execute(text("LOCK TABLE bills IN SHARE ROW EXCLUSIVE MODE"))  # one import at a time
        _check_against_database(db, reader)
        result = reader.result()
        if not result.errors:
            result.added, result.changed = db.execute(_COUNTS).one()
            result.unchanged = result.read - result.added - result.changed
            if complete:
                result.stood = db.scalar(_STANDING)
                result.withdrawn = _withdraw(db, _LEFT_OUT, now)
            _apply(db, now, as_of_at)
    return result


def withdraw_bill(
    db: Connection, billing_account: str, coverage_month: str, *, actor: str, now: datetime
) -> int | None:
    """Withdraw a month's bill (`coverage_month` YYYY-MM): it is owed no more, which is posted to the ledger.

    `now` is aware UTC, `actor` the staff member's name for the audit trail. Returns the cents it came to;
    None, with nothing recorded, where there is no such bill.
    """
    of_month = and_(Bill.billing_account == billing_account, Bill.coverage_month == coverage_month)
    amount_cents = db.scalar(select(Bill.amount_cents).where(of_month).with_for_update())
    if amount_cents is None:
        return None
    _withdraw(db, of_month, now)
    details = {"coverage_month": coverage_month, "amount_cents": amount_cents}
    record_event(db, "bills.withdraw", billing_account, details, actor=actor, now=now)
    return amount_cents


def authorization_code_hash(hashes: KeyedHash, billing_account: str, code: str) -> bytes:
    """Return the keyed hash under which a bill's authorization code (digits) is stored."""
    return hashes.digest("authorization_code", billing_account, code)


def _bill_rows(reader: CsvReader, hashes: KeyedHash) -> Iterator[tuple[Any, ...]]:
    """Yield the good rows in the order of the staged columns; the file must agree with itself."""
    consistency = _Consistency(reader)
    for row in reader.rows():
        values = row.values
        if not consistency.holds(row.line, values):
            continue
        code: str | None = values["authorization_code"]
        yield (
            row.line,
            values["billing_account"],
            values["member_id"],
            values["plan"],
            values["coverage_month"],
            values["amount"],
            values["due_date"],
            values["first_payment"],
            code and authorization_code_hash(hashes, values["billing_account"], code),
        )


class _First(NamedTuple):
    """What the first line of a billing account says."""

    owner: tuple[str, str]
    coverage_month: str
    line: int


class _Consistency:
    """One bill a month, one member and plan a billing account, one billing account a member and plan."""

    def __init__(self, reader: CsvReader) -> None:
        self._reader = reader
        self._first_of: dict[str, _First] = {}
        self._line_of_later_month: dict[tuple[str, str], int] = {}
        self._account_of: dict[tuple[str, str], str] = {}

    def holds(self, line: int, values: Mapping[str, Any]) -> bool:
        """Return whether a row agrees with the rows before it; note an error where it does not."""
        account, month = values["billing_account"], values["coverage_month"]
        owner = values["member_id"], values["plan"]
        first = self._first_of.get(account)
        if first is None:
            first = self._first_of[account] = _First(owner, month, line)
        elif month == first.coverage_month:
            return self._same_bill(line, first.line)
        elif (bill_line := self._line_of_later_month.setdefault((account, month), line)) != line:
            return self._same_bill(line, bill_line)
        if owner != first.owner:
            message = f"line {first.line} has this billing account for another member or plan"
            self._reader.add_error(line, "billing_account", "import.other-value", message, first.line)
            return False
        known = self._account_of.setdefault(owner, account)
        if known != account:
            account_line = self._first_of[known].line
            message = f"line {account_line} has another billing account for this member and plan"
            self._reader.add_error(line, "billing_account", "import.other-value", message, account_line)
            return False
        return True

    def _same_bill(self, line: int, bill_line: int) -> bool:
        message = f"the same bill as in line {bill_line}"
        self._reader.add_error(line, "coverage_month", "import.same-row", message, bill_line)
        return False


_UNKNOWN_MEMBER: Final = (
    select(_NEW.line)
    .outerjoin_from(_STAGED, Member, Member.member_id == _NEW.member_id)
    .where(Member.member_id.is_(None))
)
_OTHER_OWNER: Final = (
    select(_NEW.line)
    .join_from(_STAGED, BillingAccount, BillingAccount.billing_account == _NEW.billing_account)
    .where(or_(BillingAccount.member_id != _NEW.member_id, BillingAccount.plan != _NEW.plan))
)
_OTHER_ACCOUNT: Final = (
    select(_NEW.line)
    .join_from(
        _STAGED,
        BillingAccount,
        and_(BillingAccount.member_id == _NEW.member_id, BillingAccount.plan == _NEW.plan),
    )
    .where(BillingAccount.billing_account != _NEW.billing_account)
)


def _check_against_database(db: Connection, reader: CsvReader) -> None:
    """Note the rows that contradict what is stored already."""
    owned, billed = "this billing account belongs to another member or plan", "billing_account"
    has_other = "this member has another billing account for this plan"
    checks: tuple[tuple[Select[Any], str, str, str], ...] = (
        (_UNKNOWN_MEMBER, "member_id", "import.unknown", "there is no such member; import the members first"),
        (_OTHER_OWNER, billed, "import.other-value", owned),
        (_OTHER_ACCOUNT, billed, "import.other-value", has_other),
    )
    for statement, column, rule, message in checks:
        for line in db.scalars(statement):
            reader.add_error(line, column, rule, message)


_ADDED: Final = Bill.billing_account.is_(None)
_CHANGED: Final = and_(
    Bill.billing_account.is_not(None),
    or_(
        Bill.amount_cents != _NEW.amount_cents,
        Bill.due_date != _NEW.due_date,
        Bill.first_payment != _NEW.first_payment,
        # A file without codes says nothing about codes.
        Bill.authorization_code_hash.is_distinct_from(
            func.coalesce(_NEW.authorization_code_hash, Bill.authorization_code_hash)
        ),
    ),
)
_COUNTS: Final = select(func.count().filter(_ADDED), func.count().filter(_CHANGED)).select_from(
    _STAGED.outerjoin(Bill, _SAME_BILL)
)


_IN_A_MONTH_OF_THE_FILE: Final = Bill.coverage_month.in_(select(_NEW.coverage_month).distinct())
_STANDING: Final = select(func.count()).select_from(Bill).where(_IN_A_MONTH_OF_THE_FILE)
_LEFT_OUT: Final = and_(_IN_A_MONTH_OF_THE_FILE, ~select(_NEW.line).where(_SAME_BILL).exists())


def _withdraw(db: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """Post that these bills are owed no more, and remove them; return how many there were."""
    columns: tuple[Any, ...] = (
        Bill.billing_account,
        literal("correction").label("kind"),
        (-Bill.amount_cents).label("amount_cents"),
        Bill.coverage_month,
        literal(now).label("posted_at"),
    )
    taken_back = select(*columns).where(which, Bill.amount_cents != 0)
    db.execute(posting(taken_back.order_by(Bill.billing_account, Bill.coverage_month)))
    return db.execute(delete(Bill).where(which)).rowcount


def _apply(db: Connection, now: datetime, as_of_at: datetime) -> None:
    """Store the staged bills: their accounts, what they add to the ledger, then the bills themselves."""
    _open_accounts(db)
    _post_changes(db, now)
    _store_bills(db, as_of_at)


def _open_accounts(db: Connection) -> None:
    columns = ("billing_account", "member_id", "plan")
    is_known = exists().where(BillingAccount.billing_account == _NEW.billing_account)
    new = select(*(_NEW[name] for name in columns)).where(~is_known).distinct()
    db.execute(insert(BillingAccount).from_select(columns, new))


def _post_changes(db: Connection, now: datetime) -> None:
    """Post what each bill changes in what is owed: all of a new one, the difference of another."""
    added = _NEW.amount_cents - func.coalesce(Bill.amount_cents, 0)
    changes = (
        select(
            _NEW.billing_account,
            case((_ADDED, "bill"), else_="correction").label("kind"),
            added.label("amount_cents"),
            _NEW.coverage_month,
            literal(now).label("posted_at"),
        )
        .select_from(_STAGED.outerjoin(Bill, _SAME_BILL))
        .where(Bill.amount_cents.is_distinct_from(_NEW.amount_cents))
        .order_by(_NEW.line)
    )
    db.execute(posting(changes))


def _store_bills(db: Connection, as_of_at: datetime) -> None:
    key = ("billing_account", "coverage_month")
    replaced = ("amount_cents", "due_date", "first_payment")
    columns = (*key, *replaced, "authorization_code_hash")
    bills = postgresql.insert(Bill).from_select(
        [*columns, "as_of_at"], select(*(_NEW[name] for name in columns), literal(as_of_at))
    )
    # A file without codes says nothing about codes.
    code = func.coalesce(bills.excluded.authorization_code_hash, Bill.authorization_code_hash)
    values = {name: bills.excluded[name] for name in (*replaced, "as_of_at")}
    db.execute(
        bills.on_conflict_do_update(index_elements=key, set_={**values, "authorization_code_hash": code})
    )
