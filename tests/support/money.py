"""Payments for tests of what happens to them later: authorized for the sample members by the line's own code."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import Engine, insert, select, text, update
from support import environs

from ivr.base.randomness import SecretRandomness
from ivr.base.settings import OriginationSettings, load_origination_settings
from ivr.notices.channels import promise
from ivr.payments.authorize import AuthorizationRequest, Authorized, ConsentGiven, authorize
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.delivery import hold_delivery
from ivr.payments.guests import GuestPayer
from ivr.payments.late import LEAVES_AT, renew_dates
from ivr.payments.later_notices import SEND_JOB
from ivr.storage.tables import AchEntry, AchFile, LedgerEntry, Notice, NoticeAttempt, Payment

ENVIRON = {**environs.KEYS, **environs.BANK, **environs.PLAIN}
FRIDAY = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)  # 10:15 in Boston
FRIDAYS_CUTOFF = datetime(2026, 12, 18, 22, tzinfo=UTC)
MONDAY = date(2026, 12, 21)
ROUTING_NUMBER = "021000021"
ACCOUNT_NUMBER = "00123456789012345"

_calls = itertools.count(1)


def settings_with(**environ: str) -> OriginationSettings:
    """The settings of the tests' bank, with others on top."""
    return load_origination_settings({**environs.PLACE, **ENVIRON, **environ})


SETTINGS = settings_with()
KEYS = SETTINGS.key_ring


@dataclass(frozen=True)
class Paying:
    """What a caller said yes to. `plan` picks the billing account of sample member `member` (1 to 16)."""

    member: int = 1
    plan: str = "health"
    cents: int = 31015
    how: str = "spoken"
    account_type: str = "checking"
    routing_number: str = ROUTING_NUMBER
    account_number: str = ACCOUNT_NUMBER
    not_before_date: date | None = None
    call_sid: str = ""
    receiver_name: str = ""
    payer: GuestPayer | None = None


def pay(
    engine: Engine,
    now: datetime = FRIDAY,
    *,
    notice: str = "sent",
    settings: OriginationSettings = SETTINGS,
    **paying: object,
) -> Authorized:
    """Authorize one payment at `now`, its notice promised, and sent unless `notice` says otherwise."""
    what = replace(Paying(), **paying)
    consent = ConsentGiven(
        how=what.how,
        spoken_by="caller",
        words_heard="yes" if what.how == "spoken" else "",
        confidence=None,
        asked_at=now,
        answered_at=now,
        text="You authorize one electronic debit. Do you authorize this payment?",
        flow_version="abc123",
        prompts=[],
    )
    rule = cutoff_rule(settings)
    request = AuthorizationRequest(
        call_sid=what.call_sid or f"CA{next(_calls):032x}",
        seq=14,
        member_id=f"{400_000_000_100 + what.member}",
        billing_account=f"{(740_000_100 if what.plan == 'health' else 750_000_100) + what.member}",
        amount_cents=what.cents,
        account_type=what.account_type,
        rdfi_routing_number=what.routing_number,
        account_number=what.account_number,
        not_before_date=what.not_before_date or date(2000, 1, 1),
        language="en-US",
        pace="voice",
        consent=consent,
        receiver_name=what.receiver_name,
        payer=what.payer,
    )
    with engine.begin() as db:
        paid = authorize(
            db, settings.key_ring, settings.hashes, SecretRandomness(), now=now, cutoff=rule, request=request
        )
        assert isinstance(paid, Authorized), paid
        promise(db, paid, "letter", "en-US", now)
        if notice != "pending":
            tell_notice(db, paid.payment_id, notice, now)
    return paid


def tell_notice(db, payment_id: int, state: str, now: datetime, settings=None) -> None:
    """Note in the table what became of a payment's notice; one that is late renews the dates it names.

    A letter that is `in_outbox` was sent as far as the line can, and is mailed when the mail house says so.
    """
    is_late = db.scalar(select(now >= LEAVES_AT).where(Payment.id == payment_id))
    if (
        state in {"sent", "in_outbox"}
        and is_late
        and not renew_dates(db, cutoff_rule(settings or SETTINGS), payment_id, now)
    ):
        return  # nobody knows its dates
    holds = (Notice.payment_id == payment_id, Notice.state != "replaced")
    if state == "in_outbox":
        values = {"state": "sent", "sent_at": now}
        notice_id = db.scalars(select(Notice.id).where(*holds)).one()
        db.execute(insert(NoticeAttempt).values(**_letter(notice_id, now)))
    else:
        sent_at = now if state == "sent" else None
        values = {"state": state, "sent_at": sent_at, "mailed_date": sent_at and sent_at.date()}
    db.execute(update(Notice).where(*holds).values(**values))


def _letter(notice_id: int, now: datetime) -> dict[str, object]:
    return {
        "notice_id": notice_id,
        "channel": "letter",
        "state": "accepted",
        "started_at": now,
        "finished_at": now,
        "provider_reference": f"{notice_id}.pdf",
        "document_sha256": hashlib.sha256(str(notice_id).encode()).digest(),
    }


def payment_row(engine: Engine, paid: Authorized):
    """The payment's row as it is now."""
    with engine.connect() as db:
        return db.execute(select(Payment.__table__).where(Payment.id == paid.payment_id)).one()


def states(engine: Engine) -> list[str]:
    """The state of every payment, in the order they were made."""
    with engine.connect() as db:
        return list(db.scalars(select(Payment.state).order_by(Payment.id)))


def entries(engine: Engine) -> list:
    """Every entry, in the order of their trace numbers."""
    with engine.connect() as db:
        return db.execute(select(AchEntry.__table__).order_by(AchEntry.trace_number, AchEntry.id)).all()


def files(engine: Engine) -> list:
    """Every file, oldest first."""
    with engine.connect() as db:
        return db.execute(select(AchFile.__table__).order_by(AchFile.id)).all()


def wait_until_nobody_delivers(engine: Engine) -> None:
    """Return once the server has noticed who died as it delivered a file."""
    with engine.begin() as db:
        for file_id in db.scalars(select(AchFile.id)).all():
            hold_delivery(db, file_id)


def owed_cents(engine: Engine, billing_account: str) -> int:
    """What the ledger says is owed."""
    with engine.connect() as db:
        column = LedgerEntry.amount_cents
        return sum(db.scalars(select(column).where(LedgerEntry.billing_account == billing_account)))


def waiting_jobs(engine: Engine) -> list[tuple[str, dict]]:
    """What lies in the job queue, but for the notices."""
    with engine.connect() as db:
        query = "SELECT task_name, args FROM procrastinate_jobs WHERE task_name <> :notices ORDER BY id"
        rows = db.execute(text(query), {"notices": SEND_JOB})
        return [tuple(row) for row in rows]


def wait_until_somebody_waits(engine: Engine) -> None:
    """Return once a connection to this database waits for another's lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(2000):
        with engine.connect() as db:
            if db.scalar(waiting):
                return
    raise AssertionError("nobody waits")
