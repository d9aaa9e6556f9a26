"""What a member is told in writing after the yes: that a payment was cancelled, came back, or is given back.

A notice is about one thing and of one kind, and there is one: promising it again changes nothing. It goes by
the channel, and in the language, in which the payment's authorization was confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert

from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.storage.queue import insert_and_enqueue
from ivr.storage.tables import Notice, Payment

LaterKind = Literal["cancelled", "returned", "reversed", "refunded"]

SEND_JOB: Final = "send_notice"  # its name in the queue never changes: jobs with it may wait
SEND_QUEUE: Final = "notices"  # its own: who sends may wait for a carrier, and the bank waits for nobody

# A cancellation is of the payment; what came or is given back is one of its entries.
_ABOUT: Final[dict[str, str]] = {
    "cancelled": "payment",
    "returned": "entry",
    "reversed": "entry",
    "refunded": "entry",
}


def _parameter(name: str) -> Any:
    return bindparam(name, type_=Notice.__table__.columns[name].type)


_PROMISE: Final = (
    insert(Notice)
    .from_select(
        ["payment_id", "about", "about_id", "kind", "channel", "language", "state", "created_at"],
        select(
            Notice.payment_id,
            *(_parameter(name) for name in ("about", "about_id", "kind")),
            Notice.channel,
            Notice.language,
            literal("pending"),
            _parameter("created_at"),
        )
        .join(Payment, CURRENT_NOTICE)
        .where(Payment.id == _parameter("payment_id")),
    )
    .on_conflict_do_nothing()
)


def promise_later(db: Connection, kind: LaterKind, now: datetime, *, payment_id: int, about_id: int) -> None:
    """Write down, in the transaction of what happened, that the member gets a notice of it.

    `about_id` is the payment's id for a cancellation, else the id of the entry. Its job is in the queue when
    that transaction commits. Once promised, or for a payment whose own notice is not kept any more, nothing
    is written.
    """
    values = {
        "payment_id": payment_id,
        "about": _ABOUT[kind],
        "about_id": about_id,
        "kind": kind,
        "created_at": now,
    }
    insert_and_enqueue(db, _PROMISE, values, SEND_JOB, queue=SEND_QUEUE, argument="notice_id")
