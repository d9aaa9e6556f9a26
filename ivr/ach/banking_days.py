"""Banking days of the Federal Reserve, cutoffs, and the day a debit takes effect.

A holiday on a Saturday is not observed; one on a Sunday closes the Monday (Federal Reserve Bank holiday
schedule). The `holidays` calendar XFED follows exactly that rule; calendars of federal offices, of
exchanges and of the bond market do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from holidays import financial_holidays

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=32)
def _holidays_of(year: int) -> frozenset[date]:
    """Return the Federal Reserve's holidays of one year."""
    return frozenset(financial_holidays("XFED", years=year))


def load_calendar(today: date) -> None:
    """Load the calendar of this year and the next, so that no caller waits the quarter second it takes."""
    for year in (today.year, today.year + 1):
        _holidays_of(year)


def is_banking_day(day: date) -> bool:
    """Tell whether the Federal Reserve settles on this day."""
    return day.weekday() < _SATURDAY and day not in _holidays_of(day.year)


def next_banking_day(day: date) -> date:
    """Return the first banking day after `day`."""
    day += _ONE_DAY
    while not is_banking_day(day):
        day += _ONE_DAY
    return day


def cutoff_at(now: datetime, cutoff_time: time, zone: ZoneInfo) -> datetime:
    """Return the cutoff (aware UTC) that an authorization at `now` falls under.

    It is the first banking day's `cutoff_time`, by the bank's clock, strictly after `now` (aware).
    """
    day = now.astimezone(zone).date()
    cutoff = datetime.combine(day, cutoff_time, zone).astimezone(UTC)
    if is_banking_day(day) and now < cutoff:
        return cutoff
    return datetime.combine(next_banking_day(day), cutoff_time, zone).astimezone(UTC)


def effective_entry_date(cutoff: datetime, zone: ZoneInfo) -> date:
    """Return the day the debit of a file made at `cutoff` takes effect.

    Exactly one banking day after the cutoff's own: a later one is rejected by the operator (R18).
    """
    return next_banking_day(cutoff.astimezone(zone).date())


@dataclass(frozen=True, slots=True)
class DebitDates:
    """When a debit leaves (`cutoff_at`, aware UTC) and when it takes effect (`effective_entry_date`)."""

    cutoff_at: datetime
    effective_entry_date: date


def debit_dates(
    now: datetime, cutoff_time: time, zone: ZoneInfo, not_before_date: date | None = None
) -> DebitDates:
    """Return the earliest cutoff and effective date for an authorization at `now`.

    With `not_before_date`, the date the caller was told, the earliest that does not debit before it.
    """
    cutoff = cutoff_at(now, cutoff_time, zone)
    effective = effective_entry_date(cutoff, zone)
    while not_before_date is not None and effective < not_before_date:
        cutoff = cutoff_at(cutoff, cutoff_time, zone)
        effective = effective_entry_date(cutoff, zone)
    return DebitDates(cutoff, effective)
