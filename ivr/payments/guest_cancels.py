"""Cancelling guests' payments: by who pays, or by the line, where no carrier took the terms in time."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.cancel import Cancelled, TooLateError, cancel
from ivr.payments.guests import IS_GUESTS, TOLD_BEFORE_CUTOFF, mobile_hash
from ivr.payments.late import LEAVES_AT
from ivr.payments.life import IS_WAITING
from ivr.payments.tasks import BY_THE_LINE
from ivr.storage.tables import Notice, Payment

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from ivr.base.keys import KeyedHash
    from ivr.base.randomness import Randomness

PAYER: Final = "payer"  # who cancelled, for the audit trail
_NO_HASH: Final = bytes(32)  # what is compared when there is nothing to compare with; no HMAC is all zeros


def cancel_as_payer(
    db: Connection,
    hashes: KeyedHash,
    randomness: Randomness,
    *,
    confirmation_number: str,
    mobile: str,
    now: datetime,
) -> Cancelled | None:
    """Cancel a guest's payment, within the caller's transaction, for who keyed its number and the mobile's.

    `mobile` is in E.164. None, with nothing changed, where these are not both of one payment; nothing tells
    which of them is wrong. Raises `ivr.payments.cancel.TooLateError` as `cancel` does.
    """
    kept = db.scalar(
        select(Payment.payer_mobile_hash).where(Payment.confirmation_number == confirmation_number)
    )
    if not hmac.compare_digest(mobile_hash(hashes, confirmation_number, mobile), kept or _NO_HASH):
        return None
    return cancel(db, randomness, confirmation_number=confirmation_number, actor=PAYER, now=now)


def cancel_untold(engine: Engine, randomness: Randomness, now: datetime) -> int:
    """Cancel each guest's payment whose text message no carrier took in time; return how many.

    Each in a transaction of its own. The payer is told by another text message.
    """
    untold = (
        select(Payment.confirmation_number)
        .join(Notice, CURRENT_NOTICE)
        .where(
            IS_GUESTS,
            IS_WAITING,
            Notice.state != "sent",
            now >= LEAVES_AT - TOLD_BEFORE_CUTOFF,
        )
        .order_by(Payment.id)
    )
    with engine.connect() as db:
        numbers = db.scalars(untold).all()
    return sum(_cancel_untold(engine, randomness, number, now) for number in numbers)


def _cancel_untold(engine: Engine, randomness: Randomness, number: str, now: datetime) -> bool:
    """Cancel one; a cutoff at work holds it, and the next minute finds it again."""
    try:
        with engine.begin() as db:
            cancel(db, randomness, confirmation_number=number, actor=BY_THE_LINE, now=now, told="not_debited")
    except TooLateError:
        return False
    return True
