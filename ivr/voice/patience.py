"""How long a caller is kept waiting for the database, and when nobody is.

Twilio gives up 15 seconds after it asked, wherever the request has been meanwhile: the deadline counts from
its arrival. And once the database was found not to answer, all web workers say at once what is true without
it: else each of them, and whoever stands behind it, would find out anew.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ivr.voice.deadline import REPEAT_SECONDS, DeadlineExceeded, deadline, stop_alarms

DEADLINE_SECONDS = 5.0
LEAST_SECONDS = 0.2  # an ordinary turn takes a twentieth of it
QUIET_SECONDS = 2.0

Result = TypeVar("Result")

_INSTANT = struct.Struct("@d")  # aligned and written as one: no reader sees half of it
_QUIET_UNTIL, _CAME_THROUGH_AT = 0, 8

_log = structlog.get_logger()


class TurnedAwayError(Exception):
    """Nothing was tried: there was no time left, or nothing to be had from the database for the moment."""


class Patience:
    """What the web workers know together of their database: made before they are forked, shared by all.

    While it is away one request at a time tries it, the others are turned away; the first that comes through
    opens it to all. The one that tries has a turn's time to say so: if its worker dies, another tries then.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self.deadline_seconds = deadline_seconds
        self._quiet_seconds = quiet_seconds
        self._now = now
        self._shared = mmap.mmap(-1, 16)  # of no file: it ends with the last of the processes
        self._write(_CAME_THROUGH_AT, float("-inf"))

    def spend(self, work: Callable[[], Result], arrived_at: float | None = None) -> Result:
        """Do `work` in the time left since `arrived_at`, by the monotonic clock (None: now).

        Raises `TurnedAwayError`, `DeadlineExceeded` when the time is over, and what `work` raises.
        """
        began = self._now()
        left = self.deadline_seconds - (0.0 if arrived_at is None else began - arrived_at)
        if left < min(LEAST_SECONDS, self.deadline_seconds):
            raise TurnedAwayError(
                f"no time was left, {self.deadline_seconds - left:.1f} s after it was asked"
            )
        if not self._may_try(began, left):
            raise TurnedAwayError("the database did not answer others a moment ago")
        try:
            with deadline(left):
                result = work()
        except DeadlineExceeded:
            stop_alarms()
            self._engine.dispose()  # whatever the alarm interrupted in the pool is not to be trusted
            self._did_not_answer()
            raise
        except DBAPIError as error:
            if error.connection_invalidated or error.statement is None:
                self._did_not_answer()
            raise
        self._came_through()
        return result

    @property
    def turns_away(self) -> bool:
        """Whether a request that came now would be turned away."""
        return self._now() < self._read(_QUIET_UNTIL)

    def _may_try(self, now: float, left: float) -> bool:
        quiet_until = self._read(_QUIET_UNTIL)
        if quiet_until == 0:
            return True
        if now < quiet_until:
            return False
        self._write(_QUIET_UNTIL, now + left + 2 * REPEAT_SECONDS)  # two at the same instant do no harm
        return True

    def _did_not_answer(self) -> None:
        """Turn others away for a while, unless some just came through: then it was this one's own trouble."""
        now = self._now()
        if now - self._read(_CAME_THROUGH_AT) < self.deadline_seconds / 2:
            return
        if self._read(_QUIET_UNTIL) == 0:
            _log.error("database_away", retried_after_seconds=self._quiet_seconds)
        self._write(_QUIET_UNTIL, now + self._quiet_seconds)

    def _came_through(self) -> None:
        self._write(_CAME_THROUGH_AT, self._now())
        if self._read(_QUIET_UNTIL) != 0:
            self._write(_QUIET_UNTIL, 0)
            _log.info("database_back")

    def _read(self, place: int) -> float:
        (instant,) = _INSTANT.unpack_from(self._shared, place)
        return float(instant)

    def _write(self, place: int, instant: float) -> None:
        _INSTANT.pack_into(self._shared, place, instant)
