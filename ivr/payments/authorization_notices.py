"""A payment's notices, to join the two: what it is told of, and of those that tell of its authorization."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_

from ivr.storage.tables import Notice, Payment

EVERY_NOTICE: Final = and_(Notice.payment_id == Payment.id, Notice.kind == "authorized")
# The one that holds now.
CURRENT_NOTICE: Final = and_(EVERY_NOTICE, Notice.state != "replaced")
# All that holds now, whatever it is about.
OF_PAYMENT: Final = and_(Notice.payment_id == Payment.id, Notice.state != "replaced")
