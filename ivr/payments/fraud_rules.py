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


@dataclass(frozen=True, slots=True)
class FraudRule:
    """One rule: it finds a payment of which more than `limit` was counted.

    `counting` returns, for the payments that match a condition, a statement whose columns are the payment's
    `id` and what was counted of it, `found`.
    """

    word: str
    reason: str
    limit: int
    counting: Callable[[Which], Any]

    def finding(self, which: Which) -> Select[Any]:
        """Return the statement that yields (`id`, `found`) of each payment of `which` above the limit."""
        counted = self.counting(which).subquery("counted")
        return select(counted.c.id, counted.c.found).where(counted.c.found > self.limit)


_before = aliased(Payment)
_caller = aliased(Call)
_caller_before = aliased(Call)


def _payments_before(
    same: ColumnElement[bool], what: Any, within: timedelta, *more: ColumnElement[bool]
) -> Callable[[Which], Any]:
    """Count `what` over the payments that are the `same`, of the time `within` before each and of itself."""
    earlier = _before.authorized_at.between(Payment.authorized_at - within, Payment.authorized_at)

    def counting(which: Which) -> Any:
        return (
            select(Payment.id, func.count(what).label("found"))
            .join(_before, and_(same, earlier, *more))
            .where(which)
            .group_by(Payment.id)
        )

    return counting


def _members_of_caller(which: Which) -> Any:
    """Count the members for whom the same telephone paid in a day; a relay center is one for thousands."""
    return (
        select(Payment.id, func.count(distinct(_before.member_id)).label("found"))
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


def _percent_of_usual(which: Which) -> Any:
    """Reckon a payment in percent of what the bills of its plan come to on average."""
    usual = (
        select(Bill.billing_account, func.avg(Bill.amount_cents).label("cents"))
        .group_by(Bill.billing_account)
        .subquery("usual")
    )
    return (
        select(Payment.id, func.round(100 * Payment.amount_cents / usual.c.cents).label("found"))
        .join(usual, usual.c.billing_account == Payment.billing_account)
        .where(which, usual.c.cents > 0)
    )


def _failures_before(which: Which) -> Any:
    """Count failed verifications of the member in the day before; the newest five are kept."""
    failed = (
        func.unnest(VerificationCounter.recent_failures_at)
        .table_valued("at", name="failed")
        .render_derived()
        .lateral()
    )
    return (
        select(Payment.id, func.count().label("found"))
        .join(VerificationCounter, VerificationCounter.counted_on == Payment.member_id)
        .join(failed, true())
        .where(which, failed.c.at.between(Payment.authorized_at - _DAY, Payment.authorized_at))
        .group_by(Payment.id)
    )


_SAME_MEMBER: Final = _before.member_id == Payment.member_id
_SAME_ACCOUNT: Final = _before.account_fingerprint == Payment.account_fingerprint

FRAUD_RULES: Final[tuple[FraudRule, ...]] = (
    FraudRule(
        "member-payments",
        "more payments of one member in 24 hours than two bills and their corrections need",
        4,
        _payments_before(_SAME_MEMBER, _before.id, _DAY),
    ),
    FraudRule(
        "account-payments",
        "more payments from one bank account in 24 hours than a household makes",
        6,
        _payments_before(_SAME_ACCOUNT, _before.id, _DAY),
    ),
    FraudRule(
        "caller-members",
        "one telephone paid for more members in 24 hours than a household has",
        3,
        _members_of_caller,
    ),
    FraudRule(
        "account-members",
        "one bank account pays for more members in 30 days than a household has",
        3,
        _payments_before(_SAME_ACCOUNT, distinct(_before.member_id), _MONTH),
    ),
    FraudRule(
        "member-accounts",
        "one member pays from more bank accounts in 30 days than people have",
        3,
        _payments_before(_SAME_MEMBER, distinct(_before.account_fingerprint), _MONTH),
    ),
    FraudRule(
        "unusual-amount",
        "the payment is more than so many percent of the usual bill: more than three months at once",
        300,
        _percent_of_usual,
    ),
    FraudRule(
        "failed-verifications",
        "verification of the member failed more often in the 24 hours before the payment than by mistakes",
        2,
        _failures_before,
    ),
    FraudRule(
        "returned-accounts",
        "payments of the member came back from more than one account as wrong or not authorized in 60 days:"
        " accounts are being tried",
        1,
        _payments_before(
            _SAME_MEMBER,
            distinct(_before.account_fingerprint),
            2 * _MONTH,
            _before.state == "returned",
            _before.return_code.in_(_WRONG_ACCOUNT),
        ),
    ),
)
