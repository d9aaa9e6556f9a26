"""The audit: a clean year meets every duty, and each planted breach is found under its duty, by its number."""

import io
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
from sqlalchemy import text
from support.environs import KEY_BYTES
from support.money import SETTINGS

from benchmarks.years import ROLES, load_year
from ivr.audit.duties import DUTIES
from ivr.audit.pages import make_pages
from ivr.audit.report import audit, is_sealed, report_text
from ivr.base.keys import KeyRing
from ivr.payments.evidence import seal_evidence
from ivr.payments.retention import kept_since
from ivr.storage.audit import record_event

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
PAYMENTS, EVERY = 240, 40


@pytest.fixture
def year(engine, hashes):
    load_year(engine, KeyRing({"k1": KEY_BYTES}), hashes, NOW, PAYMENTS, every=EVERY)
    with engine.begin() as db:
        record_event(db, "payments.cancel", "1", {}, actor="pat", now=NOW - timedelta(days=3))
        seal_evidence(db, hashes, NOW, NOW)


@contextmanager
def unguarded(engine):
    with engine.begin() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        yield db


def audited(engine):
    today = NOW.date()
    with engine.connect() as db:
        return audit(db, SETTINGS, today - timedelta(days=365), today, NOW, kept=kept_since(NOW, 10))


def found(report):
    return {(row["duty"], number) for row in report["duties"] for number in row["not_met"]}


# Each on a payment of its own (its place in the year): the duty it breaks, and how. `{p}` is the payment's id.
BREACHES = {
    1: (
        "notice-before-settlement",
        "UPDATE notices SET mailed_date = mailed_date + 9 WHERE payment_id = {p}",
    ),
    2: ("spoken-yes", "UPDATE authorizations SET words_heard = '' WHERE id = {p}"),
    3: ("spoken-yes", "UPDATE authorizations SET words_heard = 'yes but not now' WHERE id = {p}"),
    ROLES["reversed"]: (
        "reversal-in-time",
        (
            "UPDATE ach_entries SET effective_entry_date = effective_entry_date + 14 WHERE payment_id = {p}"
            " AND kind = 'reversal'"
        ),
    ),
    4: ("sec-code", "UPDATE ach_entries SET sec_code = 'WEB' WHERE payment_id = {p}"),
    5: (
        "not-early",
        "UPDATE ach_entries SET effective_entry_date = effective_entry_date - 7 WHERE payment_id = {p}",
    ),
    6: ("evidence-unchanged", "UPDATE authorizations SET text = 'You authorize anything.' WHERE id = {p}"),
    ROLES["deceased"]: (
        "quiet-return",
        (
            "INSERT INTO notices (payment_id, about, about_id, kind, channel, language, state, created_at,"
            " sent_at) SELECT {p}, 'entry', id, 'returned', 'letter', 'en-US', 'sent', returned_at,"
            " returned_at FROM ach_entries WHERE payment_id = {p}"
        ),
    ),
    ROLES["insufficient"]: (
        "return-told",
        "DELETE FROM notices WHERE payment_id = {p} AND kind = 'returned'",
    ),
    ROLES["unknown_account"]: (
        "return-undone",
        "DELETE FROM ledger_entries WHERE payment_id = {p} AND kind = 'return'",
    ),
    ROLES["cancelled"]: (
        "cancelled-stays",
        (
            "INSERT INTO ach_entries (payment_id, file_id, kind, sec_code, transaction_code, amount_cents,"
            " trace_number, effective_entry_date, state, created_at) SELECT {p}, f.id, 'debit', 'TEL', '27',"
            " p.amount_cents, '1', f.effective_entry_date, 'sent', f.sent_at FROM payments p JOIN ach_files"
            " f USING (cutoff_at) WHERE p.id = {p}"
        ),
    ),
    ROLES["signed"]: (
        "keyed-code",
        "DELETE FROM turns WHERE call_sid = (SELECT call_sid FROM payments WHERE id = {p})",
    ),
    15: ("amount-once", "UPDATE ach_entries SET amount_cents = amount_cents + 1 WHERE payment_id = {p}"),
    16: (
        "identity",
        "UPDATE calls SET member_id = '1' WHERE call_sid = (SELECT call_sid FROM payments WHERE id = {p})",
    ),
    17: ("unreadable-at-rest", "UPDATE payments SET account_number = '00123456789012345' WHERE id = {p}"),
    18: ("banking-day", "UPDATE ach_entries SET effective_entry_date = '2026-12-25' WHERE payment_id = {p}"),
    EVERY + ROLES["reversed"]: (
        "reversal-told",
        "DELETE FROM notices WHERE payment_id = {p} AND kind = 'reversed'",
    ),
    2 * EVERY + ROLES["reversed"]: (
        "reversal-reason",
        "UPDATE ach_entries SET reason = NULL WHERE payment_id = {p} AND kind = 'reversal'",
    ),
    ROLES["retried"]: (
        "retry",
        (
            "INSERT INTO ach_entries (payment_id, file_id, kind, sec_code, transaction_code, amount_cents,"
            " trace_number, effective_entry_date, state, return_code, returned_at, created_at) SELECT"
            " payment_id, file_id, kind, sec_code, transaction_code, amount_cents, 'x' || n,"
            " effective_entry_date, 'returned', 'R01', created_at, created_at FROM ach_entries,"
            " generate_series(1, 2) n WHERE payment_id = {p} AND kind = 'retry'"
        ),
    ),
    EVERY + ROLES["retried"]: (
        "retry",
        "UPDATE ach_entries SET return_code = 'R10' WHERE payment_id = {p} AND kind = 'debit'",
    ),
    ROLES["looked_at"]: (
        "fraud-monitoring",
        "UPDATE staff_tasks SET closed_at = NULL WHERE payment_id = {p} AND kind = 'fraud'",
    ),
    20: ("terms-kept", "UPDATE authorizations SET flow_version = 'gone' WHERE id = {p}"),
    22: ("routing-number", "UPDATE payments SET rdfi_routing_number = '021000022' WHERE id = {p}"),
    21: ("evidence-kept", "DELETE FROM notices WHERE payment_id = {p}"),
}
# What is sealed, and was changed in breaking another duty, is found altered as well.
ALSO_ALTERED = (1, 2, 3, 20, 21, 22)
REMOVED = 30  # as if it had never been, but for its seal


def pages_text(pdf):
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def payment_ids(db):
    return list(db.execute(text("SELECT id, confirmation_number FROM payments ORDER BY billing_account")))


def test_a_clean_year_meets_every_duty_and_each_planted_breach_is_named(engine, hashes, year):
    clean = audited(engine)
    assert (found(clean), clean["not_met"]) == (set(), 0)
    counted = {row["duty"]: row["applied"] for row in clean["duties"] if row["applied"] is not None}
    assert min(counted.values()) > 0, counted  # a duty that applied to nothing would prove nothing
    assert counted["evidence-kept"] == PAYMENTS

    with unguarded(engine) as db:
        rows, event = payment_ids(db), db.execute(text("SELECT id FROM audit_events")).scalar_one()
        for place, (_duty, statement) in BREACHES.items():
            db.execute(text(statement.format(p=rows[place].id)))
        db.execute(text("DELETE FROM audit_events"))
        db.execute(text("DELETE FROM payments WHERE id = :p"), {"p": rows[REMOVED].id})
    report = audited(engine)
    number = {place: rows[place].confirmation_number for place in BREACHES}
    expected = {(duty, number[place]) for place, (duty, _statement) in BREACHES.items()}
    expected.add(("audit-trail", f"audit event {event}"))
    expected |= {("evidence-unchanged", number[place]) for place in ALSO_ALTERED}
    expected.add(("evidence-unchanged", f"payment {rows[REMOVED].id}"))
    expected.add(("evidence-unchanged", rows[REMOVED + 1].confirmation_number))  # whose seal rests on its
    assert found(report) >= expected
    assert found(report) - expected == {
        # A debit that early came before its notice, as one without any; and what was retried came back unsaid.
        ("notice-before-settlement", number[5]),
        ("notice-before-settlement", number[21]),
        ("return-told", number[ROLES["retried"]]),
        ("return-undone", number[ROLES["retried"]]),
    }
    assert report["not_met"] == len(found(report))

    page, printed = report_text(report), pages_text(make_pages(report, SETTINGS.ivr_timezone))
    for duty, breaching in expected:
        assert breaching in page
        assert duty in printed
        assert breaching in printed
    assert {duty.word for duty in DUTIES} <= set(printed.replace(".", " ").split())
    assert report["seal"] in "".join(printed.split())
    assert is_sealed(json.loads(json.dumps(report)), hashes)
    assert not is_sealed({**report, "not_met": 0}, hashes)
