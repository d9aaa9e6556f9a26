"""The written notice that belongs to every authorization: which channel, and the promise to send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import insert

from ivr.storage.tables import Notice

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

Channel = Literal["sms", "email", "letter"]


def choose_channel(phone: str | None, *, sms_ok: bool, email: str | None) -> Channel:
    """Choose by what is on file: SMS where the member agreed to it, else e-mail, else a letter."""
    if phone and sms_ok:
        return "sms"
    if email:
        return "email"
    return "letter"


_PROMISE: Final = insert(Notice).values(state="pending")


def promise(db: Connection, payment_id: int, channel: Channel, language: str, now: datetime) -> None:
    """Write down, in the payment's transaction, that its notice goes out by `channel` in `language`."""
    db.execute(
        _PROMISE,
        {"payment_id": payment_id, "channel": channel, "language": language, "created_at": now},
    )
