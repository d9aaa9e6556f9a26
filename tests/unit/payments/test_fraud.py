"""Fraud monitoring: planted cases are found, each once; a clean month is left alone; only staff hold or release."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, true
from support.banking import RULE
from support.environs import KEY_BYTES
from support.money import FRIDAY, FRIDAYS_CUTOFF, KEYS, SETTINGS, pay, payment_row

from benchmarks.years import load_year
from ivr.base.errors import OperatorError
from ivr.base.keys import KeyRing
from ivr.payments.fraud import (
    SHIPPED_REVIEW,
    find_fraud,
    hold_payment,
    note_review,
    procedure_reviewed_at,
    watch_fraud,
)
from ivr.payments.fraud_rules import FRAUD_RULES
from ivr.payments.late import release_late, waiting_for_staff
from ivr.payments.origination import run_cutoff
from ivr.storage.tables import Payment, StaffTask

MONTH = 1200  # payments of the clean month

# Twelve cases: the rule that has to find it, of how many payments it is made, how long after each other they were
# authorized, what is changed of them ({row} is the first one's number), and what is done besides ({ids}).
ONE_TELEPHONE = (
    "UPDATE calls SET caller_kind = 'number', caller_hash = sha256('{row}') WHERE call_sid IN"
    " (SELECT call_sid FROM payments WHERE id IN ({ids}))"
)
FAILED = (
    "INSERT INTO verification_counters (counted_on, failures_since_success, recent_failures_at) SELECT"
    " member_id, 0, ARRAY[authorized_at - interval '3 hours', authorized_at - interval '2 hours',"
    " authorized_at - interval '1 hour'] FROM payments WHERE id IN ({ids})"
)
BACK = (
    "UPDATE payments SET state = 'returned', return_code = '%s' WHERE id IN ({ids}) AND state <> 'authorized'"
)
ONE_MEMBER, ONE_ACCOUNT = "member_id = '600000000{row}'", "account_fingerprint = sha256('{row}')"
CASES = (
    ("member-payments", 5, "1 minute", ONE_MEMBER, ""),
    ("member-payments", 6, "4 hours", ONE_MEMBER, ""),
    (
        "account-payments",
        7,
        "1 minute",
        ONE_ACCOUNT + ", member_id = '6000000007' || lpad((id % 3)::text, 2, '0')",
        "",
    ),
    ("caller-members", 4, "1 minute", "", ONE_TELEPHONE),
    ("caller-members", 5, "5 hours", "", ONE_TELEPHONE),
    ("account-members", 4, "1 minute", ONE_ACCOUNT, ""),
    ("account-members", 4, "9 days", ONE_ACCOUNT, ""),
    ("member-accounts", 4, "2 days", ONE_MEMBER, ""),
    ("unusual-amount", 1, "1 minute", "amount_cents = 4 * amount_cents", ""),
    ("failed-verifications", 1, "1 minute", "", FAILED),
    ("returned-accounts", 3, "3 days", ONE_MEMBER, BACK % "R03"),
    ("returned-accounts", 3, "1 minute", ONE_MEMBER, BACK % "R10"),
)


def tasks(engine, kind="fraud"):
    with engine.connect() as db:
        return db.execute(
            select(Payment.confirmation_number, StaffTask.details, StaffTask.closed_by)
            .outerjoin_from(StaffTask, Payment, Payment.id == StaffTask.payment_id)
            .where(StaffTask.kind == kind)
            .order_by(StaffTask.id)
        ).all()


def plant(db, ids, apart, changes, besides):
    """Make a case of these payments, and return the number of the newest, which still waits."""
    row = {"row": f"{ids[0]:03}", "ids": ", ".join(map(str, ids))}
    sets = ", ".join(
        filter(None, ["authorized_at = :now - (:newest - id) * CAST(:apart AS interval)", changes])
    )
    db.execute(
        text(f"UPDATE payments SET {sets.format(**row)} WHERE id IN ({row['ids']})"),
        {"now": FRIDAY, "newest": ids[-1], "apart": apart},
    )
    waits = "UPDATE payments SET state = 'authorized', return_code = NULL WHERE id = :id RETURNING confirmation_number"
    number = db.execute(text(waits), {"id": ids[-1]}).scalar_one()
    if besides:
        db.execute(text(besides.format(**row)))
    return number


@pytest.fixture
def month(engine, hashes):
    """A month of payments: households share an account, some pay two bills, some keyed an account wrong once."""
    load_year(engine, KeyRing({"k1": KEY_BYTES}), hashes, FRIDAY, MONTH, every=100)
    with engine.begin() as db:
        db.execute(
            text(
                "UPDATE payments p SET authorized_at = :start + (p.billing_account::bigint - 710000000) *"
                " interval '35 minutes'"
            ),
            {"start": FRIDAY - timedelta(days=29)},
        )
        db.execute(  # two neighbors in ten are a household, with one account and one telephone
            text(
                "UPDATE payments p SET account_fingerprint = o.account_fingerprint FROM payments o WHERE"
                " p.billing_account::bigint % 10 = 1 AND o.billing_account::bigint ="
                " p.billing_account::bigint - 1"
            )
        )
        db.execute(  # one in ten pays both bills
            text(
                "UPDATE payments p SET member_id = o.member_id FROM payments o WHERE"
                " p.billing_account::bigint % 10 = 3 AND o.billing_account::bigint ="
                " p.billing_account::bigint - 1"
            )
        )
        db.execute(
            text(
                "INSERT INTO bills (billing_account, coverage_month, amount_cents, due_date, first_payment,"
                " as_of_at) SELECT billing_account, '2026-12', amount_cents, '2026-12-23', false, :now FROM"
                " payments"
            ),
            {"now": FRIDAY},
        )
        return list(db.scalars(select(Payment.id).order_by(Payment.billing_account)))


def test_a_clean_month_is_left_alone_and_twelve_planted_cases_are_found(engine, month):
    with engine.connect() as db:
        flagged = {each.confirmation_number for each in find_fraud(db, true())}
    assert len(flagged) < MONTH / 100

    with engine.begin() as db:
        planted = {
            (rule, plant(db, month[20 * place + 4 : 20 * place + 4 + count], *how))
            for place, (rule, count, *how) in enumerate(CASES, start=1)
        }
        found = watch_fraud(db, FRIDAY)
        assert watch_fraud(db, FRIDAY) == ()  # told once, however often it looks
    assert len(planted) == 12
    assert {(each.rule, each.confirmation_number) for each in found} >= planted
    assert {each.confirmation_number for each in found} == {number for _rule, number in planted}
    assert [
        (task.confirmation_number, task.details["rule"]) for task in tasks(engine) if task.closed_by is None
    ] == [(each.confirmation_number, each.rule) for each in found]


def test_staff_hold_a_payment_which_no_cutoff_takes_and_release_it_as_it_was_told(engine, samples):
    paid, other = pay(engine), pay(engine, cents=10000, member=2)
    with engine.begin() as db:
        hold_payment(db, confirmation_number=paid.confirmation_number, reason="odd", actor="pat", now=FRIDAY)
        assert waiting_for_staff(db) == []  # `release --all` is not for these
    with pytest.raises(OperatorError, match="staff do not hold already"), engine.begin() as db:
        hold_payment(db, confirmation_number=paid.confirmation_number, reason="odd", actor="pat", now=FRIDAY)
    with engine.begin() as db:
        done = release_late(db, RULE, confirmation_number=paid.confirmation_number, actor="pat", now=FRIDAY)
    assert (done.is_told_anew, done.effective_entry_date) == (False, paid.effective_entry_date)
    with engine.begin() as db:
        hold_payment(db, confirmation_number=paid.confirmation_number, reason="odd", actor="pat", now=FRIDAY)
        cut = run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=FRIDAYS_CUTOFF + timedelta(minutes=1))
    assert [(held.confirmation_number, held.reason) for held in cut.held] == [
        (paid.confirmation_number, "review")
    ]
    assert [cut.file.entries, payment_row(engine, other).state] == [1, "batched"]
    with engine.begin() as db:
        now = FRIDAYS_CUTOFF + timedelta(hours=1)
        done = release_late(db, RULE, confirmation_number=paid.confirmation_number, actor="pat", now=now)
    assert (done.is_told_anew, done.effective_entry_date > paid.effective_entry_date) == (True, True)


def test_a_hold_closes_the_finding_and_replaces_the_lines_own_hold(engine, samples):
    paid = pay(engine, notice="pending", cents=31015)
    with engine.begin() as db:
        run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=FRIDAYS_CUTOFF)
        db.execute(text("UPDATE bills SET amount_cents = 100"))
        assert [each.rule for each in watch_fraud(db, FRIDAYS_CUTOFF)] == ["unusual-amount"]
        hold_payment(
            db, confirmation_number=paid.confirmation_number, reason="odd", actor="pat", now=FRIDAYS_CUTOFF
        )
    assert payment_row(engine, paid).hold_reason == "review"
    assert [task.closed_by for task in tasks(engine)] == ["pat"]


def test_the_procedure_is_due_once_a_year(engine):
    late = SHIPPED_REVIEW + timedelta(days=366)
    with engine.begin() as db:
        watch_fraud(db, late - timedelta(days=2))
        assert db.execute(select(StaffTask.id)).all() == []
        watch_fraud(db, late)
        watch_fraud(db, late)
    assert [task.closed_by for task in tasks(engine, "fraud_procedure")] == [None]
    with engine.begin() as db:
        note_review(db, note="limits as they were", actor="pat", now=late)
        watch_fraud(db, late + timedelta(days=364))
        assert procedure_reviewed_at(db) == late
    assert [task.closed_by for task in tasks(engine, "fraud_procedure")] == ["pat"]


def test_the_page_has_every_rule_with_its_limit_and_the_date(engine):
    page = (Path(__file__).parents[3] / "docs" / "fraud-procedure.md").read_text()
    told = dict(re.findall(r"^\| ([a-z-]+) \| (.*) \|$", page, re.MULTILINE))
    assert {rule.word for rule in FRAUD_RULES if f"more than {rule.limit} " in told[rule.word]} == {
        rule.word for rule in FRAUD_RULES
    }
    assert f"Last looked at: {SHIPPED_REVIEW.date()}." in page
