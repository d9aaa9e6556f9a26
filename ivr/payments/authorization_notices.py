"""The notices of a payment's authorization, to join the two: all of them, and the one that holds now."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_

from ivr.storage.tables import Notice, Payment

EVERY_NOTICE: Final = and_(Notice.payment_id == Payment.id, Notice.kind == "authorized")
# The one that holds now.
CURRENT_NOTICE: Final = and_(EVERY_NOTICE, Notice.state != "replaced")
