"""Noting what became of text messages; Twilio gets its answer whatever happens here."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import Engine

from ivr.base.clock import Clock
from ivr.notices.callbacks import note_delivery
from ivr.voice.deadline import DeadlineExceeded, deadline, stop_alarms

DEADLINE_SECONDS = 5.0
_ATTEMPTS_MAX = 2**63

_log = structlog.get_logger()


class Deliveries:
    """Writes delivery callbacks down, a transaction each."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def note(self, form: Mapping[str, str], attempt_id: int | None) -> None:
        """Note one callback; one that cannot be stored is told to the log: the notice stays as it is."""
        known = attempt_id if attempt_id is not None and 0 < attempt_id < _ATTEMPTS_MAX else None
        try:
            with deadline(DEADLINE_SECONDS), self._engine.begin() as db:
                note_delivery(
                    db,
                    self._clock.now(),
                    message_sid=form["MessageSid"],
                    status=form.get("MessageStatus", ""),
                    attempt_id=known,
                    error_code=form.get("ErrorCode", ""),
                )
        except (DeadlineExceeded, Exception) as error:  # noqa: BLE001 (Twilio never sees a 5xx)
            _log.warning("delivery_not_stored", error=type(error).__name__)
            if isinstance(error, DeadlineExceeded):
                stop_alarms()
                self._engine.dispose()  # whatever the alarm interrupted in the pool is not to be trusted
