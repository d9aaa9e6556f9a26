"""What a payer is told in writing after the yes: that a payment is cancelled, back, retried or given back.

A notice is about one thing and of one kind, and there is one: promising it again changes nothing. It goes by
the channel, and in the language, in which the payment's authorization was confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.storage.queue import insert_and_enqueue
from ivr.storage.tables import Notice, Payment

LaterKind = Literal["cancelled", "returned", "reversed", "refunded", "not_debited", "retried"]

SEND_JOB: Final = "send_notice"  # its name in the queue never changes: jobs with it may wait
SEND_QUEUE: Final = "notices"  # its own: who sends may wait for a carrier, and the bank waits for nobody

# To join a payment and all that it is told of, its authorization's notice among it.
OF_PAYMENT: Final = and_(Notice.payment_id == Payment.id, Notice.state != "replaced")

# A cancellation is of the payment; what came or is given back is one of its entries.
_ABOUT: Final[dict[str, str]] = {
    "cancelled": "payment",
    "returned": "entry",
    "reversed": "entry",
    "refunded": "entry",
    "not_debited": "payment",
    "retried": "entry",
}


def _parameter(name: str) -> Any:
    return bindparam(name, type_=Notice.__table__.columns[name].type)


# One thing of one payment a row: `about_id`, and whose it is.
_things = (
    func.unnest(
        bindparam("about_ids", type_=ARRAY(BigInteger)), bindparam("payment_ids", type_=ARRAY(BigInteger))
    )
    .table_valued("about_id", "payment_id", name="things")
    .render_derived()
)
_PROMISE: Final = (
    insert(Notice)
    .from_select(
        ["payment_id", "about", "about_id", "kind", "channel", "language", "state", "created_at"],
        select(
            Notice.payment_id,
            _parameter("about"),
            _things.c.about_id,
            _parameter("kind"),
            Notice.channel,
            Notice.language,
            literal("pending"),
            _parameter("created_at"),
        )
        .join_from(Notice, Payment, CURRENT_NOTICE)
        .join(_things, _things.c.payment_id == Payment.id),
    )
    .on_conflict_do_nothing()
)


def promise_later(db: Connection, kind: LaterKind, now: datetime, payment_of: Mapping[int, int]) -> None:
    """Write down, in the transaction of what happened, that members get notices of it.

    `payment_of` has by the id of what each is about (the payment itself where it was cancelled, else the
    entry) the id of its payment. The jobs are in the queue when that transaction commits. What is promised
    already, or is of a payment whose own notice is not kept any more, changes nothing.
    """
    if not payment_of:
        return
    values = {
        "about": _ABOUT[kind],
        "about_ids": list(payment_of),
        "payment_ids": list(payment_of.values()),
        "kind": kind,
        "created_at": now,
    }
    insert_and_enqueue(db, _PROMISE, values, SEND_JOB, queue=SEND_QUEUE, argument="notice_id")
