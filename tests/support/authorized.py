"""Payments as the line authorizes them, with their notices, for tests of what comes after the call."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from support.environs import KEY_BYTES

from ivr.ach.banking_days import CutoffRule
from ivr.base.keys import KeyRing
from ivr.base.randomness import SeededRandomness
from ivr.notices.channels import promise
from ivr.payments.authorization_notices import CURRENT_NOTICE
from ivr.payments.authorize import AuthorizationRequest, Authorized, ConsentGiven, authorize
from ivr.storage.tables import Notice, Payment

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)  # a Friday, 10:15 in Boston
CUTOFF = CutoffRule(time(17), ZONE)
KEYS = KeyRing({"k1": KEY_BYTES})
ACCOUNT_NUMBER = "00123456789012345"
REQUEST = AuthorizationRequest(
    call_sid="CA" + "1" * 32,
    seq=14,
    member_id="400000000101",
    billing_account="740000101",
    amount_cents=10000,
    account_type="checking",
    rdfi_routing_number="021000021",
    account_number=ACCOUNT_NUMBER,
    not_before_date=date(2026, 12, 21),
    language="en-US",
    pace="voice",
    consent=ConsentGiven(
        how="spoken",
        spoken_by="caller",
        words_heard="yes I do",
        confidence=0.875,
        asked_at=NOW - timedelta(seconds=20),
        answered_at=NOW,
        text="You authorize one electronic debit. Do you authorize this payment?",
        flow_version="abc123",
        prompts=[{"id": "authorization-terms", "language": "en-US", "sha256": "0" * 64}],
    ),
)


def authorized(engine, hashes, *, now=NOW, seq=14, sent=True, **changes) -> Authorized:
    """Authorize one payment; its notice was sent a minute later, unless `sent` is false."""
    request = replace(REQUEST, seq=seq, not_before_date=now.astimezone(ZONE).date(), **changes)
    with engine.begin() as db:
        answer = authorize(db, KEYS, hashes, SeededRandomness(seq), now=now, cutoff=CUTOFF, request=request)
        assert isinstance(answer, Authorized)
        promise(db, answer, "letter", "en-US", now)
        if sent:
            notice_sent(db, answer.payment_id, now + timedelta(minutes=1))
    return answer


def notice_sent(db, payment_id, at):
    """Mark a notice as sent, as the job that sends it does."""
    db.execute(
        update(Notice)
        .where(Notice.payment_id == payment_id, Notice.state != "replaced")
        .values(state="sent", sent_at=at, mailed_date=at.date(), body="We will debit your account once.")
    )


def notice_of(engine, paid) -> int:
    """The notice of a payment's authorization that holds now."""
    its = select(Notice.id).join(Payment, CURRENT_NOTICE).where(Payment.id == paid.payment_id)
    with engine.connect() as db:
        return db.scalars(its).one()
