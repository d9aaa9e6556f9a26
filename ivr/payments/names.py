"""The receiver's name: as it was authorized, and as staff have corrected it since.

What the caller authorized never changes: `receiver_name` is sealed with the evidence. A correction stands
beside it and is used by whatever is still to be written, the notice and the bank's file; who made it, when
and why is in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from ivr.ach.letters import individual_name
from ivr.base.errors import OperatorError
from ivr.base.letters import cleaned
from ivr.payments.find import find
from ivr.payments.holds import release_held
from ivr.payments.life import FILE_ORDER, IS_WAITING
from ivr.storage.audit import record_events
from ivr.storage.tables import Member, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

NAME_CORRECTED: Final = "payments.correct_name"
CURRENT_NAME: Final = func.coalesce(Payment.corrected_name, Payment.receiver_name)


def correct_name(
    db: Connection, confirmation_number: str, name: str, *, reason: str, actor: str, now: datetime
) -> str:
    """Correct one payment's name within the caller's transaction; return it as it is kept.

    Raises `OperatorError` for an unknown number, for a payment of which nothing is written any more, for a
    guest's, and for a name that no record of a bank's file can hold.
    """
    name = cleaned(name)
    if not individual_name(name):
        raise OperatorError("A bank's file needs a letter in the name: give the receiver's name.")
    payment = find(db, confirmation_number, Payment.id, Payment.state, CURRENT_NAME.label("name"), lock=True)
    if payment.state == "cancelled":
        raise OperatorError(f"Payment {confirmation_number} is cancelled: nothing is written of it any more.")
    if payment.name is None:
        raise OperatorError(
            f"Payment {confirmation_number} is a guest's, who said and confirmed the name: cancel it where"
            " that is wrong."
        )
    _correct(db, [(payment.id, payment.name, name)], reason, actor, now)
    return name


def correct_names(db: Connection, renamed: Select[Any], *, reason: str, actor: str, now: datetime) -> int:
    """Take over new names of members for their payments that are in no file yet; return for how many.

    `renamed` selects `member_id`, `first_name` and `last_name` of the members whose name the file is about to
    change. A name that no record can hold corrects nothing, and one that is not the member's stays: another
    payer's, or what staff wrote.
    """
    new = renamed.subquery()
    rows = db.execute(
        select(Payment.id, CURRENT_NAME.label("name"), new.c.first_name, new.c.last_name)
        .join(new, new.c.member_id == Payment.member_id)
        .join(Member, Member.member_id == Payment.member_id)
        .where(
            IS_WAITING,
            func.concat(Member.first_name, " ", Member.last_name) == CURRENT_NAME,
        )
        # Rows are locked in the order of the cutoff, which may be at work on the same ones.
        .order_by(*FILE_ORDER)
        .with_for_update(of=Payment.__table__)
    )
    corrected = [(row.id, row.name, f"{row.first_name} {row.last_name}") for row in rows]
    return _correct(db, corrected, reason, actor, now)


def _correct(
    db: Connection, names: Iterable[tuple[int, str, str]], reason: str, actor: str, now: datetime
) -> int:
    """Write down the new names, and let go of what was held for the old ones."""
    changes = [(number, old, new) for number, old, new in names if old != new and individual_name(new)]
    if not changes:
        return 0
    for number, _, new in changes:
        db.execute(update(Payment).where(Payment.id == number).values(corrected_name=new))
    record_events(
        db,
        NAME_CORRECTED,
        ((str(number), {"from": old, "to": new, "reason": reason}) for number, old, new in changes),
        actor=actor,
        now=now,
    )
    can_be_written = Payment.id.in_([number for number, _, _ in changes]) & (Payment.hold_reason == "record")
    release_held(db, can_be_written, now, by=actor)
    return len(changes)
