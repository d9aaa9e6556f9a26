"""A return that staff book before the bank's file brings it: a fax, a telephone call, a page of the bank's.

It goes the way of a return in a file (`ivr.payments.returns`): the same checks and the same effects. The
file's own item, when it comes, is known by its entry and joined to this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ivr.ach.banking_days import SETTLEMENT_ZONE
from ivr.ach.return_codes import RETURN_RULES, return_rule
from ivr.ach.returns import OtherEntry, Return, dispute_kind
from ivr.base.errors import OperatorError
from ivr.payments.find import find
from ivr.payments.life import DEBIT_KINDS
from ivr.payments.returns import ItemApplier, lock_items
from ivr.storage.audit import record_event
from ivr.storage.tables import AchEntry, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash, KeyRing
    from ivr.payments.returns import ReadItem

_NOT_WITH_THE_BANK: Final = {
    "requested": "it waits for the next file",
    "batched": "its file has not reached the bank",
    "rejected": "the bank refused its file",
    "withdrawn": "it was withdrawn",
}


@dataclass(frozen=True, slots=True)
class ToReturn:
    """An entry that the bank may have sent back, and what booking that would mean."""

    confirmation_number: str
    kind: str  # debit, retry, reversal, refund
    amount_cents: int
    plan: str
    trace_number: str
    code: str
    meaning: str
    returned_on: date


@dataclass(frozen=True, slots=True)
class BookedReturn(ToReturn):
    """What was booked. Not `is_undone`: nothing moved, it waits for staff."""

    is_undone: bool


def find_entry(
    db: Connection,
    confirmation_number: str,
    *,
    code: str,
    returned_on: date,
    trace_number: str | None,
    now: datetime,
) -> ToReturn:
    """Return the entry of a payment that came back: its debit or last retry, or that with `trace_number`.

    `returned_on` is the day on which the bank returned it. Raises `OperatorError` that says why it cannot
    have come back so.
    """
    entry = _newest(db, confirmation_number, trace_number)
    _check_state(confirmation_number, entry, is_dispute=dispute_kind(code) is not None)
    if code not in RETURN_RULES and dispute_kind(code) is None:
        raise OperatorError(f"{code} is no return code: write the one the bank gave, such as R01.")
    _check_date(returned_on, entry.effective_entry_date, now)
    return ToReturn(
        confirmation_number,
        entry.kind,
        entry.amount_cents,
        entry.plan,
        entry.trace_number,
        code,
        (dispute_kind(code) or return_rule(code).meaning).replace("_", " "),
        returned_on,
    )


def book_return(
    db: Connection,
    keys: KeyRing,
    hashes: KeyedHash,
    confirmation_number: str,
    *,
    code: str,
    returned_on: date,
    trace_number: str | None,
    note: str,
    actor: str,
    now: datetime,
) -> BookedReturn:
    """Book that an entry came back, within the caller's transaction, as if the bank's file had said so.

    As `find_entry`, which see. A dispute between banks about a return (R61 to R77) undoes nothing and waits
    for staff.
    """
    lock_items(db)
    found = find_entry(
        db, confirmation_number, code=code, returned_on=returned_on, trace_number=trace_number, now=now
    )
    applier = ItemApplier(db, keys, hashes, "", now)
    applier.run([_item(found)])
    details = {
        "code": code,
        "date": returned_on.isoformat(),
        "trace_number": found.trace_number,
        "note": note,
    }
    record_event(db, "ach.return", confirmation_number, details, actor=actor, now=now)
    values = {name: getattr(found, name) for name in found.__slots__}
    return BookedReturn(**values, is_undone=applier.done.returns == 1)


def _newest(db: Connection, confirmation_number: str, trace_number: str | None) -> Any:
    """Return the payment's newest entry that can be meant. Raises `OperatorError` when there is none."""
    payment = find(db, confirmation_number, Payment.id, Payment.state)
    meant = AchEntry.trace_number == trace_number if trace_number else AchEntry.kind.in_(DEBIT_KINDS)
    entry = db.execute(
        select(AchEntry.__table__, Payment.plan)
        .join(Payment, Payment.id == AchEntry.payment_id)
        .where(AchEntry.payment_id == payment.id, meant)
        .order_by(AchEntry.id.desc())
        .limit(1)
    ).one_or_none()
    if entry is not None:
        return entry
    if trace_number:
        raise OperatorError(
            f"Payment {confirmation_number} has no entry with the trace number {trace_number}:"
            " see `ivr payments show`."
        )
    raise OperatorError(f"Payment {confirmation_number} is {payment.state}: no entry of it is at the bank.")


def _check_state(confirmation_number: str, entry: Any, *, is_dispute: bool) -> None:
    if entry.state in _NOT_WITH_THE_BANK:
        raise OperatorError(
            f"The {entry.kind} of payment {confirmation_number} cannot have come back:"
            f" {_NOT_WITH_THE_BANK[entry.state]}."
        )
    if entry.state == "returned" and not is_dispute:
        raise OperatorError(
            f"The {entry.kind} of payment {confirmation_number} came back before, as {entry.return_code}:"
            " nothing was done."
        )


def _check_date(returned_on: date, effective: date, now: datetime) -> None:
    if returned_on > now.astimezone(SETTLEMENT_ZONE).date():
        raise OperatorError(f"{returned_on} is not here yet: write the day on which the bank returned it.")
    if returned_on < effective:
        raise OperatorError(f"{returned_on} is before {effective}, the day on which the entry took effect.")


def _item(found: ToReturn) -> ReadItem:
    """Return what a file would have brought, without what only the bank knows."""
    kind = dispute_kind(found.code)
    if kind is not None:
        return OtherEntry(
            line=0,
            kind=kind,
            code=found.code,
            original_trace_number=found.trace_number,
            amount_cents=found.amount_cents,
            individual_id=found.confirmation_number,
            trace_number="",
        )
    return Return(
        line=0,
        code=found.code,
        original_trace_number=found.trace_number,
        amount_cents=found.amount_cents,
        individual_id=found.confirmation_number,
        individual_name="",
        account_number="",
        transaction_code="",
        company_id="",
        company_name="",
        entry_description="",
        sec_code="",
        effective_entry_date=None,
        settlement_date=found.returned_on,
        original_rdfi="",
        trace_number="",
        date_of_death=None,
        information="",
    )
