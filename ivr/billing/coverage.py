"""How long coverage goes on while a bill is not paid: two clocks, by the help a member gets with the premium.

Who gets none loses coverage when a bill is still unpaid on the next due date, back to the last month that is
paid. Who gets a tax credit or ConnectorCare has three months from the first missed due date, at each of
which all that is billed until then is due; then coverage ends after the first of those months.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Assistance = Literal["none", "tax_credit", "connectorcare"]


@dataclass(frozen=True, slots=True)
class CoverageClock:
    """A rule of the program: how many due dates after the missed one coverage goes on, and how it ends.

    `last_month` counts the months of coverage that are kept, from the last paid one: 0 is that one, 1 the
    first unpaid one. `since` is the first day on which the rule is known to hold, `seen` the day on which
    `source` was last read.
    """

    assistance: Assistance
    due_dates: int
    last_month: int
    since: date
    source: str
    seen: date


_DELINQUENCY: Final = "956 CMR 12.12(2)-(4); MassHealth Training Forum, delinquency examples for January"
_SEEN: Final = date(2026, 11, 28)
CLOCKS: Final = (
    CoverageClock("none", 1, 0, date(2026, 1, 1), _DELINQUENCY, _SEEN),
    CoverageClock("tax_credit", 3, 1, date(2026, 1, 1), _DELINQUENCY, _SEEN),
    CoverageClock("connectorcare", 3, 1, date(2026, 1, 1), _DELINQUENCY, _SEEN),
)


def clock_of(assistance: Assistance | None) -> CoverageClock:
    """Return the clock of a member; the shorter one where nobody said which help there is."""
    return next(clock for clock in CLOCKS if clock.assistance == (assistance or "none"))


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month; `day` is a due date, and every month has its 23rd."""
    number = day.year * 12 + day.month - 1 + months
    return day.replace(year=number // 12, month=number % 12 + 1)


def last_day_to_pay(missed: date, assistance: Assistance | None) -> date:
    """Return the last day on which paying all that is billed keeps the coverage, the due date `missed`."""
    return months_later(missed, clock_of(assistance).due_dates)
