"""What is owed: a sum over an append-only ledger, split into past due and current by the bills behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import Bill, BillingAccount, LedgerEntry, Payment, in_order_of_plans

if TYPE_CHECKING:
    from sqlalchemy import Connection, ScalarSelect


@dataclass(frozen=True, slots=True)
class Balance:
    """What one billing account owes.

    `balance_cents` is never negative and equals `past_due_cents` + `current_cents`; payments authorized on
    the phone are already taken off, and those not yet settled are told in `pending_cents`. What was paid
    too much is `credit_cents`. `past_due_date` and `due_date` are the oldest due dates of what is still owed
    before and from today; None where no bill says one. `as_of_at` is when the newest bill was true (aware
    UTC), None before the first bill. `bills` are due dates and amounts, the oldest first; the rest is what
    the accounts file says, None until it does.
    """

    plan: str
    billing_account: str
    balance_cents: int
    past_due_cents: int
    current_cents: int
    credit_cents: int
    pending_cents: int
    past_due_date: date | None
    due_date: date | None
    first_payment: bool
    as_of_at: datetime | None
    bills: tuple[tuple[date, int], ...] = ()
    assistance: str | None = None
    paid_through_month: str | None = None
    reinstate_by_date: date | None = None
    reinstate_cents: int | None = None

    def owed_by(self, day: date) -> int:
        """Return how much of it is owed, in cents, once everything billed for `day` and before is due."""
        return max(self.balance_cents - sum(cents for due, cents in self.bills if due > day), 0)


@dataclass(frozen=True, slots=True)
class _BillLine:
    amount_cents: int
    due_date: date
    first_payment: bool


def _sum_of(column: Any, *conditions: Any) -> ScalarSelect[int]:
    """Return a subquery for a sum in whole cents, 0 without rows."""
    total = cast(func.coalesce(func.sum(column), 0), BigInteger)
    return select(total).where(*conditions).scalar_subquery()


def _balances_statement() -> PreparedStatement:
    bills = (
        select(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_array(Bill.amount_cents, Bill.due_date, Bill.first_payment),
                    Bill.due_date,
                    Bill.coverage_month,
                )
            ).label("lines"),
            func.max(Bill.as_of_at).label("as_of_at"),
        )
        .where(Bill.billing_account == BillingAccount.billing_account)
        .lateral("bills_of_account")
    )
    total = _sum_of(LedgerEntry.amount_cents, LedgerEntry.billing_account == BillingAccount.billing_account)
    pending = _sum_of(
        Payment.amount_cents,
        Payment.billing_account == BillingAccount.billing_account,
        Payment.is_pending,
    )
    return PreparedStatement(
        select(
            BillingAccount.plan,
            BillingAccount.billing_account,
            total.label("total_cents"),
            pending.label("pending_cents"),
            bills.c.lines,
            bills.c.as_of_at,
            BillingAccount.assistance,
            BillingAccount.paid_through_month,
            BillingAccount.reinstate_by_date,
            BillingAccount.reinstate_cents,
        )
        .select_from(BillingAccount)
        .join(bills, true())
        .where(BillingAccount.member_id == bindparam("member_id"))
        .order_by(in_order_of_plans(BillingAccount.plan))
    )


_BALANCES: Final = _balances_statement()


def balances(db: Connection, member_id: str, today: date) -> tuple[Balance, ...]:
    """Return what the member owes, a balance for each billing account, in the order of the plans.

    `today` is the bank's date: a bill due before it is past due. Payments and credits cover the oldest
    bills first. Empty for a member without a billing account.
    """
    return tuple(_balance(row, today) for row in _BALANCES.rows(db, {"member_id": member_id}))


def _balance(row: Any, today: date) -> Balance:
    lines = [_BillLine(cents, date.fromisoformat(due), first) for cents, due, first in row.lines or ()]
    owed_cents = max(row.total_cents, 0)
    # Credits cover the oldest bills first, so what is owed are the newest bills; anything owed beyond all
    # bills (a debt put back by the bank) is older than they are, hence past due.
    current_cents = min(owed_cents, sum(line.amount_cents for line in lines if line.due_date >= today))
    unpaid = list(_unpaid(lines, owed_cents))
    return Balance(
        plan=row.plan,
        billing_account=row.billing_account,
        balance_cents=owed_cents,
        past_due_cents=owed_cents - current_cents,
        current_cents=current_cents,
        credit_cents=max(-row.total_cents, 0),
        pending_cents=row.pending_cents,
        past_due_date=min((line.due_date for line in unpaid if line.due_date < today), default=None),
        due_date=min((line.due_date for line in unpaid if line.due_date >= today), default=None),
        first_payment=any(line.first_payment for line in unpaid),
        as_of_at=row.as_of_at,
        bills=tuple((line.due_date, line.amount_cents) for line in lines),
        assistance=row.assistance,
        paid_through_month=row.paid_through_month,
        reinstate_by_date=row.reinstate_by_date,
        reinstate_cents=row.reinstate_cents,
    )


def _unpaid(oldest_first: list[_BillLine], owed_cents: int) -> Iterable[_BillLine]:
    """Return the bills not fully covered: from the newest back, until they make up what is owed."""
    for line in reversed(oldest_first):
        if owed_cents <= 0:
            return
        if line.amount_cents > 0:
            yield line
            owed_cents -= line.amount_cents
