"""What is sealed under an older key is sealed under the newest, so that the older one may go.

Stored replies and keyed digits are left: they are gone a day after their call (`ivr.jobs.purge`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select, update

from ivr.payments.authorize import account_number_context
from ivr.payments.corrections import correction_context
from ivr.payments.guests import payer_context
from ivr.payments.origination import file_context
from ivr.storage.canaries import key_id_of
from ivr.storage.engine import ROWS_AT_ONCE
from ivr.storage.tables import AchFile, BankItem, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.base.keys import KeyRing


class _Sealed(NamedTuple):
    key: Any
    value: Any
    named_by: Any  # the column that names the row, as its context does
    context: Callable[[Any], str]


_LASTING: Final = (
    _Sealed(Payment.id, Payment.account_number, Payment.confirmation_number, account_number_context),
    _Sealed(Payment.id, Payment.payer, Payment.confirmation_number, payer_context),
    _Sealed(AchFile.id, AchFile.content, AchFile.name, file_context),
    _Sealed(BankItem.id, BankItem.corrected, BankItem.digest, correction_context),
)


def reseal(engine: Engine, keys: KeyRing) -> int:
    """Seal anew, some rows a transaction, what lasts and is under an older key; return how many values.

    It may be broken off and begun again. Raises `ivr.base.keys.UnsealError` where a key is gone.
    """
    done = 0
    for column in _LASTING:
        while True:
            with engine.begin() as db:
                resealed = _reseal_some(db, keys, column)
            done += resealed
            if resealed == 0:
                break
    return done


def _reseal_some(db: Connection, keys: KeyRing, column: _Sealed) -> int:
    rows = db.execute(
        select(column.key, column.value, column.named_by.label("named_by"))
        .where(key_id_of(column.value) != keys.ids[0])
        .order_by(column.key)
        .limit(ROWS_AT_ONCE)
        .with_for_update()
    ).all()
    for key, value, named_by in rows:
        context = column.context(named_by)
        sealed = keys.seal(keys.open(value, context), context)
        db.execute(update(column.key.class_).where(column.key == key).values({column.value: sealed}))
    return len(rows)
