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
from ivr.payments.movements import movements_between
from ivr.payments.report import plain
from ivr.storage.engine import ROWS_AT_ONCE
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


def day_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of a day by the bank's clock, and the first of the next (aware)."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def export_day(db: Connection, day: date, zone: ZoneInfo) -> Iterator[str]:
    """Yield the CSV of a day, line by line, each with its line end.

    A `payment` line for every payment that was authorized, cancelled or returned on that day, as it stands
    now; then a `total` line for each plan and state, and one over all. Then what moved on that day, by its
    kind (`debit`, `retry`, `return`, `refund`, `reversal`, `credit_return`, `rejection`, `withdrawal`: see
    `ivr.payments.movements`), in the state in which its entry is now, and a `movement_total` line for each
    plan and kind, which stands in the column `state`. Last an `evidence` line with the head of the chain,
    which `ivr payments verify --head` finds again.
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
        .execution_options(yield_per=ROWS_AT_ONCE)
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
    yield from _moved(db, start, end)
    yield _line({"record": "evidence", "evidence_head": newest_head(db).hex()})


def _moved(db: Connection, start: datetime, end: datetime) -> Iterator[str]:
    """Yield a line for each movement, then the totals of each plan and kind."""
    totals: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for moved, payment in movements_between(db, start, end):
        totals[payment.plan, moved.kind] += moved.amount_cents
        counts[payment.plan, moved.kind] += 1
        facts = {
            "plan": payment.plan,
            "confirmation_number": payment.confirmation_number,
            "billing_account": payment.billing_account,
            "authorized_at": payment.authorized_at,
            "trace_number": moved.trace_number,
            "effective_entry_date": moved.effective_entry_date,
            "state": moved.state,
            "return_code": moved.return_code,
        }
        written = {name: plain(value) for name, value in facts.items()}
        yield _line({**written, "record": moved.kind, "amount": format_amount(moved.amount_cents)})
    for (plan, kind), amount_cents in sorted(totals.items()):
        yield _total(amount_cents, counts[plan, kind], "movement_total", plan=plan, state=kind)


def _total(amount_cents: int, count: int, record: str = "total", **of: str) -> str:
    return _line({"record": record, **of, "amount": format_amount(amount_cents), "count": count})


def _line(values: dict[str, Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(
        "" if values.get(name) is None else values[name] for name in COLUMNS
    )
    return out.getvalue()
