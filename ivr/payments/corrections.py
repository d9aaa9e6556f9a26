"""What a bank corrected: kept sealed with its notification, and put in place of what was keyed at a retry.

The payment's own row never changes: it is what the caller authorized.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from ivr.ach.returns import CorrectedData
from ivr.storage.tables import AchEntry, BankItem, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyRing

_RETRIED: Final = aliased(Payment)
# A bank corrects an account, not a payment: what it said of another payment from the same account counts.
_OF_ACCOUNT: Final[Any] = (
    select(BankItem.corrected, BankItem.digest)
    .join_from(BankItem, AchEntry, AchEntry.id == BankItem.entry_id)
    .join(Payment, Payment.id == AchEntry.payment_id)
    .join(_RETRIED, _RETRIED.account_fingerprint == Payment.account_fingerprint)
    .where(
        _RETRIED.id == bindparam("payment_id"),
        BankItem.kind == "change",
        BankItem.state == "applied",
        BankItem.corrected.is_not(None),
    )
    .order_by(BankItem.id)
)


def seal_correction(keys: KeyRing, digest: bytes, corrected: CorrectedData) -> bytes:
    """Return corrected data sealed for the bank item with this digest."""
    return keys.seal(json.dumps(asdict(corrected)).encode("ascii"), correction_context(digest))


def corrections_of(db: Connection, keys: KeyRing, payment_id: int) -> CorrectedData:
    """Return what banks corrected of a payment's account since it was keyed; None where nothing is to change.

    Of two corrections of the same item the newer one counts. Raises `ivr.base.keys.UnsealError` when a key
    is gone.
    """
    newest: dict[str, str] = {}
    for corrected, digest in db.execute(_OF_ACCOUNT, {"payment_id": payment_id}):
        opened = json.loads(keys.open(corrected, correction_context(digest)))
        newest |= {name: text for name, text in opened.items() if text is not None}
    return CorrectedData(**newest)


def correction_context(digest: bytes) -> str:
    """Return what binds corrected data to the bank item with this digest."""
    return f"bank-item:{digest.hex()}"
