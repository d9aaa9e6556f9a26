"""Banking days of the Federal Reserve, cutoffs, and the day a debit takes effect.

A holiday on a Saturday is not observed; one on a Sunday closes the Monday (Federal Reserve Bank holiday
schedule). The `holidays` calendar XFED follows exactly that rule; calendars of federal offices, of
exchanges and of the bond market do not.

`closings` are dates on which the Federal Reserve is closed beyond its schedule (a day of mourning, a storm):
an operator's list, given as a value. Whoever counts for one payment must give the same list everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from holidays import financial_holidays

from ivr.base.clock import EASTERN

NO_CLOSINGS: Final[frozenset[date]] = frozenset()

SETTLEMENT_ZONE: Final = EASTERN  # the Federal Reserve's own clock
# Until a reversal has to be with the receiver's bank, from settlement on (Nacha rules on reversing entries).
REVERSAL_BANKING_DAYS: Final = 5

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


def is_banking_day(day: date, closings: Collection[date] = NO_CLOSINGS) -> bool:
    """Return whether the Federal Reserve settles on this day."""
    return day.weekday() < _SATURDAY and day not in _holidays_of(day.year) and day not in closings


def next_banking_day(day: date, closings: Collection[date] = NO_CLOSINGS) -> date:
    """Return the first banking day after `day`."""
    day += _ONE_DAY
    while not is_banking_day(day, closings):
        day += _ONE_DAY
    return day


def previous_banking_day(day: date, closings: Collection[date] = NO_CLOSINGS) -> date:
    """Return the last banking day before `day`."""
    day -= _ONE_DAY
    while not is_banking_day(day, closings):
        day -= _ONE_DAY
    return day


def add_banking_days(day: date, count: int, closings: Collection[date] = NO_CLOSINGS) -> date:
    """Return the banking day that is `count` banking days after `day`; before it when `count` is negative.

    With 0: `day` itself when it is a banking day, else the next one.
    """
    if count == 0:
        return next_banking_day(day - _ONE_DAY, closings)
    step = next_banking_day if count > 0 else previous_banking_day
    for _ in range(abs(count)):
        day = step(day, closings)
    return day


def last_reversal_date(settled_at: datetime, closings: Collection[date] = NO_CLOSINGS) -> date:
    """Return the last day on which a reversal of what settled at `settled_at` (aware) may take effect."""
    settled = settled_at.astimezone(SETTLEMENT_ZONE).date()
    return add_banking_days(settled, REVERSAL_BANKING_DAYS, closings)


@dataclass(frozen=True, slots=True)
class DebitDates:
    """When a debit leaves (`cutoff_at`, aware UTC) and when it takes effect (`effective_entry_date`)."""

    cutoff_at: datetime
    effective_entry_date: date


@dataclass(frozen=True, slots=True)
class PickUps:
    """When the mail house fetches letters: at `at` on each of `weekdays` (0 is Monday).

    Only on banking days: on holidays there is no mail, and what leaves on a Saturday is counted on a Monday.
    """

    weekdays: frozenset[int] = frozenset(range(_SATURDAY))
    at: time = time(16)


@dataclass(frozen=True, slots=True)
class CutoffRule:
    """When the bank's day ends: `cutoff_time` by the clock of `zone`, but never on a day in `closings`.

    `pick_ups` tells, by the same clock, when letters are mailed: no debit may be ahead of its letter.
    """

    cutoff_time: time
    zone: ZoneInfo
    closings: frozenset[date] = NO_CLOSINGS
    pick_ups: PickUps = PickUps()

    def next_cutoff(self, instant: datetime) -> datetime:
        """Return the first cutoff (aware UTC) strictly after `instant` (aware): what it falls under."""
        day = instant.astimezone(self.zone).date()
        cutoff = self._cutoff_on(day)
        if is_banking_day(day, self.closings) and instant < cutoff:
            return cutoff
        return self._cutoff_on(next_banking_day(day, self.closings))

    def effective_entry_date(self, cutoff: datetime) -> date:
        """Return the day the debit of a file made at `cutoff` takes effect.

        Exactly one banking day after the cutoff's own: a later one is rejected by the operator (R18).
        """
        return next_banking_day(cutoff.astimezone(self.zone).date(), self.closings)

    def mailing_date(self, instant: datetime) -> date:
        """Return the day of the next pick-up after `instant` (aware): what is ready is mailed then."""
        local = instant.astimezone(self.zone)
        day = local.date() if local.time() < self.pick_ups.at else local.date() + _ONE_DAY
        while not (day.weekday() in self.pick_ups.weekdays and is_banking_day(day, self.closings)):
            day += _ONE_DAY
        return day

    def debit_dates(
        self, now: datetime, not_before_date: date | None = None, *, by_letter: bool = False
    ) -> DebitDates:
        """Return the earliest cutoff and effective date for an authorization at `now`.

        With `not_before_date`, the date the caller was told, the earliest that does not debit before it. With
        `by_letter` the earliest that is a banking day after the letter is mailed.
        """
        earliest = not_before_date or date.min
        if by_letter:
            earliest = max(earliest, self.mailing_date(now) + _ONE_DAY)
        cutoff = self.next_cutoff(now)
        while self.effective_entry_date(cutoff) < earliest:
            cutoff = self.next_cutoff(cutoff)
        return DebitDates(cutoff, self.effective_entry_date(cutoff))

    def _cutoff_on(self, day: date) -> datetime:
        return datetime.combine(day, self.cutoff_time, self.zone).astimezone(UTC)
