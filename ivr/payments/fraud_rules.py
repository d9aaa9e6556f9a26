"""What looks like fraud: each rule with its threshold and its reason, and how it is counted of a payment.

A rule looks at payments that no file holds yet, together with what happened before them, and finds those of
which more than its limit was counted. It decides nothing: staff do. Source: Nacha's fraud monitoring of 2026
asks originators for risk-based processes that find entries unauthorized or authorized under false pretenses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, distinct, func, select, true
from sqlalchemy.orm import aliased

from ivr.ach.return_codes import RETURN_RULES
from ivr.storage.tables import Bill, Call, Payment, VerificationCounter

_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)
_WRONG_ACCOUNT: Final = tuple(code for code, rule in RETURN_RULES.items() if rule.rate is not None)

Which = ColumnElement[bool]
Among = Callable[[Which], Select[Any]]


@dataclass(frozen=True, slots=True)
class FraudRule:
    """One rule: it finds a payment of which more than `limit` was counted.

    `among` returns, for the payments that match a condition, the statement which selects the `id` of each,
    grouped by it; `found` is what is counted in a group. Rules with one `among` are asked together.
    """

    word: str
    reason: str
    limit: int
    among: Among
    found: ColumnElement[Any]


_before = aliased(Payment)
_caller = aliased(Call)
_caller_before = aliased(Call)


def _payments_before(same: ColumnElement[bool], within: timedelta) -> Among:
    """Look at the payments that are the `same`, of the time `within` before each and of itself."""
    earlier = _before.authorized_at.between(Payment.authorized_at - within, Payment.authorized_at)

    def among(which: Which) -> Select[Any]:
        return select(Payment.id).join(_before, and_(same, earlier)).where(which).group_by(Payment.id)

    return among


def _count(what: Any, within: timedelta, *more: ColumnElement[bool]) -> ColumnElement[int]:
    """Count `what` over the payments before, those of the time `within`."""
    return func.count(what).filter(_before.authorized_at >= Payment.authorized_at - within, *more)


def _by_one_caller(which: Which) -> Select[Any]:
    """Look at what the same telephone paid in a day; a relay center is one for thousands."""
    return (
        select(Payment.id)
        .join(_caller, _caller.call_sid == Payment.call_sid)
        .join(_caller_before, _caller_before.caller_hash == _caller.caller_hash)
        .join(
            _before,
            and_(
                _before.call_sid == _caller_before.call_sid,
                _before.authorized_at.between(Payment.authorized_at - _DAY, Payment.authorized_at),
            ),
        )
        .where(which, Payment.pace != "relay")
        .group_by(Payment.id)
    )


_usual = (
    select(Bill.billing_account, func.avg(Bill.amount_cents).label("cents"))
    .group_by(Bill.billing_account)
    .subquery("usual")
)


def _with_usual_bill(which: Which) -> Select[Any]:
    """Look at what the bills of the payment's plan come to on average."""
    return (
        select(Payment.id)
        .join(_usual, _usual.c.billing_account == Payment.billing_account)
        .where(which, _usual.c.cents > 0)
        .group_by(Payment.id, _usual.c.cents)
    )


def _failures_before(which: Which) -> Select[Any]:
    """Look at failed verifications of the member in the day before; the newest five are kept."""
    failed = (
        func.unnest(VerificationCounter.recent_failures_at)
        .table_valued("at", name="failed")
        .render_derived()
        .lateral()
    )
    return (
        select(Payment.id)
        .join(VerificationCounter, VerificationCounter.counted_on == Payment.member_id)
        .join(failed, true())
        .where(which, failed.c.at.between(Payment.authorized_at - _DAY, Payment.authorized_at))
        .group_by(Payment.id)
    )


_of_member: Final = _payments_before(_before.member_id == Payment.member_id, 2 * _MONTH)
_from_account: Final = _payments_before(_before.account_fingerprint == Payment.account_fingerprint, _MONTH)

FRAUD_RULES: Final[tuple[FraudRule, ...]] = (
    FraudRule(
        "member-payments",
        "more payments of one member in 24 hours than two bills and their corrections need",
        4,
        _of_member,
        _count(_before.id, _DAY),
    ),
    FraudRule(
        "account-payments",
        "more payments from one bank account in 24 hours than a household makes",
        6,
        _from_account,
        _count(_before.id, _DAY),
    ),
    FraudRule(
        "caller-members",
        "one telephone paid for more members in 24 hours than a household has",
        3,
        _by_one_caller,
        func.count(distinct(_before.member_id)),
    ),
    FraudRule(
        "account-members",
        "one bank account pays for more members in 30 days than a household has",
        3,
        _from_account,
        _count(distinct(_before.member_id), _MONTH),
    ),
    FraudRule(
        "member-accounts",
        "one member pays from more bank accounts in 30 days than people have",
        3,
        _of_member,
        _count(distinct(_before.account_fingerprint), _MONTH),
    ),
    FraudRule(
        "unusual-amount",
        "the payment is more than so many percent of the usual bill: more than three months at once",
        300,
        _with_usual_bill,
        func.round(100 * Payment.amount_cents / _usual.c.cents),
    ),
    FraudRule(
        "failed-verifications",
        "verification of the member failed more often in the 24 hours before the payment than by mistakes",
        2,
        _failures_before,
        func.count(),
    ),
    FraudRule(
        "returned-accounts",
        "payments of the member came back from more than one account as wrong or not authorized in 60 days:"
        " accounts are being tried",
        1,
        _of_member,
        _count(
            distinct(_before.account_fingerprint),
            2 * _MONTH,
            _before.state == "returned",
            _before.return_code.in_(_WRONG_ACCOUNT),
        ),
    ),
)
