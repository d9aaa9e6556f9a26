"""Guests: whose account it is, what they get in writing, and what becomes of a debit they were not told of."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from support.authorized import CUTOFF, KEYS, NOW, notice_of
from support.carriers import error
from support.money import SETTINGS

from ivr.base.errors import OperatorError
from ivr.base.keys import KeyRing
from ivr.base.randomness import SecretRandomness, SeededRandomness
from ivr.jobs.resealing import reseal
from ivr.notices.due import send_due
from ivr.notices.send import send_notice
from ivr.payments.evidence import evidence_json, seal_evidence, verify_evidence
from ivr.payments.guest_cancels import cancel_as_payer, cancel_untold
from ivr.payments.guests import GuestPayer
from ivr.payments.history import payment_made, payments_to_tell
from ivr.payments.late import release_late
from ivr.payments.names import correct_name
from ivr.payments.origination import file_context, run_cutoff
from ivr.payments.report import payment_json
from ivr.payments.retention import apply_retention
from ivr.storage.engine import Limits, make_engine
from ivr.storage.tables import AchFile, Authorization, Notice, Payment

PAYER = GuestPayer("JOANNA QUILLFEATHER", "+16175550177")
WARNED_AT = NOW.replace(hour=21, minute=0)  # an hour before the cutoff


@pytest.fixture
def paid(promised):
    return promised("sms", payer=PAYER)


def send(engine, sender, clock, paid):
    return send_notice(engine, sender, clock, notice_of(engine, paid))


def state_of(engine):
    with engine.connect() as db:
        return db.scalars(select(Payment.state)).one()


def test_a_guest_is_sealed_in_the_tables_and_named_only_to_the_bank_and_in_the_evidence(  # noqa: PLR0917 (fixtures)
    engine, paid, hashes, sender, clock, twilio, tmp_path
):
    assert send(engine, sender, clock, paid) == "sent"
    number = paid.confirmation_number
    dump = "\n".join(
        str(row)
        for table in ("payments", "authorizations", "notices", "notice_attempts", "ledger_entries")
        for row in _rows(engine, table)
    )
    assert "QUILL" not in dump.upper()
    assert "5550177" not in dump
    with engine.begin() as db:
        assert db.scalars(select(Authorization.payer_member_id)).one() is None
        run_cutoff(db, KEYS, SETTINGS, cutoff=paid.cutoff_at, now=paid.cutoff_at)
        name, content = db.execute(select(AchFile.name, AchFile.content)).one()
        assert " JOANNA QUILLFEATHER" in f" {KEYS.open(content, file_context(name)).decode()}"
        assert payment_json(db, number)["receiver_name"] is None
        shown = evidence_json(db, hashes, number, KEYS)["payment"]
        assert (shown["receiver_name"], shown["payer_mobile"]) == (PAYER.name, PAYER.mobile)
        assert evidence_json(db, hashes, number)["payment"]["receiver_name"] is None


def _rows(engine, table):
    with engine.connect() as db:
        return db.execute(text(f"SELECT * FROM {table}")).all()


def test_the_terms_go_to_the_number_keyed_and_name_nobody(engine, paid, sender, clock, twilio):
    assert send(engine, sender, clock, paid) == "sent"
    form = twilio.requests[0][2]
    assert form["To"] == PAYER.mobile
    assert "Have the confirmation number and the number of this phone ready." in form["Body"]
    assert not {"QUILLFEATHER", "SAMPLE"} & set(form["Body"].upper().split())


@pytest.mark.parametrize("refused", [error(400, 21610), error(503, 20503)], ids=["stop", "down"])
def test_without_a_text_an_hour_before_the_cutoff_nothing_is_debited(  # noqa: PLR0917 (fixtures)
    engine, paid, sender, clock, twilio, facts, refused
):
    """The payer is told by text where one can be sent; else staff have a task."""
    twilio.answers = [refused]
    assert send(engine, sender, clock, paid) in {"failed", "later"}
    assert cancel_untold(engine, SeededRandomness(1), WARNED_AT - timedelta(seconds=1)) == 0
    clock.set(WARNED_AT)
    assert send(engine, sender, clock, paid) in {"nothing", "later"}
    assert cancel_untold(engine, SeededRandomness(1), WARNED_AT) == 1
    assert cancel_untold(engine, SeededRandomness(1), WARNED_AT) == 0
    assert state_of(engine) == "cancelled"
    asked = len(twilio.requests)
    twilio.answers = [error(400, 21610)] * (asked + 1)
    assert list(send_due(engine, sender, clock).values()) == ["failed"]
    assert "cancelled" in twilio.requests[-1][2]["Body"]
    assert "notice_failed" in facts.open_tasks()
    with engine.connect() as db:
        kinds = select(Notice.kind, Notice.state).order_by(Notice.id)
        [(first, withdrawn), told] = db.execute(kinds).all()
        assert (first, told) == ("authorized", ("not_debited", "failed"))
        assert withdrawn in {"withdrawn", "failed"}


def test_a_cutoff_at_work_on_it_is_not_disturbed(engine, database_url, paid):
    impatient = make_engine(database_url, limits=Limits(lock_timeout_seconds=0.05))
    with engine.begin() as db:
        db.execute(text("SELECT id FROM payments FOR UPDATE"))
        assert cancel_untold(impatient, SeededRandomness(1), WARNED_AT) == 0
    assert cancel_untold(impatient, SeededRandomness(1), WARNED_AT) == 1
    impatient.dispose()


def test_who_is_released_by_staff_gets_the_new_dates_in_time(engine, paid, sender, clock, twilio):
    """Held for its cutoff that was missed, it leaves with one that gives a carrier time for another text."""
    assert send(engine, sender, clock, paid) == "sent"
    with engine.begin() as db:
        db.execute(text("UPDATE payments SET state = 'held', hold_reason = 'missed_cutoff'"))
    monday = WARNED_AT + timedelta(days=3)
    with engine.begin() as db:
        number = paid.confirmation_number
        released = release_late(db, CUTOFF, confirmation_number=number, actor="pat", now=monday)
    assert released.cutoff_at - monday > timedelta(hours=24)
    clock.set(monday)
    assert send(engine, sender, clock, paid) == "sent"
    assert "later than you were told" in twilio.requests[-1][2]["Body"]


def test_a_text_that_a_carrier_took_in_time_keeps_the_payment(engine, paid, sender, clock):
    clock.set(WARNED_AT - timedelta(minutes=1))
    assert send(engine, sender, clock, paid) == "sent"
    assert cancel_untold(engine, SeededRandomness(1), WARNED_AT) == 0


def test_a_debit_leaves_a_carrier_an_hour_before_the_last_one(engine, promised):
    soon = promised("sms", payer=PAYER, now=WARNED_AT - timedelta(minutes=59))
    assert soon.cutoff_at.date() > WARNED_AT.date()


@pytest.mark.parametrize(
    ("number", "mobile", "cancelled"),
    [("right", PAYER.mobile, True), ("right", "+16175550178", False), ("10000000045", PAYER.mobile, False)],
)
def test_only_number_and_mobile_together_cancel(  # noqa: PLR0917 (fixtures)
    engine, paid, hashes, number, mobile, cancelled
):
    number = paid.confirmation_number if number == "right" else number
    with engine.begin() as db:
        done = cancel_as_payer(
            db, hashes, SecretRandomness(), confirmation_number=number, mobile=mobile, now=NOW
        )
    assert (done is not None) == cancelled
    assert state_of(engine) == ("cancelled" if cancelled else "authorized")


def test_nobody_cancels_a_members_own_payment_by_a_mobile_number(engine, promised, hashes):
    own = promised("sms")
    with engine.begin() as db:
        number, mobile = own.confirmation_number, "+16175550123"
        assert not cancel_as_payer(
            db, hashes, SecretRandomness(), confirmation_number=number, mobile=mobile, now=NOW
        )


def test_the_members_side_hears_of_it_without_a_number_to_hold_on_to(engine, paid):
    with engine.connect() as db:
        told = payments_to_tell(
            db,
            "400000000101",
            recent_since=NOW - timedelta(days=1),
            returned_since=NOW - timedelta(days=60),
            dropped_since=NOW - timedelta(minutes=15),
        )
        assert (told.recent, told.waiting) == ((), ())
        made = payment_made(db, "400000000101", since=NOW - timedelta(days=1), place=0)
        assert (made.is_guests, made.amount_cents) == (True, 10000)


@pytest.mark.parametrize("column", ["payer_name_hash", "payer_mobile_hash"])
def test_who_pays_is_part_of_what_is_sealed(  # noqa: PLR0917 (fixtures)
    engine, paid, hashes, sender, clock, column
):
    assert send(engine, sender, clock, paid) == "sent"
    later = NOW + timedelta(days=1)
    since = NOW - timedelta(days=1)
    with engine.begin() as db:
        assert seal_evidence(db, hashes, later, later) == 1
        assert not verify_evidence(db, hashes, kept_since=since).broken
        db.execute(text(f"UPDATE payments SET {column} = :other"), {"other": bytes(32)})
        assert len(verify_evidence(db, hashes, kept_since=since).broken) == 1


def test_who_pays_is_resealed_under_a_new_key_and_forgotten_with_the_evidence(engine, paid, hashes):
    newer = KeyRing({"k2": b"another key that numbers have it", "k1": b"what the tests seal numbers with"})
    assert reseal(engine, newer) == 2
    with engine.begin() as db:
        shown = evidence_json(db, hashes, paid.confirmation_number, newer)["payment"]
        assert shown["receiver_name"] == PAYER.name
        db.execute(text("UPDATE payments SET state = 'final', settled_at = authorized_at"))
    assert apply_retention(engine, NOW + timedelta(days=4000)).evidence_removed == 1
    with engine.connect() as db:
        columns = (Payment.payer, Payment.payer_name_hash, Payment.payer_mobile_hash, Payment.receiver_name)
        assert db.execute(select(*columns)).one() == (None, None, None, None)


def test_a_guests_name_is_not_corrected(engine, paid):
    with engine.begin() as db, pytest.raises(OperatorError, match="guest"):
        correct_name(db, paid.confirmation_number, "Ada Right", reason="-", actor="pat", now=NOW)
