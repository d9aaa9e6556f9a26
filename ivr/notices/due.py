"""Which notices wait to be sent, and what staff must know of them before the cutoff."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from ivr.notices.channels import FAILED_TASK, LATE_TASK, TASKS
from ivr.notices.report import unknown_notice
from ivr.notices.send import send_notice
from ivr.payments.authorization_notices import CURRENT_NOTICE, EVERY_NOTICE
from ivr.payments.late import LEAVES_AT, is_not_mailed
from ivr.payments.later_notices import OF_PAYMENT
from ivr.payments.life import IS_WAITING
from ivr.payments.tasks import close_tasks, open_task
from ivr.storage.tables import Notice, NoticeAttempt, Payment, StaffTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from ivr.base.clock import Clock
    from ivr.notices.send import SendResult
    from ivr.notices.sender import NoticeSender

WARN_BEFORE: Final = timedelta(hours=2)
_AUTHORIZED: Final = Notice.kind == "authorized"
_CANCELLED: Final = Payment.state == "cancelled"
_log = structlog.get_logger()


def due_notices(db: Connection) -> list[int]:
    """Return the notices that no carrier has, or that nobody got.

    Those that a payment waits for come first, the nearest cutoff before the others.
    """

    def attempt(*states: str) -> ColumnElement[bool]:
        return exists().where(NoticeAttempt.notice_id == Notice.id, NoticeAttempt.state.in_(states))

    told_staff = exists().where(StaffTask.kind == FAILED_TASK, StaffTask.notice_id == Notice.id)
    nobody_got_it = and_(
        Notice.id.in_(select(NoticeAttempt.notice_id).where(NoticeAttempt.state == "undelivered")),
        Notice.state == "sent",
        ~attempt("accepted", "delivered"),
        ~told_staff,
    )
    return list(
        db.scalars(
            select(Notice.id)
            .join_from(Notice, Payment, Payment.id == Notice.payment_id)
            .where(or_(Notice.state == "pending", nobody_got_it), or_(~_AUTHORIZED, ~_CANCELLED))
            .order_by(~_AUTHORIZED, LEAVES_AT, Notice.id)
        )
    )


def find_notices(db: Connection, confirmation_number: str) -> Sequence[int]:
    """Return the notices of a payment that hold, its authorization's first.

    Raises `NotFoundError` for an unknown number.
    """
    of_payment = select(Notice.id).join(Payment, OF_PAYMENT).order_by(Notice.id)
    found = db.scalars(of_payment.where(Payment.confirmation_number == confirmation_number)).all()
    if not found:
        raise unknown_notice(confirmation_number)
    return found


def send_due(
    engine: Engine,
    sender: NoticeSender,
    clock: Clock,
    *,
    at_most: timedelta | None = None,
    told: Callable[[int, int], None] | None = None,
) -> dict[int, SendResult]:
    """Send what is due, each on its own, for `at_most` so long; return what became of each.

    `told` is called with how many are done and how many there are. One that cannot even be written is told
    to the log and holds up no other.
    """
    until = None if at_most is None else clock.now() + at_most
    with engine.connect() as db:
        due = due_notices(db)
    results: dict[int, SendResult] = {}
    for notice_id in due:
        if until is not None and clock.now() >= until:
            break
        try:
            results[notice_id] = send_notice(engine, sender, clock, notice_id)
        # The database is gone, or does not let us: it is the same for all of them.
        except (OperationalError, ProgrammingError):
            raise
        except Exception:  # noqa: BLE001 (one that is broken must not hold up the others)
            _log.exception("notice_not_sent", notice_id=notice_id)
            results[notice_id] = "later"
        if told is not None:
            told(len(results), len(due))
    return results


def warn_of_late(db: Connection, now: datetime) -> int:
    """Put before staff each notice that no carrier or mail has shortly before the cutoff; return how many.

    Tasks about payments that were cancelled meanwhile are closed.
    """
    late = db.execute(
        select(Notice.id, Notice.payment_id)
        .join_from(Notice, Payment, CURRENT_NOTICE)
        .where(
            or_(Notice.state == "pending", is_not_mailed()),
            IS_WAITING,
            now >= LEAVES_AT - WARN_BEFORE,
        )
        .order_by(Notice.payment_id)
    ).all()
    for notice_id, payment_id in late:
        open_task(db, LATE_TASK, now, payment_id=payment_id, notice_id=notice_id)
    overtaken = select(Notice.id).join(Payment, EVERY_NOTICE).where(_CANCELLED)
    close_tasks(db, TASKS, now, StaffTask.notice_id.in_(overtaken))
    return len(late)
