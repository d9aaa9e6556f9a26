"""Promises of a date that could not be kept: such a payment waits for staff, and leaves after new words only.

A caller hears until when a payment can be cancelled and from which day on it is debited, and has it in
writing. When the cutoff that was to take it came so late that its debit would take effect on a later day, or
when the notice went out after the cutoff that it names, the payment is held. Staff release it to the next
cutoff, with a notice that names the new dates, or cancel it. A cutoff that is late by less changes no date,
and is none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, false, func, insert, or_, select, update

from ivr.ach.banking_days import CutoffRule, DebitDates
from ivr.base.errors import OperatorError
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.cutoffs import last_finished
from ivr.payments.find import find
from ivr.payments.guests import GUEST_LEAD, IS_GUESTS
from ivr.payments.holds import HELD_TASK
from ivr.payments.life import IS_WAITING, move
from ivr.payments.tasks import close_tasks
from ivr.storage.audit import record_event
from ivr.storage.tables import Notice, Payment, StaffTask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection


NOT_MAILED: Final = "not_mailed"
MISSED_CUTOFF: Final = "missed_cutoff"
NOTICE_LATE: Final = "notice_late"
REVIEW: Final = "review"  # by staff, who look at it
STAFF_HOLDS: Final = (MISSED_CUTOFF, NOTICE_LATE, REVIEW)
_INSTEAD: Final = {
    "notice": "It leaves by itself once its notice is sent: see `ivr notices show`.",
    NOT_MAILED: "It leaves by itself once its letter is mailed: see `ivr notices mailed`.",
    "date": "It leaves by itself when its day has come.",
    "blocked": "Its account takes no debits: see `ivr ach unblock`.",
}

# The cutoff that is to take a payment: the one that was spoken, until it was moved to a later one.
LEAVES_AT: Final[ColumnElement[datetime]] = func.coalesce(Payment.moved_to_cutoff_at, Payment.cutoff_at)


@dataclass(frozen=True, slots=True)
class Released:
    """A payment that leaves with the next cutoff; `is_told_anew` where a new notice has to go out first."""

    payment_id: int
    confirmation_number: str
    cutoff_at: datetime
    effective_entry_date: date
    is_told_anew: bool


def renew_dates(
    db: Connection, rule: CutoffRule, payment_id: int, now: datetime, *, by_letter: bool = False
) -> bool:
    """Move a payment that its cutoff left behind to the next one, within the caller's transaction.

    So a notice that goes out late names dates that are still to come; with `by_letter` dates after the day it
    is mailed, also where the cutoff is still ahead. False, with nothing changed, when its cutoff has come and
    has not been run yet or when it waits for staff: then nobody knows its dates.
    """
    last = last_finished(db)
    is_done = false() if last is None else (Payment.state == "authorized") & (last >= LEAVES_AT)
    is_ahead = (Payment.state == "authorized") & (now < LEAVES_AT) if by_letter else false()
    left_behind = or_(Payment.hold_reason.not_in(STAFF_HOLDS), is_done, is_ahead)
    payment = db.execute(
        select(Payment.not_before_date)
        .where(Payment.id == payment_id, IS_WAITING, left_behind)
        .with_for_update()
    ).one_or_none()
    if payment is None:
        return False
    dates = _next_dates(db, rule, payment.not_before_date, now, by_letter=by_letter)
    db.execute(update(Payment).where(Payment.id == payment_id).values(**_moved(dates)))
    return True


def waiting_for_staff(db: Connection) -> Sequence[str]:
    """Return the confirmation numbers of the payments that only staff let go, oldest first.

    What staff hold to look at it is let go one by one, and is not among them.
    """
    waiting = select(Payment.confirmation_number).where(
        Payment.state == "held", Payment.hold_reason.in_(STAFF_HOLDS), Payment.hold_reason != REVIEW
    )
    return db.scalars(waiting.order_by(Payment.id)).all()


def release_late(
    db: Connection, rule: CutoffRule, *, confirmation_number: str, actor: str, now: datetime
) -> Released:
    """Let a payment that waits for staff go with the next cutoff, within the caller's transaction.

    If its notice was sent, that one is kept as it was, and another with the new dates must be sent first.
    What staff held to look at it, and release before its cutoff, keeps its dates and its notice.
    Raises `OperatorError` that says what can be done instead when it does not wait for staff.
    """
    columns = (
        Payment.id,
        Payment.state,
        Payment.hold_reason,
        Payment.not_before_date,
        Payment.effective_entry_date,
        LEAVES_AT.label("leaves_at"),
        IS_GUESTS.label("is_guests"),
    )
    payment = find(db, confirmation_number, *columns, lock=True)
    if payment.state != "held" or payment.hold_reason not in STAFF_HOLDS:
        instead = _INSTEAD.get(payment.hold_reason or "", "")
        state = f"{payment.state}{f' ({payment.hold_reason})' if payment.hold_reason else ''}"
        raise OperatorError(
            f"Payment {confirmation_number} is {state}: it does not wait for a release. {instead}".rstrip()
        )
    if payment.hold_reason == REVIEW and payment.leaves_at > max(now, last_finished(db) or now):
        dates, told_anew = DebitDates(payment.leaves_at, payment.effective_entry_date), False
        move(db, payment.id, "held", "release", hold_reason=None)
    else:
        holds_now = select(Notice.channel).join(Payment, CURRENT_NOTICE).where(Payment.id == payment.id)
        by_letter = db.scalar(holds_now) == "letter"
        after = now + GUEST_LEAD if payment.is_guests else now
        dates = _next_dates(db, rule, payment.not_before_date, after, by_letter=by_letter)
        move(db, payment.id, "held", "release", hold_reason=None, **_moved(dates))
        told_anew = _replace_notice(db, payment.id, now)
    close_tasks(db, (HELD_TASK,), now, StaffTask.payment_id == payment.id, by=actor)
    details = {"reason": payment.hold_reason, "cutoff_at": dates.cutoff_at.isoformat()}
    record_event(db, "payments.release", str(payment.id), details, actor=actor, now=now)
    return Released(payment.id, confirmation_number, dates.cutoff_at, dates.effective_entry_date, told_anew)


def is_late_notice() -> ColumnElement[bool]:
    """Return whether a payment's notice went out when the cutoff that it names had come."""
    return and_(Notice.state == "sent", Notice.sent_at >= LEAVES_AT)


def is_not_mailed() -> ColumnElement[bool]:
    """Return whether a payment's notice is a letter that lies in the outbox."""
    return and_(Notice.state == "sent", Notice.channel == "letter", Notice.mailed_date.is_(None))


def _next_dates(
    db: Connection, rule: CutoffRule, not_before: date, now: datetime, *, by_letter: bool
) -> DebitDates:
    """Return the first cutoff that is neither past nor done, and the day its debits take effect."""
    after = max(now, last_finished(db) or now)
    return rule.debit_dates(after, not_before, by_letter=by_letter)


def _moved(dates: DebitDates) -> dict[str, Any]:
    return {"moved_to_cutoff_at": dates.cutoff_at, "effective_entry_date": dates.effective_entry_date}


def _replace_notice(db: Connection, payment_id: int, now: datetime) -> bool:
    """Promise another notice in place of the one that was sent; False where none was sent."""
    kept = ("payment_id", "about", "about_id", "kind", "channel", "language")
    replaced = db.execute(
        update(Notice)
        .where(CURRENT_NOTICE, Payment.id == payment_id, Notice.state == "sent")
        .values(state="replaced")
        .returning(*(getattr(Notice, name) for name in kept))
    ).one_or_none()
    if replaced is None:
        return False
    db.execute(insert(Notice).values(**replaced._asdict(), state="pending", created_at=now))
    return True
