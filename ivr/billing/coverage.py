"""How long coverage goes on while a bill is not paid: two clocks, by the help a member gets with the premium.

Who gets none loses coverage when a bill is still unpaid on the next due date, back to the last month that is
paid. Who gets a tax credit or ConnectorCare has three more due dates, at each of which all that is billed
until then is to be paid; then coverage ends after the first of those months.

Nothing here says that anybody is covered: the carrier knows that, and not the bill.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from ivr.billing.ledger import Balance

Assistance = Literal["none", "tax_credit", "connectorcare"]
DUE_DAY: Final = 23


@dataclass(frozen=True, slots=True)
class CoverageClock:
    """A rule of the program: how many due dates after the missed one coverage goes on, and how it ends.

    `months_kept` are the unpaid months of coverage that are not taken back. `since` is the first day on which
    the rule is known to hold, `seen` the day on which `source` was last read.
    """

    assistance: Assistance
    due_dates: int
    months_kept: int
    since: date
    source: str
    seen: date


_DELINQUENCY: Final = "956 CMR 12.12(2)-(4); the program's delinquency examples for January"
_SEEN: Final = date(2026, 11, 28)
CLOCKS: Final = (
    CoverageClock("none", 1, 0, date(2026, 1, 1), _DELINQUENCY, _SEEN),
    CoverageClock("tax_credit", 3, 1, date(2026, 1, 1), _DELINQUENCY, _SEEN),
    CoverageClock("connectorcare", 3, 1, date(2026, 1, 1), _DELINQUENCY, _SEEN),
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeps the coverage of an account with a missed due date: `amount_cents`, paid by `pay_by`.

    If something is still owed then, and on every due date up to `last_day`, `ends` is its last day.
    """

    amount_cents: int
    pay_by: date
    last_day: date
    ends: date


def clock_of(assistance: str | None) -> CoverageClock:
    """Return the clock of a member; the shorter one where nobody said which help there is."""
    return next(clock for clock in CLOCKS if clock.assistance == (assistance or "none"))


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last one of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_to_pay(missed: date, assistance: str | None) -> date:
    """Return the last day on which paying all that is billed keeps the coverage, the due date `missed`."""
    return months_later(missed, clock_of(assistance).due_dates)


def keeping(balance: Balance, today: date) -> Keeping | None:
    """Return what keeps the coverage of an account that is past due; None where it is not, or is over."""
    missed = balance.past_due_date
    if missed is None:
        return None
    clock = clock_of(balance.assistance)
    last_day = last_day_to_pay(missed, balance.assistance)
    if today > last_day:
        return None
    pay_by = last_day
    while months_later(pay_by, -1) >= today and months_later(pay_by, -1) > missed:
        pay_by = months_later(pay_by, -1)
    # With help all that is billed by then is asked for, without only what was missed.
    amount_cents = balance.owed_by(pay_by) if clock.months_kept else balance.past_due_cents
    return Keeping(amount_cents, pay_by, last_day, _ends(balance, clock, missed))


def _ends(balance: Balance, clock: CoverageClock, missed: date) -> date:
    """Return the last day of coverage: of the last paid month, or of the unpaid months that are kept.

    What is due in a month is for the next one, so the month of the missed due date is the last that is paid.
    """
    paid = date.fromisoformat(f"{balance.paid_through_month}-01") if balance.paid_through_month else missed
    return months_later(paid.replace(day=1), clock.months_kept + 1) - timedelta(days=1)


def start_after(today: date) -> date:
    """Return the first day on which coverage can start if the first payment is made on `today`."""
    return months_later(today.replace(day=1), 1 if today.day <= DUE_DAY else 2)
