"""How much of what we debited came back, against the levels at which the network asks questions.

Counted over the debits of the last 60 days, by the day on which their file left: an old debit that comes
back today says nothing about today's debits. Levels: Nacha return rate rules (0.5 % unauthorized is a limit,
3 % administrative and 15 % overall lead to an inquiry).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from ivr.ach.return_codes import RETURN_RULES
from ivr.payments.tasks import open_task
from ivr.storage.tables import AchEntry, AchFile, StaffTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

RATE_DAYS: Final = 60
RATE_TASK: Final = "return_rate"
_LIMITS_PER_MILLE: Final = {"unauthorized": 5, "administrative": 30, "overall": 150}
LIMITS_PERCENT: Final[Mapping[str, float]] = {name: limit / 10 for name, limit in _LIMITS_PER_MILLE.items()}

_SENT: Final = ("sent", "settled", "returned", "final")
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
        """The rates that reached two fifths of their limit or more."""
        return tuple(name for name in _LIMITS_PER_MILLE if self._is_near_limit(name))

    def _is_near_limit(self, name: str) -> bool:
        returned: int = getattr(self, name)
        return returned > 0 and 5 * 1000 * returned >= 2 * _LIMITS_PER_MILLE[name] * self.debits


def return_rates(db: Connection, now: datetime) -> ReturnRates:
    """Return the rates over the 60 days before `now` (aware UTC). One statement."""
    came_back = AchEntry.state == "returned"
    row: Any = db.execute(
        select(
            func.count(),
            *(func.count().filter(came_back, AchEntry.return_code.in_(codes)) for codes in _CODES.values()),
            func.count().filter(came_back),
        )
        .join_from(AchEntry, AchFile, AchFile.id == AchEntry.file_id)
        .where(
            AchFile.sent_at > now - timedelta(days=RATE_DAYS),
            AchEntry.kind.in_(("debit", "retry")),
            AchEntry.state.in_(_SENT),
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


def warn_of_rates(db: Connection, today: date, now: datetime) -> tuple[str, ...]:
    """Put rates that are on their way to a limit before staff, once a day; return those put there now.

    `today` is the bank's date. A task that was closed today does not come again today.
    """
    rates = return_rates(db, now)
    warned = []
    for name in rates.warnings:
        same = select(StaffTask.id).where(
            StaffTask.kind == RATE_TASK,
            StaffTask.details["date"].as_string() == today.isoformat(),
            StaffTask.details["rate"].as_string() == name,
        )
        if db.execute(same.limit(1)).first() is None:
            percent, limit = rates.percent(name), LIMITS_PERCENT[name]
            open_task(
                db,
                RATE_TASK,
                now,
                rate=name,
                percent=percent,
                limit_percent=limit,
                date=today.isoformat(),
            )
            warned.append(f"{name} returns are {percent} % of 60 days' debits, the limit is {limit} %")
    return tuple(warned)
