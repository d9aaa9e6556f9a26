"""How a duty is counted: to how many payments it applied, how many met it, and which did not.

A check selects payments with what shows whether the duty was met, either as one truth a row or as values that
`judge` decides on; it is asked once for each combination of values there is, however many payments have it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, bindparam, func, select, true, tuple_

from ivr.storage.tables import Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAYMENT: Final = "payment_id"
MET: Final = "met"
NUMBERS_OF_A_DUTY: Final = 10_000  # nobody reads more, and a line that far off is mended as a whole

# The period, by the instant of the authorization, and what the audit reads besides.
IN_PERIOD: Final = (Payment.authorized_at >= bindparam("start")) & (Payment.authorized_at < bindparam("end"))


@dataclass(frozen=True, slots=True)
class Scope:
    """What the counts are of: payments authorized from `start` until before `end`, as of `now` (aware).

    `altered` returns the confirmation numbers whose evidence is not what was sealed, once that is known.
    """

    start: datetime
    end: datetime
    now: datetime
    closings: frozenset[date]
    altered: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many a duty applied to and how many met it; `not_met` names the others, in order."""

    applied: int
    met: int
    not_met: tuple[str, ...]


Judge = Callable[[Scope, Any], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """`rows` has a column `payment_id`, and `met` or, with a `judge`, the values that it judges as a row."""

    rows: Select[Any]
    judge: Judge | None = None


def count(db: Connection, check: Check, scope: Scope) -> Counted:
    """Count a duty. A payment with several rows meets it when each does. Two or three statements."""
    rows = check.rows.subquery("rows")
    values = _parameters(check.rows, scope)
    met = rows.c[MET] if check.judge is None else _judged(db, rows, check.judge, scope, values)
    payments = (
        select(rows.c[PAYMENT], func.bool_and(func.coalesce(met, False)).label(MET))
        .group_by(rows.c[PAYMENT])
        .subquery("payments_counted")
    )
    applied, kept = db.execute(
        select(func.count(), func.count().filter(payments.c[MET])).select_from(payments), values
    ).one()
    if applied == kept:
        return Counted(applied, kept, ())
    numbers = (
        select(Payment.confirmation_number)
        .join(payments, payments.c[PAYMENT] == Payment.id)
        .where(~payments.c[MET])
        .order_by(Payment.authorized_at, Payment.id)
        .limit(NUMBERS_OF_A_DUTY)
    )
    return Counted(applied, kept, tuple(db.scalars(numbers, values)))


def _judged(db: Connection, rows: Any, judge: Judge, scope: Scope, values: dict[str, Any]) -> Any:
    """Return the condition that a row has none of the values that do not pass."""
    columns = [column for column in rows.c if column.key != PAYMENT]
    found = db.execute(select(*columns).distinct(), values).all()
    failed = [tuple(each) for each in found if not judge(scope, each)]
    return tuple_(*columns).not_in(failed) if failed else true()


def _parameters(rows: Select[Any], scope: Scope) -> dict[str, Any]:
    given = {"start": scope.start, "end": scope.end, "now": scope.now}
    wanted = rows.compile().params
    values: dict[str, Any] = {name: value for name, value in given.items() if name in wanted}
    return values | {"altered": scope.altered()} if "altered" in wanted else values
