"""The consent pack, and the chain that finds whoever changed it."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from support.authorized import ACCOUNT_NUMBER, NOW, authorized, notice_of, notice_sent

from ivr.calls.store import keep_flow_version
from ivr.payments.evidence import (
    FIRST_HEAD,
    evidence_json,
    evidence_text,
    newest_head,
    seal_evidence,
    verify_evidence,
)
from ivr.storage.audit import record_event
from ivr.storage.tables import (
    AchCutoff,
    AchEntry,
    AchFile,
    AuditEvent,
    Authorization,
    Call,
    EvidenceSeal,
    Notice,
    NoticeAttempt,
    Payment,
    Turn,
)

TOMORROW = NOW + timedelta(days=1)
LONG_AGO = NOW - timedelta(days=4000)


@pytest.fixture
def three(engine, hashes, samples):
    """Three payments, sealed; the numbers in the order of the chain."""
    paid = [authorized(engine, hashes, seq=seq, amount_cents=1000 * seq) for seq in (1, 2, 3)]
    with engine.begin() as db:
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW) == 3
    return paid


@contextmanager
def unguarded(engine):
    """A transaction of somebody whom no trigger stops: the server's own superuser."""
    with engine.begin() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        yield db


def verify(engine, hashes, **options):
    with engine.connect() as db:
        return verify_evidence(db, hashes, kept_since=LONG_AGO, **options)


def change(engine, table, **values):
    with engine.begin() as db:
        db.execute(update(table).values(**values))


def test_untouched_evidence_verifies(engine, hashes, three):
    found = verify(engine, hashes)
    assert (found.seals, found.expired, found.broken, found.head_found) == (3, 0, (), True)
    with engine.connect() as db:
        assert found.head == newest_head(db) != FIRST_HEAD


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (Payment, {"amount_cents": 999}),
        (Payment, {"authorized_at": NOW + timedelta(microseconds=1)}),
        (Payment, {"rdfi_routing_number": "011000015"}),
        (Payment, {"receiver_name": "Somebody Else"}),
        (Authorization, {"words_heard": "yes"}),
        (Authorization, {"payer_member_id": "400000000102"}),
        (Authorization, {"text": "You authorize anything."}),
        (Authorization, {"prompts": []}),
        (Authorization, {"confidence": 0.876}),
        (Notice, {"body": "We will debit your account twice."}),
    ],
    ids=str,
)
def test_a_changed_row_is_found_by_its_number(engine, hashes, three, table, values):
    changed = three[1]
    its_row = {
        Payment: Payment.id == changed.payment_id,
        Authorization: Authorization.id == changed.authorization_id,
        Notice: Notice.payment_id == changed.payment_id,
    }
    with engine.begin() as db:
        db.execute(update(table).where(its_row[table]).values(**values))
    found = verify(engine, hashes)
    assert [broken.what for broken in found.broken] == [changed.confirmation_number]
    assert "changed after sealing" in found.broken[0].problem


def test_what_the_bank_says_later_breaks_nothing(engine, hashes, three):
    change(engine, Payment, state="returned", return_code="R01", trace_number="011000010000001")
    change(engine, Notice, state="failed", channel="email")
    assert verify(engine, hashes).broken == ()


def test_a_removed_seal_breaks_the_chain_after_it(engine, hashes, three):
    with unguarded(engine) as db:
        db.execute(delete(EvidenceSeal).where(EvidenceSeal.payment_id == three[1].payment_id))
    found = verify(engine, hashes)
    assert [broken.what for broken in found.broken] == [three[2].confirmation_number]
    assert "chain is broken" in found.broken[0].problem


def test_a_payment_removed_from_behind_its_seal_is_found_though_it_is_the_last(engine, hashes, three):
    gone = three[2]
    with unguarded(engine) as db:
        db.execute(delete(Payment).where(Payment.id == gone.payment_id))
    (broken,) = verify(engine, hashes).broken
    assert (broken.what, broken.problem) == (f"payment {gone.payment_id}", "it was removed after sealing")


def test_a_seal_made_without_the_key_breaks_it_too(engine, hashes, three):
    with unguarded(engine) as db:
        db.execute(
            update(EvidenceSeal)
            .where(EvidenceSeal.payment_id == three[0].payment_id)
            .values(digest=b"x" * 32)
        )
    assert {broken.problem[:9] for broken in verify(engine, hashes).broken} == {"its row, ", "the chain"}


def test_a_chain_cut_off_at_its_end_is_found_by_a_head_printed_before(engine, hashes, three):
    with engine.connect() as db:
        printed = newest_head(db)
    assert verify(engine, hashes, known_head=printed).head_found
    with unguarded(engine) as db:
        db.execute(delete(EvidenceSeal).where(EvidenceSeal.payment_id == three[2].payment_id))
    found = verify(engine, hashes, known_head=printed)
    assert (found.broken, found.head_found) == ((), False)


@pytest.fixture
def trail(engine, hashes, three):
    """Three events of the audit trail, sealed after the three payments; their ids."""
    with engine.begin() as db:
        for subject in ("1", "2", "3"):
            record_event(db, "ach.unblock", subject, {"note": "call back"}, actor="pat", now=NOW)
        record_event(db, "ach.unblock", "4", {}, actor="pat", now=TOMORROW)  # of a day that is not over
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW) == 0
        return db.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()[:3]


def test_the_audit_trail_is_sealed_in_the_same_chain(engine, hashes, trail):
    found = verify(engine, hashes)
    assert (found.seals, found.audit_events, found.broken) == (3, 3, ())
    authorized(engine, hashes, seq=4, amount_cents=4000)
    with engine.begin() as db:
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW + timedelta(days=1)) == 1
    found = verify(engine, hashes)
    assert (found.seals, found.audit_events, found.broken) == (4, 4, ())


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM audit_events WHERE id = :id", "removed from the audit trail"),
        ("UPDATE audit_events SET actor = 'sam' WHERE id = :id", "changed after sealing"),
        ("UPDATE audit_events SET details = '{}' WHERE id = :id", "changed after sealing"),
        ("UPDATE audit_events SET at = at + interval '1 us' WHERE id = :id", "changed after sealing"),
    ],
    ids=str,
)
def test_an_event_changed_or_removed_behind_the_trigger_is_named(engine, hashes, trail, statement, problem):
    with unguarded(engine) as db:
        db.execute(text(statement), {"id": trail[1]})
    (broken,) = verify(engine, hashes).broken
    assert broken.what == f"audit event {trail[1]}"
    assert problem in broken.problem


def test_an_event_removed_with_its_seal_breaks_the_chain_or_cuts_it(engine, hashes, trail):
    with engine.connect() as db:
        printed = newest_head(db)
    remove_with_seal(engine, trail[2])
    found = verify(engine, hashes, known_head=printed)
    assert (found.broken, found.head_found) == ((), False)
    remove_with_seal(engine, trail[0])
    (broken,) = verify(engine, hashes).broken
    assert broken.what == f"audit event {trail[1]}"
    assert "chain is broken" in broken.problem


def remove_with_seal(engine, event_id):
    with unguarded(engine) as db:
        for table, column in ((AuditEvent, AuditEvent.id), (EvidenceSeal, EvidenceSeal.audit_event_id)):
            db.execute(delete(table).where(column == event_id))


@pytest.mark.parametrize("table", ["audit_events", "evidence_seals"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET id = DEFAULT"])
def test_whoever_runs_the_line_can_only_add(engine, hashes, trail, table, statement):
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), engine.begin() as db:
        db.execute(text(statement.format(table)))
    assert verify(engine, hashes).audit_events == 3


def test_removed_consent_is_a_change_until_its_retention_is_over(engine, hashes, three):
    with engine.begin() as db:
        db.execute(delete(Authorization).where(Authorization.id == three[0].authorization_id))
    assert [broken.what for broken in verify(engine, hashes).broken] == [three[0].confirmation_number]
    with engine.connect() as db:
        found = verify_evidence(db, hashes, kept_since=TOMORROW)
    assert (found.expired, found.broken) == (1, ())


def test_only_what_is_ready_is_sealed_and_only_once(engine, hashes, samples):
    waiting = authorized(engine, hashes, seq=1, amount_cents=1000, sent=False)
    withdrawn = authorized(engine, hashes, seq=2, amount_cents=1000, sent=False)
    today = authorized(engine, hashes, seq=3, amount_cents=1000, now=TOMORROW)
    with engine.begin() as db:
        db.execute(update(Notice).where(Notice.payment_id == withdrawn.payment_id).values(state="withdrawn"))
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW) == 1
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW) == 0
        notice_sent(db, waiting.payment_id, TOMORROW)
        assert seal_evidence(db, hashes, TOMORROW, TOMORROW + timedelta(hours=1)) == 2
        order = select(EvidenceSeal.payment_id).order_by(EvidenceSeal.id)
        assert db.scalars(order).all() == [withdrawn.payment_id, waiting.payment_id, today.payment_id]
    assert verify(engine, hashes).broken == ()


def test_the_pack_has_everything_a_bank_asks_for(engine, hashes, samples):
    paid = authorized(engine, hashes)
    events = '{"recipe": 2, "heard": "speech:yes", "path": [], "asked": [], "milliseconds": 3.0}'
    notice_id = notice_of(engine, paid)
    with engine.begin() as db:
        keep_flow_version(db, "abc123", {}, NOW)
        db.execute(
            insert(Call).values(
                call_sid="CA" + "1" * 32, status="closed", caller_kind="number", started_at=NOW, answered_at=NOW,
                flow_version="abc123", language="en-US", pace="voice", seq=14, node="", state="{}", purged=True,
            )
        )  # fmt: skip
        db.execute(
            insert(Turn).values(
                call_sid="CA" + "1" * 32,
                seq=14,
                at=NOW,
                node="main/goodbye",
                prompts="confirmation",
                events=events,
            )
        )
        db.execute(
            insert(NoticeAttempt).values(
                notice_id=notice_id, channel="letter", state="accepted", started_at=NOW,
                document_sha256=b"\x01" * 32, provider_reference="0001.pdf",
            )
        )  # fmt: skip
        db.execute(insert(AchCutoff).values(cutoff_at=NOW))
        file_id = db.execute(
            insert(AchFile).values(
                cutoff_at=NOW, name="a", file_id_modifier="A", created_at=NOW, effective_entry_date=NOW.date(),
                batches=1, entries=1, debit_cents=10000, credit_cents=0, state="sent",
            ).returning(AchFile.id)
        ).scalar_one()  # fmt: skip
        db.execute(
            insert(AchEntry).values(
                payment_id=paid.payment_id, file_id=file_id, kind="debit", sec_code="TEL", transaction_code="27",
                amount_cents=10000, trace_number="011000010000001", effective_entry_date=NOW.date(), state="sent",
                created_at=NOW,
            )
        )  # fmt: skip
        seal_evidence(db, hashes, TOMORROW, TOMORROW)
        pack = evidence_json(db, hashes, paid.confirmation_number)
    assert pack["payment"]["amount_cents"] == 10000
    assert pack["payment"]["account_last4"] == "2345"
    assert pack["consent"]["words_heard"] == "yes I do"
    assert pack["consent"]["prompts"][0]["sha256"] == "0" * 64
    assert pack["flow_version_kept"] is True
    assert pack["revocation"]["until"] == "2026-12-18T22:00:00Z"
    assert pack["notice"]["body"] == "We will debit your account once."
    assert pack["notice"]["attempts"][0]["document_sha256"] == "01" * 32
    assert pack["entries"][0]["trace_number"] == "011000010000001"
    assert pack["turns"] == [
        {
            "seq": 14,
            "at": "2026-12-18T15:15:00Z",
            "heard": "speech:yes",
            "node": "main/goodbye",
            "prompts": ["confirmation"],
        }
    ]
    assert pack["seal"]["unchanged"] is True
    page = evidence_text(pack)
    for fact in (
        "You authorize one electronic debit.",
        "We will debit your account once.",
        "heard speech:yes",
        "trace number",
    ):
        assert fact in page
    assert ACCOUNT_NUMBER not in page + str(pack)
    change(engine, Authorization, words_heard="no")
    with engine.connect() as db:
        assert evidence_json(db, hashes, paid.confirmation_number)["seal"]["unchanged"] is False


def test_a_payment_without_call_notice_or_seal_is_shown_as_it_is(engine, hashes, samples):
    paid = authorized(engine, hashes, sent=False)
    with engine.begin() as db:
        db.execute(text("DELETE FROM notices"))
        pack = evidence_json(db, hashes, paid.confirmation_number)
        assert evidence_json(db, hashes, "00000000000") is None
    assert (pack["seal"], pack["turns"], pack["entries"], pack["notice"]) == (
        None,
        [],
        [],
        {"earlier": [], "attempts": []},
    )
    assert pack["flow_version_kept"] is False
    assert "none yet" in evidence_text(pack)
