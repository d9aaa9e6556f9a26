"""Sending a notice: at most one message by one channel, however often and by how many workers it is tried.

An attempt is written and committed before the carrier is spoken to, its outcome afterwards. Whoever sends
holds a lock of the database's that ends with its connection, so an attempt that is `sending` while nobody
holds the lock was interrupted: nobody knows if the carrier took it, and the next channel is used. Only a
letter is put into the outbox again, where the same letter twice is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import structlog
from sqlalchemy import and_, func, insert, select, update

from ivr.notices.carriers import CarrierAnswer
from ivr.notices.channels import FAILED_TASK, RETURNED_TASK, TASKS, Channel
from ivr.notices.letter import Address, make_letter
from ivr.notices.plan import Tried, next_channel, patient_until, still_counting
from ivr.notices.sender import NoticeSender
from ivr.notices.written import NOTICE_ROW, is_overtaken, write_notice
from ivr.payments.guests import TOLD_BEFORE_CUTOFF, open_payer
from ivr.payments.late import renew_dates
from ivr.payments.tasks import close_tasks, follow_task
from ivr.storage.advisory_locks import NOTICES, held_alone
from ivr.storage.tables import Notice, NoticeAttempt, StaffTask

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row

    from ivr.base.clock import Clock
    from ivr.notices.email import MailCarrier
    from ivr.notices.sms import SmsCarrier
    from ivr.notices.text_folder import TextFolder

SendResult = Literal["sent", "later", "failed", "nothing", "busy"]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An attempt that is committed as `sending`, and what hands it over."""

    attempt_id: int
    channel: Channel
    hand_over: Callable[[], CarrierAnswer]


@dataclass(frozen=True, slots=True)
class _TooLate:
    """What a notice would tell of dates is over: they are renewed first.

    Its cutoff has come and no file has it, so nobody could write yet until when it can be cancelled; or, with
    `by_letter`, a letter would be mailed no earlier than on the day of the debit that it tells.
    """

    payment_id: int
    by_letter: bool


def send_notice(
    engine: Engine, sender: NoticeSender, clock: Clock, notice_id: int, *, again: bool = False
) -> SendResult:
    """Send one notice by the next channel there is, until a carrier has it.

    Returns `sent`; `later` when the carrier asked for time (nothing was sent, it is tried again); `failed`
    when no channel is left (staff have a task); `nothing` when there is nothing to do, `busy` when another
    worker is at it. With `again`, staff ask: channels that failed are tried once more, nobody waits.
    """
    with held_alone(engine, NOTICES, notice_id) as db:
        return "busy" if db is None else _send(db, sender, clock, notice_id, again=again)


def _send(db: Connection, sender: NoticeSender, clock: Clock, notice_id: int, *, again: bool) -> SendResult:
    asked_after = _newest_attempt(db, notice_id) if again else None
    while True:
        with db.begin():
            prepared = _prepare(db, sender, clock.now(), notice_id, asked_after)
        if isinstance(prepared, _TooLate):
            with db.begin():
                by_letter = prepared.by_letter
                if not renew_dates(db, sender.cutoff, prepared.payment_id, clock.now(), by_letter=by_letter):
                    return "later"  # its cutoff is not run yet, or it waits for staff
            continue
        if not isinstance(prepared, _Prepared):
            return prepared
        answer = prepared.hand_over()
        with db.begin():
            _note(db, sender, prepared, notice_id, answer, clock.now())
        if answer.state == "accepted":
            return "sent"


def _prepare(
    db: Connection, sender: NoticeSender, now: datetime, notice_id: int, asked_after: int | None
) -> _Prepared | _TooLate | SendResult:
    """Choose the channel and write the attempt; or tell why there is none."""
    row = db.execute(NOTICE_ROW.where(Notice.id == notice_id)).one_or_none()
    if row is None or _withdrawn(db, row):
        return "nothing"
    tried = _tried(db, row)
    interrupted = tried[-1] if tried and tried[-1].state == "sending" else None
    if not _is_due(row.state, tried, again=asked_after is not None):
        return "nothing"
    if interrupted is not None and interrupted.channel == "letter":
        return _prepare_letter(db, sender, row, interrupted.started_at, interrupted.id)
    if interrupted is not None:
        _close(db, interrupted.id, CarrierAnswer("unknown", detail="interrupted"), now)
        tried = _tried(db, row)
    is_promise = row.kind == "authorized" and row.payment_state in {"authorized", "held"}
    if is_promise and row.is_guests and now >= row.leaves_at - TOLD_BEFORE_CUTOFF:
        return "later"  # it is being cancelled
    if is_promise and row.leaves_at <= now:
        return _TooLate(row.payment_id, by_letter=False)
    channel = next_channel(
        row.channel,
        _possible(sender, row),
        still_counting(tried, asked_after),
        now=now,
        patient_until=patient_until(row.created_at, row.leaves_at if is_promise else None),
    )
    if channel == "wait":
        return "later"
    if channel is None:
        return _give_up(db, row, tried, now)
    too_late = is_promise and sender.cutoff.mailing_date(now) >= row.effective_entry_date
    if channel == "letter" and too_late:
        return _TooLate(row.payment_id, by_letter=True)
    return _prepare_attempt(db, sender, row, channel, now)


def _prepare_attempt(
    db: Connection, sender: NoticeSender, row: Row[Any], channel: Channel, now: datetime
) -> _Prepared:
    """Write the attempt by this channel, with what it says."""
    if row.state == "failed":
        db.execute(update(Notice).where(Notice.id == row.id).values(state="pending"))
    if channel == "letter":
        return _prepare_letter(db, sender, row, now, _open(db, row.id, "letter", now))
    return _prepare_message(db, sender, row, channel, now)


def _withdrawn(db: Connection, row: Row[Any]) -> bool:
    """Withdraw what waits to be sent and would not be true any more; return whether it would not."""
    if not is_overtaken(row):
        return False
    waiting = (Notice.id == row.id, Notice.state == "pending")
    db.execute(update(Notice).where(*waiting).values(state="withdrawn"))
    return True


def _newest_attempt(db: Connection, notice_id: int) -> int:
    newest = db.scalar(select(func.max(NoticeAttempt.id)).where(NoticeAttempt.notice_id == notice_id))
    db.commit()
    return int(newest or 0)


def _tried(db: Connection, row: Row[Any]) -> list[Tried]:
    """Return the attempts at this notice."""
    rows = db.execute(
        select(
            NoticeAttempt.id,
            NoticeAttempt.channel,
            NoticeAttempt.state,
            NoticeAttempt.started_at,
            NoticeAttempt.finished_at,
            func.coalesce(NoticeAttempt.detail, ""),
        )
        .where(NoticeAttempt.notice_id == row.id)
        .order_by(NoticeAttempt.id)
    )
    return [Tried(*row) for row in rows]


def _is_due(state: str, tried: list[Tried], *, again: bool) -> bool:
    """Return whether there is something to send: not yet sent, or sent and then not delivered to anybody."""
    if state == "sent":
        states = {each.state for each in tried}
        return "undelivered" in states and not states & {"accepted", "delivered"}
    return state == "pending" or (state == "failed" and again)


def _possible(sender: NoticeSender, row: Row[Any]) -> set[Channel]:
    possible: set[Channel] = set()
    if row.is_guests:
        return {"sms"} if sender.sms is not None and row.payer else possible
    if sender.sms is not None and row.phone and row.sms_ok:
        possible.add("sms")
    if sender.email is not None and row.email and row.email_ok is not False:
        possible.add("email")
    if all((row.address, row.city, row.address_state, row.postal_code)):
        possible.add("letter")
    return possible


def _prepare_message(
    db: Connection, sender: NoticeSender, row: Row[Any], channel: Channel, now: datetime
) -> _Prepared:
    """Write the attempt to send a text message or an e-mail, with what it says."""
    attempt_id = _open(db, row.id, channel, now)
    text = write_notice(db, sender, row, now)
    if channel == "sms":
        sms = cast("SmsCarrier | TextFolder", sender.sms)
        body, number = text.message, _mobile(sender, row)
        _write_down(db, row.id, attempt_id, body, body.encode())
        return _Prepared(attempt_id, channel, lambda: sms.send(number, body, attempt_id))
    email = cast("MailCarrier", sender.email)
    insert = sender.inserts.of(text.language)
    words = f"{text.plain}\n\n{insert.text}\n" if insert.text else text.plain
    _write_down(db, row.id, attempt_id, words, words.encode())
    name = f"{row.confirmation_number}.{attempt_id}"
    return _Prepared(
        attempt_id,
        channel,
        lambda: email.send(row.email, text.subject, words, name=name, at=now, pdf=insert.pdf),
    )


def _mobile(sender: NoticeSender, row: Row[Any]) -> str:
    """Return the number that gets text messages: the member's on file, or the one that a guest keyed."""
    if row.is_guests:
        return open_payer(sender.keys, row.confirmation_number, row.payer).mobile
    return str(row.phone)


def _prepare_letter(
    db: Connection, sender: NoticeSender, row: Row[Any], made_at: datetime, attempt_id: int
) -> _Prepared:
    """Write what the letter of an attempt says; `made_at` is when it began, also after a crash."""
    text = write_notice(db, sender, row, made_at)
    made_at = made_at.astimezone(sender.cutoff.zone)
    address = Address(
        f"{row.first_name} {row.last_name}",
        (row.address, f"{row.city}, {row.address_state} {row.postal_code}"),
    )
    letter = make_letter(text, sender.texts, address, made_at, sender.inserts.of(text.language))
    _write_down(db, row.id, attempt_id, letter.words, letter.pdf)
    return _Prepared(
        attempt_id,
        "letter",
        lambda: sender.letters.put(
            letter,
            confirmation_number=row.confirmation_number,
            language=text.language,
            day=made_at.date(),
            copy=row.earlier + 1,
        ),
    )


def _open(db: Connection, notice_id: int, channel: Channel, now: datetime) -> int:
    return int(
        db.execute(
            insert(NoticeAttempt)
            .values(notice_id=notice_id, channel=channel, state="sending", started_at=now)
            .returning(NoticeAttempt.id)
        ).scalar_one()
    )


def _write_down(db: Connection, notice_id: int, attempt_id: int, body: str, document: bytes) -> None:
    """Keep the words that are about to be sent; those of the notice that was sent first stay."""
    db.execute(update(Notice).where(Notice.id == notice_id, Notice.state == "pending").values(body=body))
    db.execute(
        update(NoticeAttempt)
        .where(NoticeAttempt.id == attempt_id)
        .values(document_sha256=hashlib.sha256(document).digest())
    )


def _note(  # noqa: PLR0917 (as above)
    db: Connection,
    sender: NoticeSender,
    prepared: _Prepared,
    notice_id: int,
    answer: CarrierAnswer,
    now: datetime,
) -> None:
    """Write down what became of an attempt; `sent` is a notice that a carrier has, by this channel.

    A letter in the outbox is mailed with the next pick-up, unless somebody is to say that it was.
    """
    _close(db, prepared.attempt_id, answer, now)
    if answer.state == "accepted":
        is_known = prepared.channel == "letter" and not sender.letters_confirmed
        mailed_date = sender.cutoff.mailing_date(now) if is_known else None
        db.execute(
            update(Notice)
            .where(Notice.id == notice_id, Notice.state == "pending")
            .values(state="sent", sent_at=now, channel=prepared.channel, mailed_date=mailed_date)
        )
        close_tasks(db, TASKS, now, StaffTask.notice_id == notice_id)
        mended = (StaffTask.notice_id == notice_id, StaffTask.details["channel"].astext == prepared.channel)
        close_tasks(db, (RETURNED_TASK,), now, and_(*mended))


def _close(db: Connection, attempt_id: int, answer: CarrierAnswer, now: datetime) -> None:
    values: dict[str, Any] = {"provider_reference": answer.reference or None, "detail": answer.detail or None}
    if answer.sha256:
        values["document_sha256"] = bytes.fromhex(answer.sha256)
    # A callback may have been faster: what it told of a message is newer than that it was accepted.
    db.execute(
        update(NoticeAttempt)
        .where(NoticeAttempt.id == attempt_id, NoticeAttempt.state.in_(("sending", "unknown")))
        .values(state=answer.state, finished_at=now, **values)
    )


_DO: Final = (
    "correct what is wrong in the members file and import it, then `ivr notices send NUMBER`; or tell the"
    " member another way"
)


def _why(row: Row[Any], tried: Sequence[Tried]) -> str:
    """Return in words why no channel is left."""
    if row.is_guests:
        return "a guest pays, who gets text messages and nothing else: none could be sent to the number keyed"
    missing = []
    if not (row.phone and row.sms_ok):
        missing.append("no telephone number that may get text messages")
    if not row.email or row.email_ok is False:
        missing.append("no e-mail address that may be used")
    if not all((row.address, row.city, row.address_state, row.postal_code)):
        missing.append("no whole postal address")
    on_file = f"on file is {', '.join(missing)}" if missing else "everything is on file"
    return f"{on_file}; {'what was tried did not work' if tried else 'nothing could be tried'}"


def _give_up(db: Connection, row: Row[Any], tried: list[Tried], now: datetime) -> SendResult:
    """Put it before staff: no channel is left. No file has a payment whose authorization is not confirmed."""
    if row.state != "sent":
        db.execute(update(Notice).where(Notice.id == row.id).values(state="failed"))
    outcomes = [f"{each.channel} {each.state}{each.detail and f' ({each.detail})'}" for each in tried]
    follow_task(
        db,
        FAILED_TASK,
        now,
        payment_id=row.payment_id,
        notice_id=row.id,
        about=row.kind,
        tried=outcomes,
        why=_why(row, tried),
        do=_DO,
    )
    _log.warning("notice_failed", payment_id=row.payment_id, tried=outcomes)
    return "failed"
