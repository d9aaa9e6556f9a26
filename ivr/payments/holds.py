"""Payments that stay behind at a cutoff: why, in words that say what to do, and letting them go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, select

from ivr.ach.letters import individual_name
from ivr.payments.life import move_all
from ivr.payments.tasks import BY_THE_LINE, close_tasks
from ivr.storage.tables import Payment, StaffTask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

HELD_TASK: Final = "payment_held"

_CANCEL: Final = "`ivr payments cancel {number}`, and tell the member"
_RELEASE: Final = (
    "`ivr payments release {number}` sends it with the next cutoff, after a notice that names the new dates;"
    f" or {_CANCEL}"
)
_WHY: Final[Mapping[str, str]] = {
    "notice": "its written notice is not sent: `ivr notices show {number}` says why; mend that, then"
    " `ivr notices send {number}`",
    "not_mailed": "its letter is not mailed, or not before the day of the debit: once the mail house has it,"
    " `ivr notices mailed MANIFEST`; then it goes by itself",
    "date": "it would be debited before the date spoken: it goes by itself when that day has come",
    "missed_cutoff": f"its cutoff was missed, its debit would be later than the member was told: {_RELEASE}",
    "notice_late": f"its notice went out after the cutoff that it names: {_RELEASE}",
    "review": f"staff hold it and look at it: {_RELEASE}",
    "late": "its time is over, and it is withdrawn: a reversal has five banking days, for which"
    " `ivr payments refund {number}` has none; a retry has 180 days",
    "blocked": "an earlier return says that its account or bank takes no debits: see `ivr ach unblock` where"
    f" that is over; or {_CANCEL}",
    "withdrawn": "an earlier return says that its account or bank takes no debits: the retry is withdrawn,"
    " and the bill is owed again",
    "account": "its account number cannot be opened: put the key it was sealed with back into IVR_KEYS: the"
    f" next cutoff takes it; where that key is lost, {_CANCEL}",
    "record": "the bank's file has no place for it: {fields} cannot be written as a record wants it:"
    f" {_CANCEL}",
}
_NO_LETTER: Final = (
    "the name ({points}) has no letter that the bank's file can hold: correct it in the members file, or with"
    " `ivr payments correct {number} --name NAME --reason WHY`"
)


def why_held(reason: str, confirmation_number: str, name: str | None, fields: str = "") -> str:
    """Return in words why a payment is held, and what to do about it.

    `name` is the receiver's as it would be written (None: a guest's), `fields` what no record can hold,
    where that is known.
    """
    if reason == "record" and name is not None and not individual_name(name):
        points = " ".join(f"U+{ord(letter):04X}" for letter in name if not letter.isspace())
        return _NO_LETTER.format(points=points or "empty", number=confirmation_number)
    words = _WHY.get(reason, reason)
    return words.format(number=confirmation_number, fields=fields or "something in it")


def release_held(db: Connection, which: ColumnElement[bool], now: datetime, *, by: str = BY_THE_LINE) -> int:
    """Let go of the held payments that match `which`: the next cutoff takes them. Return how many."""
    held = select(Payment.id).where(Payment.state == "held", which)
    released = db.scalars(held.with_for_update(skip_locked=True)).all()  # a cutoff at work takes them itself
    close_tasks(db, (HELD_TASK,), now, StaffTask.payment_id.in_(released), by=by)
    return move_all(db, Payment.id.in_(released), "held", "release", hold_reason=None)
