"""Bank accounts and routing numbers that a return has closed to us, until staff open them again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.dialects import postgresql

from ivr.ach.return_codes import return_rule
from ivr.base.errors import OperatorError
from ivr.payments.find import find
from ivr.storage.audit import record_event
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import BlockedAccount, BlockedRoutingNumber, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROUTING_BLOCKED: Final = exists().where(
    BlockedRoutingNumber.routing_number == bindparam("routing_number"),
    BlockedRoutingNumber.released_at.is_(None),
)
_ACCOUNT_BLOCKED: Final = exists().where(
    BlockedAccount.account_fingerprint == bindparam("account_fingerprint"),
    BlockedAccount.released_at.is_(None),
)
_EITHER_BLOCKED: Final = PreparedStatement(select(or_(_ROUTING_BLOCKED, _ACCOUNT_BLOCKED)))


def block_for(
    db: Connection,
    return_code: str,
    *,
    payment_id: int,
    account_fingerprint: bytes,
    routing_number: str,
    now: datetime,
) -> None:
    """Close what a return with this code closes: its account, its routing number, or nothing."""
    block = return_rule(return_code).block
    if block == "account":
        block_account(db, account_fingerprint, return_code=return_code, payment_id=payment_id, now=now)
    elif block == "routing":
        block_routing_number(db, routing_number, return_code=return_code, now=now)


def block_account(
    db: Connection, account_fingerprint: bytes, *, return_code: str, payment_id: int, now: datetime
) -> None:
    """Debit this account no more; `payment_id` is the payment that came back."""
    said = {"return_code": return_code, "payment_id": payment_id, "blocked_at": now, "released_at": None}
    _block(db, BlockedAccount, BlockedAccount.account_fingerprint, account_fingerprint, said)


def block_routing_number(db: Connection, routing_number: str, *, return_code: str, now: datetime) -> None:
    """Send nothing to this routing number any more."""
    said = {"return_code": return_code, "blocked_at": now, "released_at": None}
    _block(db, BlockedRoutingNumber, BlockedRoutingNumber.routing_number, routing_number, said)


def either_blocked(db: Connection, routing_number: str, account_fingerprint: bytes) -> bool:
    """Return whether the routing number or the account takes nothing of ours. One statement."""
    parameters = {"routing_number": routing_number, "account_fingerprint": account_fingerprint}
    return bool(_EITHER_BLOCKED.scalar(db, parameters))


def release(db: Connection, confirmation_number: str, *, note: str, actor: str, now: datetime) -> None:
    """Take the account of a payment, and its bank, again, within the caller's transaction.

    Raises `OperatorError` for an unknown number, and when neither is blocked.
    """
    payment = find(
        db, confirmation_number, Payment.id, Payment.account_fingerprint, Payment.rdfi_routing_number
    )
    released = [
        name
        for name, key, value in (
            ("account", BlockedAccount.account_fingerprint, payment.account_fingerprint),
            ("routing number", BlockedRoutingNumber.routing_number, payment.rdfi_routing_number),
        )
        if _release(db, key, value, now)
    ]
    if not released:
        raise OperatorError(f"Nothing of payment {confirmation_number} is blocked.")
    details = {"released": released, "note": note}
    record_event(db, "ach.unblock", str(payment.id), details, actor=actor, now=now)


def _release(db: Connection, key: Any, value: Any, now: datetime) -> bool:
    table = key.class_
    statement = update(table).where(key == value, table.released_at.is_(None)).values(released_at=now)
    return db.execute(statement.execution_options(synchronize_session=False)).rowcount > 0


def _block(db: Connection, table: Any, key: Any, value: Any, said: dict[str, Any]) -> None:
    """Write the row; one that was released before closes again, for the newer reason."""
    row = postgresql.insert(table).values({key.key: value, **said})
    db.execute(row.on_conflict_do_update(index_elements=[key], set_=said))
