"""Every movement of a payment's money: its debit, retries, what was given back, and what banks sent back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, any_, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from ivr.base.money import format_amount
from ivr.payments.life import CREDIT_KINDS
from ivr.storage.tables import AchEntry, AchFile, LedgerEntry, Payment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

# What it is called when an entry of a kind comes back.
_CAME_BACK: Final = {
    "debit": "return",
    "retry": "return",
    "reversal": "credit_return",
    "refund": "credit_return",
}

_OF_ENTRY: Final = (LedgerEntry.payment_id == AchEntry.payment_id) & (LedgerEntry.entry_id == AchEntry.id)


def _posted(kind: Any) -> Any:
    """Return the instant at which the ledger has a row of this kind for an entry."""
    return select(LedgerEntry.posted_at).where(_OF_ENTRY, LedgerEntry.kind == kind).scalar_subquery()


_ENTRIES: Final = (
    select(
        AchEntry.payment_id,
        AchEntry.kind,
        AchEntry.amount_cents,
        AchEntry.state,
        AchEntry.created_at,
        AchEntry.effective_entry_date,
        AchEntry.trace_number,
        AchEntry.return_code,
        AchEntry.returned_at,
        AchFile.rejected_at,
        _posted(AchEntry.kind).label("posted_at"),
        _posted("cancellation").label("withdrawn_at"),
    )
    .outerjoin_from(AchEntry, AchFile, AchFile.id == AchEntry.file_id)
    .order_by(AchEntry.id)
)


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement: an entry, when it was asked for or made, or what happened to it later.

    `kind` is debit, retry, reversal or refund; `return` and `credit_return` undo one that came back,
    `rejection` a debit whose file the bank refused, `withdrawal` what no file took; `of` says which. `state`
    is where the entry stands now.
    """

    kind: str
    of: str | None
    at: datetime
    amount_cents: int
    state: str
    effective_entry_date: date | None
    trace_number: str | None
    return_code: str | None


def movements_of(db: Connection, payment_ids: Sequence[int]) -> Mapping[int, list[Movement]]:
    """Return each payment's movements in their order; none for one that is in no file yet."""
    found: defaultdict[int, list[Movement]] = defaultdict(list)
    of_them = AchEntry.payment_id == any_(cast(payment_ids, ARRAY(BigInteger)))
    for row in db.execute(_ENTRIES.where(of_them)):
        found[row.payment_id] += _movements(row)
    for movements in found.values():
        movements.sort(key=lambda movement: movement.at)
    return found


def movements_between(db: Connection, start: datetime, end: datetime) -> Iterator[tuple[Movement, Row[Any]]]:
    """Yield what moved from `start` until before `end` (aware), each with a row of its payment's facts.

    What a refused file held and the next one takes along was asked for once, and moves once.
    """
    moments = [column for name, column in _ENTRIES.selected_columns.items() if name.endswith("_at")]
    rows = db.execute(
        _ENTRIES.add_columns(
            Payment.plan, Payment.confirmation_number, Payment.billing_account, Payment.authorized_at
        )
        .join(Payment, Payment.id == AchEntry.payment_id)
        .where(or_(*((moment >= start) & (moment < end) for moment in moments)))
    )
    for row in rows:
        for movement in _movements(row):
            asked_for_before = movement.kind == row.kind != "debit" and row.posted_at is None
            if start <= movement.at < end and not asked_for_before:
                yield movement, row


def _movements(row: Any) -> Iterator[Movement]:
    what = (row.amount_cents, row.state, row.effective_entry_date, row.trace_number)
    yield Movement(row.kind, None, row.created_at, *what, None)
    if row.returned_at is not None:
        yield Movement(_CAME_BACK[row.kind], row.kind, row.returned_at, *what, row.return_code)
    if row.state == "rejected" and row.kind == "debit":
        yield Movement("rejection", row.kind, row.rejected_at, *what, None)
    if row.withdrawn_at is not None:
        yield Movement("withdrawal", row.kind, row.withdrawn_at, *what, None)


def in_words(movements: Sequence[Mapping[str, Any]]) -> str:
    """Say in few words what happened besides the first debit, from movements as JSON has them.

    `R01, retry sent`, `refund $10.00 requested`. What a rejected file held goes out anew, and is said then.
    """
    return ", ".join(_word(each) for each in movements if each["kind"] != "debit" and _counts(each))


def _counts(movement: Mapping[str, Any]) -> bool:
    return not (movement["state"] == "rejected" or movement["kind"] == "withdrawal")


def _word(movement: Mapping[str, Any]) -> str:
    kind: str = movement["kind"]
    if kind == "return":
        return str(movement["return_code"])
    if kind == "credit_return":
        return f"{movement['of']} came back {movement['return_code']}"
    amount = f" ${format_amount(movement['amount_cents'])}" if kind in CREDIT_KINDS else ""
    return f"{kind}{amount} {movement['state']}"
