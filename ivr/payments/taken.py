"""What a file has taken, written into the database a thousand at a time: it works while the file goes on.

Statements are sent and not waited for (`PreparedStatement.send`): whatever comes next raises their errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import ARRAY, and_, bindparam, func, insert, select, update

from ivr.payments.life import moving
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import AchEntry, Payment

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection


class TakenEntry(NamedTuple):
    """An entry that is in the file; `id` is None for a payment's first, whose row is yet to be made."""

    id: int | None
    payment_id: int
    kind: str
    sec_code: str
    transaction_code: str
    amount_cents: int
    trace_number: str


def _parameters(*names: str) -> dict[str, Any]:
    columns = AchEntry.__table__.columns
    return {name: bindparam(name, type_=columns[name].type) for name in names}


def _rows(*names: str) -> Any:
    """Return arrays, the parameters of these names, as a table."""
    arrays = (bindparam(name, type_=ARRAY(one.type)) for name, one in _parameters(*names).items())
    return func.unnest(*arrays).table_valued(*names).render_derived().columns


_OF_FILE: Final = _parameters("file_id", "effective_entry_date", "state")
_EFFECTIVE: Final = _parameters("effective_entry_date")
_NEW: Final = _rows("payment_id", "kind", "sec_code", "transaction_code", "amount_cents", "trace_number")
_NEWEST: Final = _rows("payment_id", "kind", "trace_number")
_REQUESTED: Final = _rows("id", "transaction_code", "trace_number")
_DEBITED: Final = and_(Payment.id == _NEWEST.payment_id, _NEWEST.kind == "debit")
_RETRIED: Final = and_(Payment.id == _NEWEST.payment_id, _NEWEST.kind == "retry")
_OF_NEWEST: Final = {"trace_number": _NEWEST.trace_number, **_EFFECTIVE}
_STORE_NEW: Final = (
    PreparedStatement(
        insert(AchEntry).from_select(
            [*_NEW.keys(), *_OF_FILE, "created_at"],
            select(*_NEW, *_OF_FILE.values(), *_parameters("created_at").values()),
        )
    ),
    PreparedStatement(moving(_DEBITED, ("authorized", "held"), "batch", hold_reason=None, **_OF_NEWEST)),
)
_STORE_REQUESTED: Final = (
    PreparedStatement(
        update(AchEntry)
        .where(AchEntry.id == _REQUESTED.id)
        .values(
            transaction_code=_REQUESTED.transaction_code, trace_number=_REQUESTED.trace_number, **_OF_FILE
        )
    ),
    PreparedStatement(moving(_RETRIED, ("returned",), "retry")),
    PreparedStatement(update(Payment).where(_RETRIED).values(**_OF_NEWEST)),
)


def send_taken(
    db: Connection, file_id: int, effective_entry_date: date, taken: Sequence[TakenEntry], now: datetime
) -> None:
    """Write entries into a file, all new or all requested before, and move their payments on.

    These are locked since they were read, so none has moved on meanwhile.
    """
    if not taken:
        return
    values: dict[str, Any] = {
        **dict(zip(TakenEntry._fields, map(_array, zip(*taken, strict=True)), strict=True)),
        "file_id": file_id,
        "effective_entry_date": effective_entry_date,
        "state": "batched",
        "created_at": now,
    }
    for statement in _STORE_NEW if taken[0].id is None else _STORE_REQUESTED:
        statement.send(db, values)


def _array(values: Iterable[int | str | None]) -> str:
    """Write an array as PostgreSQL reads it: numbers and codes need no quotes."""
    return f"{{{','.join(map(str, values))}}}"
