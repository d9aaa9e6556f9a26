"""Time as a value: nobody below the composition roots asks the machine what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

EASTERN: Final = ZoneInfo("America/New_York")  # the Federal Reserve's clock, and every member's


class Clock(Protocol):
    """Tells the instant."""

    def now(self) -> datetime:
        """Return the instant as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the instant as an aware UTC datetime."""
        return datetime.now(UTC)


class ShiftedClock:
    """A clock that starts at a given instant and runs (`IVR_NOW`, demo only)."""

    def __init__(self, starts_at: datetime, real: Clock | None = None) -> None:
        self._real = real or SystemClock()
        self._shift = starts_at.astimezone(UTC) - self._real.now()

    def now(self) -> datetime:
        """Return the shifted instant as an aware UTC datetime."""
        return self._real.now() + self._shift


class ManualClock:
    """A clock that moves when told: replay, the virtual phone, tests."""

    def __init__(self, starts_at: datetime) -> None:
        self._now = starts_at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant this clock stands at, aware UTC."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to an instant (aware)."""
        self._now = instant.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self._now += timedelta(seconds=seconds)


def hours_after(local: datetime, hours: float) -> datetime:
    """Return the instant so many real hours after `local`, in its zone; the clock may change between them."""
    return (local.astimezone(UTC) + timedelta(hours=hours)).astimezone(local.tzinfo)
