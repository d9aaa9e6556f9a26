"""Looking for fraud before money moves: a task for each finding, and staff who hold a payment or let it go.

Evaluated every ten minutes and before each cutoff, and safe to repeat: what was found once of a payment is
never told again. The procedure that says so (docs/fraud-procedure.md) has to be looked at once a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, RowMapping, exists, func, or_, select

from ivr.base.errors import OperatorError
from ivr.payments.find import find
from ivr.payments.fraud_rules import FRAUD_RULES, Among
from ivr.payments.holds import HELD_TASK, why_held
from ivr.payments.late import REVIEW, STAFF_HOLDS
from ivr.payments.life import IS_WAITING, move, move_all
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.audit import record_event
from ivr.storage.heartbeats import beat
from ivr.storage.tables import AuditEvent, Payment, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection

FRAUD_TASK: Final = "fraud"
PROCEDURE_TASK: Final = "fraud_procedure"
FRAUD_WATCH: Final = "fraud watch"  # the heartbeat's name
# When the procedure as it is shipped was looked at; docs/fraud-procedure.md says the same.
SHIPPED_REVIEW: Final = datetime(2026, 11, 29, tzinfo=UTC)
REVIEWED_EVERY: Final = timedelta(days=365)

_REVIEWED: Final = "fraud.reviewed"
_LOCK: Final = 7_448_150_033  # two that look at once would tell the same twice
_NEXT: Final = (
    "`ivr payments show NUMBER --evidence`, then `ivr payments hold NUMBER --reason WHY`, or close this task"
)


@dataclass(frozen=True, slots=True)
class FraudFinding:
    """What one rule found of one payment: so much was counted, more than the limit."""

    payment_id: int
    confirmation_number: str
    rule: str
    found: int
    limit: int
    reason: str


def find_fraud(db: Connection, which: ColumnElement[bool] = IS_WAITING) -> tuple[FraudFinding, ...]:
    """Return what the rules find of the payments `which`, known or not, rule by rule."""
    seen = {among: _look(db, among, which) for among in {rule.among for rule in FRAUD_RULES}}
    return tuple(
        FraudFinding(
            row["id"], row["confirmation_number"], rule.word, int(row[rule.word]), rule.limit, rule.reason
        )
        for rule in FRAUD_RULES
        for row in seen[rule.among]
        if row[rule.word] > rule.limit
    )


def _look(db: Connection, among: Among, which: ColumnElement[bool]) -> Sequence[RowMapping]:
    """Return each payment of which a rule that looks there counts too much, and what each of them counts."""
    rules = [rule for rule in FRAUD_RULES if rule.among is among]
    found = (
        among(which)
        .add_columns(*(rule.found.label(rule.word) for rule in rules))
        .having(or_(*(rule.found > rule.limit for rule in rules)))
        .subquery("found")
    )
    statement = select(Payment.confirmation_number, found).join(found, found.c.id == Payment.id)
    return db.execute(statement.order_by(Payment.id)).mappings().all()


def watch_fraud(db: Connection, now: datetime) -> tuple[FraudFinding, ...]:
    """Open a task for each finding that is new, within the caller's transaction, and return those."""
    db.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    new = tuple(each for each in find_fraud(db) if not _is_known(db, each))
    for each in new:
        open_task(
            db,
            FRAUD_TASK,
            now,
            payment_id=each.payment_id,
            rule=each.rule,
            found=each.found,
            limit=each.limit,
            reason=each.reason,
            next=_NEXT.replace("NUMBER", each.confirmation_number),
        )
    _watch_procedure(db, now)
    beat(db, FRAUD_WATCH, now)
    return new


def _is_known(db: Connection, finding: FraudFinding) -> bool:
    known = exists().where(
        StaffTask.kind == FRAUD_TASK,
        StaffTask.payment_id == finding.payment_id,
        StaffTask.details["rule"].as_string() == finding.rule,
    )
    return bool(db.scalar(select(known)))


def procedure_reviewed_at(db: Connection) -> datetime:
    """Return when the fraud procedure was last looked at (aware): as shipped, or as staff noted since."""
    noted = db.scalar(select(func.max(AuditEvent.at)).where(AuditEvent.action == _REVIEWED))
    return max(noted or SHIPPED_REVIEW, SHIPPED_REVIEW)


def _watch_procedure(db: Connection, now: datetime) -> None:
    reviewed_at = procedure_reviewed_at(db)
    if now - reviewed_at > REVIEWED_EVERY:
        open_task(
            db,
            PROCEDURE_TASK,
            now,
            reviewed_date=reviewed_at.date().isoformat(),
            next="go through docs/fraud-procedure.md, then `ivr fraud reviewed --note WHAT`",
        )


def note_review(db: Connection, *, note: str, actor: str, now: datetime) -> None:
    """Note, within the caller's transaction, that the fraud procedure was looked at, and what was changed."""
    record_event(db, _REVIEWED, "fraud-procedure", {"note": note}, actor=actor, now=now)
    close_tasks(db, (PROCEDURE_TASK,), now, StaffTask.kind == PROCEDURE_TASK, by=actor)


def hold_payment(db: Connection, *, confirmation_number: str, reason: str, actor: str, now: datetime) -> None:
    """Keep a payment from the bank until staff release or cancel it, within the caller's transaction.

    Raises `OperatorError` when staff hold it already, or when a file holds it or it is over.
    """
    payment = find(
        db,
        confirmation_number,
        Payment.id,
        Payment.state,
        Payment.hold_reason,
        Payment.receiver_name,
        lock=True,
    )
    if payment.state not in ("authorized", "held") or payment.hold_reason in STAFF_HOLDS:
        raise OperatorError(
            f"Payment {confirmation_number} is {payment.state}: only one that no file holds, and staff do"
            " not hold already, can be held."
        )
    if payment.state == "held":  # by the line, for a reason of its own, which a release judges again
        move_all(db, Payment.id == payment.id, "held", "release", hold_reason=None)
    move(db, payment.id, "authorized", "hold", hold_reason=REVIEW)
    why = why_held(REVIEW, confirmation_number, payment.receiver_name)
    close_tasks(db, (HELD_TASK,), now, StaffTask.payment_id == payment.id, by=actor)
    open_task(db, HELD_TASK, now, payment_id=payment.id, reason=REVIEW, why=why)
    close_tasks(db, (FRAUD_TASK,), now, StaffTask.payment_id == payment.id, by=actor)
    record_event(db, "payments.hold", str(payment.id), {"reason": reason}, actor=actor, now=now)
