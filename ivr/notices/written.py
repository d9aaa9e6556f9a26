"""What a notice is about, read at once under its lock, and the text that comes of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from ivr.ach.return_codes import return_rule
from ivr.base.words import last4
from ivr.billing.ledger import Balance, balances
from ivr.notices.texts import LaterFacts, NoticeFacts, NoticeText
from ivr.payments.guests import IS_GUESTS
from ivr.payments.late import LEAVES_AT
from ivr.payments.names import CURRENT_NAME
from ivr.payments.retries import will_be_tried_again
from ivr.storage.tables import AchEntry, Authorization, Member, Notice, Payment

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from ivr.ach.banking_days import CutoffRule
    from ivr.notices.sender import NoticeSender

_earlier = aliased(Notice)
NOTICE_ROW: Final[Any] = (
    select(
        Notice.id,
        Notice.payment_id,
        Notice.kind,
        Notice.channel,
        Notice.language,
        Notice.state,
        Notice.created_at,
        Payment.state.label("payment_state"),
        Payment.confirmation_number,
        Payment.cancellation_number,
        Payment.cancelled_at,
        Payment.amount_cents,
        Payment.plan,
        Payment.billing_account,
        Payment.account_type,
        Payment.account_last4,
        Payment.not_before_date,
        Payment.effective_entry_date,
        CURRENT_NAME.label("receiver_name"),
        Payment.payer,
        IS_GUESTS.label("is_guests"),
        Payment.member_id,
        Payment.authorized_at,
        LEAVES_AT.label("leaves_at"),
        Payment.moved_to_cutoff_at.is_not(None).label("is_moved"),
        select(func.count())
        .where(_earlier.payment_id == Notice.payment_id, _earlier.id < Notice.id)
        .scalar_subquery()
        .label("earlier"),
        AchEntry.state.label("entry_state"),
        AchEntry.amount_cents.label("entry_cents"),
        AchEntry.effective_entry_date.label("entry_date"),
        AchEntry.return_code,
        AchEntry.returned_at,
        AchEntry.reason,
        Authorization.text,
        Authorization.how,
        Authorization.spoken_by,
        Authorization.words_heard,
        Member.first_name,
        Member.last_name,
        Member.phone,
        Member.sms_ok,
        Member.email,
        Member.email_ok,
        Member.address,
        Member.city,
        Member.state.label("address_state"),
        Member.postal_code,
    )
    .join_from(Notice, Payment, Payment.id == Notice.payment_id)
    .join(Authorization, Authorization.id == Payment.authorization_id)
    .outerjoin(Member, Member.member_id == Authorization.payer_member_id)  # a guest is none
    .outerjoin(AchEntry, and_(Notice.about == "entry", AchEntry.id == Notice.about_id))
    .with_for_update(of=Notice.__table__)
)


def is_overtaken(row: Row[Any]) -> bool:
    """Return whether what a notice would tell is not true any more.

    A cancelled payment's authorization is not confirmed; what no file took is not given back.
    """
    if row.kind == "authorized":
        return bool(row.payment_state == "cancelled")
    return bool(row.entry_state == "withdrawn")


def write_notice(db: Connection, sender: NoticeSender, row: Row[Any], now: datetime) -> NoticeText:
    """Write a notice in its language; `now` (aware) is what its dates are counted from."""
    if row.kind == "authorized":
        return sender.texts.write(_authorized(sender, row), row.language)
    return sender.texts.write_later(_later(db, sender, row, now), row.language)


def _authorized(sender: NoticeSender, row: Row[Any]) -> NoticeFacts:
    return NoticeFacts(
        confirmation_number=row.confirmation_number,
        amount_cents=row.amount_cents,
        plan=row.plan,
        account_type=row.account_type,
        account_last4=row.account_last4,
        debit_date=max(row.not_before_date, row.effective_entry_date),
        receiver_name=row.receiver_name or "",
        is_guests=row.is_guests,
        member_last4=last4(row.member_id),
        authorized_at=row.authorized_at,
        cutoff_at=row.leaves_at,
        is_moved=row.is_moved,
        terms=row.text,
        how=row.how,
        spoken_by=row.spoken_by,
        words_heard=row.words_heard,
        support_phone=sender.support_phone,
        support_hours=sender.opening.hours_of(row.authorized_at.astimezone(sender.cutoff.zone).date()),
        zone=sender.cutoff.zone,
    )


def _later(db: Connection, sender: NoticeSender, row: Row[Any], now: datetime) -> LaterFacts:
    today = now.astimezone(sender.cutoff.zone).date()
    owed = None if row.is_guests else _owed(db, row, today)  # what a member owes later is no guest's business
    due_date = None if owed is None else owed.due_date
    return LaterFacts(
        kind=row.kind,
        confirmation_number=row.confirmation_number,
        amount_cents=row.entry_cents or row.amount_cents,
        plan=row.plan,
        account_type=row.account_type,
        account_last4=row.account_last4,
        receiver_name=row.receiver_name or "",
        happened_at=row.cancelled_at or row.returned_at or row.created_at,
        cancellation_number=row.cancellation_number or "",
        reason=return_rule(row.return_code).reason if row.kind == "returned" else row.reason or "",
        is_retried=row.kind == "returned"
        and (row.payment_state != "returned" or will_be_tried_again(db, row.payment_id, sender.retries)),
        effective_date=row.entry_date or sender.cutoff.debit_dates(now).effective_entry_date,
        owed_cents=owed.balance_cents if owed else 0,
        past_due_cents=owed.past_due_cents if owed else 0,
        due_date=due_date,
        pay_by=None if due_date is None else last_cutoff(sender.cutoff, due_date, now),
        support_phone=sender.support_phone,
        support_hours=sender.opening.hours_of(today),
        zone=sender.cutoff.zone,
    )


def _owed(db: Connection, row: Row[Any], today: date) -> Balance:
    [owed] = [
        each for each in balances(db, row.member_id, today) if each.billing_account == row.billing_account
    ]
    return owed


def last_cutoff(rule: CutoffRule, due_date: date, now: datetime) -> datetime | None:
    """Return the last cutoff (aware UTC) whose debits take effect by `due_date`; None when it is over."""
    last, cutoff = None, rule.next_cutoff(now)
    while rule.effective_entry_date(cutoff) <= due_date:
        last, cutoff = cutoff, rule.next_cutoff(cutoff)
    return last
