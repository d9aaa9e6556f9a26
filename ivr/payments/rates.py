"""How much of what we debited came back, against the levels at which the network asks questions.

Counted over the debits of the last 60 days, by the day on which their file left: an old debit that comes
back today says nothing about today's debits. Levels: Nacha return rate rules (0.5 % unauthorized is a limit,
3 % administrative and 15 % overall lead to an inquiry).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import any_, func, select, update

from ivr.ach.return_codes import RETURN_RULES
from ivr.payments.life import DEBIT_KINDS
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.tables import AchEntry, AchFile, StaffTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

RATE_DAYS: Final = 60
RATE_TASK: Final = "return_rate"
_LIMITS_PER_MILLE: Final = {"unauthorized": 5, "administrative": 30, "overall": 150}
LIMITS_PERCENT: Final[Mapping[str, float]] = {name: limit / 10 for name, limit in _LIMITS_PER_MILLE.items()}
# Below these a rate is one member's mistake, not the line's: one of 99 debits is twice the strictest limit.
# Nothing is missed by it: a return that staff must see has a task of its own, and the rates are always
# shown with their counts.
SMALLEST_DEBITS: Final = 100
SMALLEST_RETURNS: Final = 2

SENT: Final = ("sent", "settled", "returned", "final")
_CODES: Final = {
    name: tuple(code for code, rule in RETURN_RULES.items() if rule.rate == name)
    for name in ("unauthorized", "administrative")
}


@dataclass(frozen=True, slots=True)
class ReturnRates:
    """The debits of 60 days, and how many of them came back: each count is part of `debits`."""

    debits: int
    unauthorized: int
    administrative: int
    overall: int

    def percent(self, name: str) -> float:
        """Return one of the rates in percent, two places; 0 where nothing was debited."""
        returned: int = getattr(self, name)
        return round(100 * returned / self.debits, 2) if self.debits else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """The rates that reached two fifths of their limit or more, of debits enough to speak of a rate."""
        return tuple(name for name in _LIMITS_PER_MILLE if self._reaches(name, fifths=2))

    def is_over(self, name: str) -> bool:
        """Return whether a rate is at its limit or beyond it, of debits enough to speak of a rate."""
        return self._reaches(name, fifths=5)

    def _reaches(self, name: str, *, fifths: int) -> bool:
        returned: int = getattr(self, name)
        enough = self.debits >= SMALLEST_DEBITS and returned >= SMALLEST_RETURNS
        return enough and 5 * 1000 * returned >= fifths * _LIMITS_PER_MILLE[name] * self.debits


def return_rates(db: Connection, now: datetime) -> ReturnRates:
    """Return the rates over the 60 days before `now` (aware UTC). One statement."""
    # As an array they are looked up by the index; joined, they had every entry read.
    files = select(AchFile.id).where(AchFile.sent_at > now - timedelta(days=RATE_DAYS))
    returned_ones = AchEntry.state == "returned"
    row: Any = db.execute(
        select(
            func.count(),
            *(
                func.count().filter(returned_ones, AchEntry.return_code.in_(codes))
                for codes in _CODES.values()
            ),
            func.count().filter(returned_ones),
        ).where(
            AchEntry.file_id == any_(func.array(files.scalar_subquery())),
            AchEntry.kind.in_(DEBIT_KINDS),
            AchEntry.state.in_(SENT),
        )
    ).one()
    return ReturnRates(*row)


def rates_json(rates: ReturnRates) -> dict[str, Any]:
    """Return the rates in percent, and what they were reckoned from, ready for `json.dumps`."""
    return {
        "rates": {name: rates.percent(name) for name in LIMITS_PERCENT},
        "rate_limits": dict(LIMITS_PERCENT),
        "rate_warnings": list(rates.warnings),
        "rate_counts": {
            "debits": rates.debits,
            **{name: getattr(rates, name) for name in LIMITS_PERCENT},
        },
    }


def warn_of_rates(db: Connection, today: date, now: datetime) -> tuple[dict[str, Any], ...]:
    """Keep one open task for each rate that is on its way to a limit; return what is new: rate and counts.

    `today` is the bank's date. An open task follows the rate and is closed when the rate is low again. One
    that staff closed comes again another day, and only if more has come back since.
    """
    rates = return_rates(db, now)
    return tuple(said for name in LIMITS_PERCENT for said in _follow(db, rates, name, today, now))


def _follow(
    db: Connection, rates: ReturnRates, name: str, today: date, now: datetime
) -> tuple[dict[str, Any], ...]:
    of_rate = (StaffTask.kind == RATE_TASK) & (StaffTask.details["rate"].as_string() == name)
    if name not in rates.warnings:
        close_tasks(db, (RATE_TASK,), now, of_rate)
        return ()
    returned: int = getattr(rates, name)
    warning: dict[str, Any] = {
        "rate": name,
        "percent": rates.percent(name),
        "limit_percent": LIMITS_PERCENT[name],
        "returned": returned,
        "debits": rates.debits,
    }
    details = {**warning, "date": today.isoformat()}
    newest = db.execute(
        select(StaffTask.id, StaffTask.closed_at, StaffTask.details)
        .where(of_rate)
        .order_by(StaffTask.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.closed_at is None:
        close_tasks(db, (RATE_TASK,), now, of_rate & (StaffTask.id != newest.id))  # there were several once
        db.execute(update(StaffTask).where(StaffTask.id == newest.id).values(details=details))
        return ()
    if newest is not None and _is_known(newest.details, returned, today):
        return ()
    open_task(db, RATE_TASK, now, **details)
    return (warning,)


def _is_known(closed: Mapping[str, Any], returned: int, today: date) -> bool:
    """Return whether a closed task spoke of today, or of as many returns within the same 60 days."""
    days = (today - date.fromisoformat(closed["date"])).days
    return days == 0 or (days < RATE_DAYS and returned <= closed.get("returned", 0))
