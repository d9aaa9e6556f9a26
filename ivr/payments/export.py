"""A day's payments for the billing system: CSV with control totals and the head of the evidence chain."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select

from ivr.base.money import format_amount
from ivr.payments.evidence import newest_head
from ivr.payments.report import plain
from ivr.storage.tables import Payment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

COLUMNS: Final = (
    "record",
    "plan",
    "amount",
    "confirmation_number",
    "billing_account",
    "authorized_at",
    "trace_number",
    "effective_entry_date",
    "state",
    "return_code",
    "count",
    "evidence_head",
)
_ROWS_AT_ONCE: Final = 1000


def day_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of a day by the bank's clock, and the first of the next (aware)."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def export_day(db: Connection, day: date, zone: ZoneInfo) -> Iterator[str]:
    """Yield the CSV of a day, line by line, each with its line end.

    A `payment` line for every payment that was authorized, cancelled or returned on that day, as it stands
    now; then a `total` line for each plan and state, one over all, and an `evidence` line with the head of
    the chain, which `ivr payments verify --head` finds again.
    """
    start, end = day_of(day, zone)
    on_that_day = [
        (column >= start) & (column < end)
        for column in (Payment.authorized_at, Payment.cancelled_at, Payment.returned_at)
    ]
    rows = db.execute(
        select(
            Payment.plan,
            Payment.amount_cents,
            Payment.confirmation_number,
            Payment.billing_account,
            Payment.authorized_at,
            Payment.trace_number,
            Payment.effective_entry_date,
            Payment.state,
            Payment.return_code,
        )
        .where(or_(*on_that_day))
        .order_by(Payment.authorized_at, Payment.id)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    yield _line(dict(zip(COLUMNS, COLUMNS, strict=True)))
    totals: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        totals[row.plan, row.state] += row.amount_cents
        counts[row.plan, row.state] += 1
        facts = {name: plain(value) for name, value in row._mapping.items()}  # noqa: SLF001 (public, only named so)
        yield _line({**facts, "record": "payment", "amount": format_amount(row.amount_cents)})
    for (plan, state), amount_cents in sorted(totals.items()):
        yield _total(amount_cents, counts[plan, state], plan=plan, state=state)
    yield _total(totals.total(), counts.total())
    yield _line({"record": "evidence", "evidence_head": newest_head(db).hex()})


def _total(amount_cents: int, count: int, **of: str) -> str:
    return _line({"record": "total", **of, "amount": format_amount(amount_cents), "count": count})


def _line(values: dict[str, Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(
        "" if values.get(name) is None else values[name] for name in COLUMNS
    )
    return out.getvalue()
