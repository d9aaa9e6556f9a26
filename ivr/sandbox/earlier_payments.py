"""Payments made before a call, each at its own instant, by what makes them on the line and in its worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, Date, cast, select, update

from ivr.ach.banking_days import SETTLEMENT_ZONE
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import BankSettings, OriginationSettings, Settings
from ivr.billing.samples import SampleMember
from ivr.callfile.circumstances import PaidBefore
from ivr.notices.channels import choose_channel, promise
from ivr.payments.authorize import AuthorizationRequest, Authorized, ConsentGiven, authorize
from ivr.payments.cancel import cancel
from ivr.payments.credits import refund
from ivr.payments.delivery import mark_sent
from ivr.payments.late import MISSED_CUTOFF
from ivr.payments.life import move
from ivr.payments.origination import run_cutoff
from ivr.payments.returns_by_hand import book_return
from ivr.payments.settlement import settle
from ivr.storage.tables import Notice, Payment
from ivr.topics.bank.words import SAMPLE_ROUTING_NUMBER
from ivr.topics.services import Services
from ivr.voice.serving import make_services

SEED: Final = 20_261_218
_GONE: Final = ("at_bank", "went_through", "given_back")  # they were in a file
_ACCOUNT: Final = 40_090_157  # and the next ones: a return may close the one it came from


def pay_before(
    db: Connection,
    settings: Settings,
    member: SampleMember,
    payments: Sequence[PaidBefore],
    now: datetime,
    *,
    call: int = 0,
) -> None:
    """Let the member authorize payments on this line, each at its own instant, before `now`.

    `call` numbers the call they were made in. One with a return code has come back by `now`; one that is held
    was left behind by its cutoff; of another has become what it says. Raises `OperatorError` for an unknown
    return code.
    """
    if not payments:
        return
    services = make_services(settings, SeededRandomness(SEED + 1 + call))
    in_time = sorted(payments, key=lambda each: each.at)
    # First those that went to the bank: their cutoff must not take along what still waits here at `now`.
    gone = [paid for paid in in_time if paid.return_code or paid.became in _GONE]
    here = [paid for paid in in_time if paid not in gone]
    at_bank: list[tuple[Authorized, PaidBefore]] = []
    for seq, paid in enumerate(gone):
        made = _pay(db, services, member, paid, call=call, seq=seq)
        if made is None and at_bank:  # what has come back is owed again
            _bring_back(db, settings, services, at_bank, now, before=seq)
            at_bank.clear()
            made = _pay(db, services, member, paid, call=call, seq=seq)
        if made is not None:
            at_bank.append((made, paid))
    _bring_back(db, settings, services, at_bank, now, before=len(gone))
    for seq, paid in enumerate(here, start=len(gone)):
        made = _pay(db, services, member, paid, call=call, seq=seq)
        if made is not None and paid.is_held:
            move(db, made.payment_id, "authorized", "hold", hold_reason=MISSED_CUTOFF)
        elif made is not None and paid.became == "cancelled":
            cancel(
                db,
                services.randomness,
                confirmation_number=made.confirmation_number,
                actor="sandbox",
                now=paid.at.astimezone(UTC),
            )


def _pay(
    db: Connection, services: Services, member: SampleMember, paid: PaidBefore, *, call: int, seq: int
) -> Authorized | None:
    """Authorize one payment and promise its notice; None where less is owed."""
    at = paid.at.astimezone(UTC)
    written = authorize(
        db,
        services.keys,
        services.hashes,
        services.randomness,
        now=at,
        cutoff=services.cutoff,
        request=AuthorizationRequest(
            call_sid=f"CA{call:032x}",
            seq=seq,
            member_id=member.member_id,
            billing_account=member.billing_accounts[paid.plan],
            amount_cents=paid.amount_cents,
            account_type="checking",
            rdfi_routing_number=SAMPLE_ROUTING_NUMBER,
            account_number=paid.account_number or f"{_ACCOUNT + seq}",
            not_before_date=services.cutoff.debit_dates(at).effective_entry_date,
            language=member.language,
            pace="voice",
            consent=ConsentGiven(
                how="spoken",
                spoken_by="caller",
                words_heard="yes",
                confidence=0.9,
                asked_at=at,
                answered_at=at,
                text="An earlier call, made up for a written one.",
                flow_version="",
                prompts=(),
            ),
        ),
    )
    if not isinstance(written, Authorized):
        return None
    channel = choose_channel(member.phone, sms_ok=member.sms_ok, email=member.email)
    promise(db, written, channel, member.language, at)
    return written


def _bring_back(
    db: Connection,
    settings: Settings,
    services: Services,
    gone: Sequence[tuple[Authorized, PaidBefore]],
    now: datetime,
    *,
    before: int,
) -> None:
    """Let payments go their way: noticed, with their cutoff's file to the bank, perhaps settled, and back.

    One that came back sooner than that takes came back on the day it took effect. A cutoff is run once, and a
    day may need more than one here: each is as many microseconds late as there were payments `before`.
    """
    _notice(db, [made.payment_id for made, _ in gone])
    for cutoff in sorted({made.cutoff_at for made, _ in gone}):
        _send(db, settings, cutoff + timedelta(microseconds=before))
    for made, paid in gone:
        if paid.became == "at_bank":
            continue
        at = max(now, datetime.combine(made.effective_entry_date, time(12), SETTLEMENT_ZONE)).astimezone(UTC)
        settle(db, settings.ivr_closings, at)
        if paid.became == "given_back":
            refund(
                db,
                services.cutoff,
                confirmation_number=made.confirmation_number,
                amount_cents=None,
                actor="sandbox",
                now=at,
            )
        elif paid.return_code:
            book_return(
                db,
                services.keys,
                services.hashes,
                made.confirmation_number,
                code=paid.return_code,
                returned_on=at.astimezone(SETTLEMENT_ZONE).date(),
                trace_number=None,
                note="",
                actor="sandbox",
                now=at,
            )


def send_waiting(db: Connection, settings: Settings, *, until: datetime | None = None) -> None:
    """Let every payment that waits for its cutoff go to the bank at it, its notice sent.

    With `until` (aware), only those whose cutoff comes before it.
    """
    found = select(Payment.id, Payment.cutoff_at).where(Payment.state == "authorized")
    waiting = db.execute(found if until is None else found.where(Payment.cutoff_at < until)).all()
    _notice(db, [payment.id for payment in waiting])
    for cutoff in sorted({payment.cutoff_at for payment in waiting}):
        _send(db, settings, cutoff)


def _notice(db: Connection, payment_ids: Sequence[int]) -> None:
    """Let the notices of payments be sent, as soon as they were promised."""
    db.execute(
        update(Notice)
        .where(Notice.payment_id.in_(payment_ids))
        .values(
            state="sent",
            sent_at=Notice.created_at,
            mailed_date=cast(Notice.created_at, Date),
            body="A notice, made up as its payment is.",
        )
    )


def _send(db: Connection, settings: Settings, cutoff: datetime) -> None:
    """Run a cutoff at its instant, and deliver its file."""
    bank = OriginationSettings(**{name: getattr(settings, name) for name in BankSettings.model_fields})
    done = run_cutoff(db, settings.key_ring, bank, cutoff=cutoff, now=cutoff)
    if done is not None and done.file is not None:
        mark_sent(db, done.file.file_id, cutoff)
