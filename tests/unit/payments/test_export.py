"""The day's export, line by line, with its control totals."""

import csv
import io
from datetime import date, timedelta

from sqlalchemy import update
from support.authorized import NOW, ZONE, authorized

from ivr.payments.evidence import newest_head, seal_evidence
from ivr.payments.export import COLUMNS, export_day
from ivr.storage.tables import Payment


def read(engine, day):
    with engine.connect() as db:
        return list(csv.DictReader(io.StringIO("".join(export_day(db, day, ZONE)))))


def test_a_day_has_its_payments_their_totals_and_the_head(engine, hashes, samples):
    midnight = NOW.astimezone(ZONE).replace(hour=0, minute=0)
    authorized(engine, hashes, seq=1, amount_cents=1000, now=midnight - timedelta(seconds=1))
    first = authorized(engine, hashes, seq=2, amount_cents=2000, now=midnight)
    second = authorized(engine, hashes, seq=3, amount_cents=3001, billing_account="750000101")
    third = authorized(engine, hashes, seq=4, amount_cents=4000)
    authorized(engine, hashes, seq=5, amount_cents=100, now=midnight + timedelta(days=1))
    with engine.begin() as db:
        db.execute(
            update(Payment)
            .where(Payment.id == third.payment_id)
            .values(state="returned", return_code="R01", trace_number="011000010000007", returned_at=NOW)
        )
        seal_evidence(db, hashes, NOW, NOW + timedelta(days=1))
        head = newest_head(db).hex()
    rows = read(engine, date(2026, 12, 18))
    assert [row["confirmation_number"] for row in rows[:3]] == [
        paid.confirmation_number for paid in (first, second, third)
    ]
    assert rows[2] | {"authorized_at": "", "confirmation_number": ""} == dict.fromkeys(COLUMNS, "") | {
        "record": "payment",
        "plan": "health",
        "amount": "40.00",
        "billing_account": "740000101",
        "trace_number": "011000010000007",
        "effective_entry_date": "2026-12-21",
        "state": "returned",
        "return_code": "R01",
    }
    assert [
        (row["plan"], row["state"], row["count"], row["amount"]) for row in rows if row["record"] == "total"
    ] == [
        ("dental", "authorized", "1", "30.01"),
        ("health", "authorized", "1", "20.00"),
        ("health", "returned", "1", "40.00"),
        ("", "", "3", "90.01"),
    ]
    assert rows[-1]["record"] == "evidence"
    assert rows[-1]["evidence_head"] == head


def test_a_payment_that_came_back_later_is_in_that_days_export_too(engine, hashes, samples):
    paid = authorized(engine, hashes)
    later = NOW + timedelta(days=4)
    with engine.begin() as db:
        db.execute(update(Payment).values(state="returned", return_code="R03", returned_at=later))
    assert [row["confirmation_number"] for row in read(engine, later.date())][:1] == [
        paid.confirmation_number
    ]


def test_a_day_without_payments_says_so(engine):
    rows = read(engine, date(2026, 12, 18))
    assert [(row["record"], row["count"], row["amount"]) for row in rows] == [
        ("total", "0", "0.00"),
        ("evidence", "", ""),
    ]
