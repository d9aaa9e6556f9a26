"""The written notice that belongs to every authorization: its channel, the promise of it, and its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import bindparam, insert, select

from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.later_notices import SEND_JOB, SEND_QUEUE
from ivr.storage.queue import enqueue, insert_and_enqueue
from ivr.storage.tables import Notice, Payment

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from ivr.payments.authorize import Authorized

Channel = Literal["sms", "email", "letter"]

CHANNELS: Final[tuple[Channel, ...]] = ("sms", "email", "letter")

FAILED_TASK: Final = "notice_failed"  # no channel is left: staff must reach the member
LATE_TASK: Final = "notice_late"  # the cutoff comes, and no carrier has it yet
RETURNED_TASK: Final = "notice_returned"  # mail came back: the address on file is wrong
TASKS: Final = (FAILED_TASK, LATE_TASK)


def choose_channel(
    phone: str | None,
    *,
    sms_ok: bool,
    email: str | None,
    email_ok: bool | None = None,
    available: Collection[str] = CHANNELS,
) -> Channel:
    """Choose by what is on file: SMS where the member agreed to it, else e-mail, else a letter.

    No e-mail where the member does not want it (`email_ok` None: nobody ever asked). Only what is `available`
    on this line is chosen; a letter always is.
    """
    if phone and sms_ok and "sms" in available:
        return "sms"
    if email and email_ok is not False and "email" in available:
        return "email"
    return "letter"


_COLUMNS: Final = (
    "payment_id",
    "about",
    "about_id",
    "kind",
    "channel",
    "language",
    "state",
    "created_at",
)
_PROMISE: Final = insert(Notice).values(
    {name: bindparam(name, type_=Notice.__table__.columns[name].type) for name in _COLUMNS}
)


def promise(db: Connection, written: Authorized, channel: Channel, language: str, now: datetime) -> None:
    """Write down, in the payment's transaction, that its notice goes out by `channel` in `language`.

    The job that sends it is in the queue when that transaction commits.
    """
    values = {
        "payment_id": written.payment_id,
        "about": "authorization",
        "about_id": written.authorization_id,
        "kind": "authorized",
        "channel": channel,
        "language": language,
        "state": "pending",
        "created_at": now,
    }
    insert_and_enqueue(db, _PROMISE, values, SEND_JOB, queue=SEND_QUEUE, argument="notice_id")


def send_soon(db: Connection, notice_id: int) -> None:
    """Have a notice sent, if there is something to send, once the caller's transaction commits."""
    enqueue(db, SEND_JOB, queue=SEND_QUEUE, notice_id=notice_id)


def send_soon_of(db: Connection, payment_id: int) -> None:
    """As `send_soon`, the notice of a payment's authorization."""
    notice = select(Notice.id).join(Payment, CURRENT_NOTICE).where(Payment.id == payment_id)
    send_soon(db, db.execute(notice).scalar_one())
