"""Noting what became of text messages; Twilio gets its answer whatever happens here."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import Engine

from ivr.base.clock import Clock
from ivr.notices.callbacks import note_delivery
from ivr.voice.deadline import DeadlineExceeded
from ivr.voice.patience import Patience

_ATTEMPTS_MAX = 2**63

_log = structlog.get_logger()


class Deliveries:
    """Writes delivery callbacks down, a transaction each."""

    def __init__(self, engine: Engine, clock: Clock, patience: Patience) -> None:
        self._engine = engine
        self._clock = clock
        self._patience = patience

    def note(self, form: Mapping[str, str], attempt_id: int | None, arrived_at: float | None = None) -> None:
        """Note one callback; one that cannot be stored is told to the log: the notice stays as it is."""
        known = attempt_id if attempt_id is not None and 0 < attempt_id < _ATTEMPTS_MAX else None

        def work() -> None:
            with self._engine.begin() as db:
                note_delivery(
                    db,
                    self._clock.now(),
                    message_sid=form["MessageSid"],
                    status=form.get("MessageStatus", ""),
                    attempt_id=known,
                    error_code=form.get("ErrorCode", ""),
                )

        try:
            self._patience.spend(work, arrived_at)
        except (DeadlineExceeded, Exception) as error:  # noqa: BLE001 (Twilio never sees a 5xx)
            _log.warning("delivery_not_stored", error=type(error).__name__)
