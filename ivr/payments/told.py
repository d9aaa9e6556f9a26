"""The notices of a payment's authorization, to join the two: all of them, and the one that holds now."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_

from ivr.storage.tables import Notice, Payment

ITS_NOTICES: Final = and_(Notice.payment_id == Payment.id, Notice.kind == "authorized")
ITS_NOTICE: Final = and_(ITS_NOTICES, Notice.state != "replaced")
