"""Balances: a sum, told apart into past due and current."""

import io
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, insert

from ivr.billing.imports import import_bills
from ivr.billing.ledger import balances
from ivr.billing.post import post
from ivr.storage.tables import LedgerEntry, Payment

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
TODAY = date(2026, 12, 18)
LETTER, ACCOUNT = "400000000111", "740000111"  # demo.letter owes 177.15 for January, due December 23


def add_bills(engine, hashes, *bills, first_payment="no"):
    lines = ["billing_account,member_id,plan,coverage_month,amount,due_date,first_payment"]
    lines += [
        f"{ACCOUNT},{LETTER},health,{month},{amount},{due},{first_payment}" for month, amount, due in bills
    ]
    with engine.begin() as db:
        stream = io.BytesIO("\n".join(lines).encode())
        assert import_bills(db, hashes, NOW, stream, as_of_at=NOW, file_name="b.csv").errors == []


def pay(engine, amount_cents, state="authorized", number="1"):
    with engine.begin() as db:
        payment_id = db.execute(
            insert(Payment)
            .values(
                confirmation_number=number,
                call_sid="CA" + number,
                seq=1,
                state=state,
                amount_cents=amount_cents,
                plan="health",
                billing_account=ACCOUNT,
                member_id=LETTER,
                authorized_at=NOW,
                cutoff_at=NOW,
                not_before_date=TODAY,
                effective_entry_date=TODAY,
                sec_code="TEL",
                account_type="checking",
                rdfi_routing_number="021000021",
                account_number=b"",
                account_fingerprint=b"",
                account_last4="1234",
                receiver_name="Kale Sample",
                language="en-US",
                pace="voice",
            )
            .returning(Payment.id)
        ).scalar_one()
        post(db, "payment", ACCOUNT, -amount_cents, NOW, payment_id=payment_id)


def balance(engine, member_id=LETTER, today=TODAY):
    with engine.connect() as db:
        return balances(db, member_id, today)[0]


def parts(found):
    return found.past_due_cents, found.current_cents, found.past_due_date, found.due_date


def test_one_statement_gives_every_plan_health_first(engine, samples):
    member = samples["demo.past_due"]
    log = []
    with engine.connect() as db:
        event.listen(db, "before_cursor_execute", lambda *arguments: log.append(arguments[2]))
        health, dental = balances(db, member.member_id, TODAY)
    assert len(log) == 1
    assert (health.plan, health.billing_account) == ("health", member.billing_accounts["health"])
    assert (health.balance_cents, health.past_due_cents, health.current_cents) == (60815, 29800, 31015)
    assert (health.past_due_date, health.due_date) == (date(2026, 11, 23), date(2026, 12, 23))
    assert (dental.plan, dental.balance_cents, dental.past_due_cents) == ("dental", 3875, 0)
    assert (dental.past_due_date, dental.due_date, dental.as_of_at) == (None, date(2026, 12, 23), NOW)
    assert (health.credit_cents, health.pending_cents, health.first_payment) == (0, 0, False)


def test_nothing_owed_has_no_date(engine, samples):
    found = balance(engine, samples["demo.paid"].member_id)
    assert (found.balance_cents, *parts(found), found.first_payment) == (0, 0, 0, None, None, False)


def test_an_unknown_member_owes_nothing(engine, samples):
    with engine.connect() as db:
        assert balances(db, "999999999999", TODAY) == ()


@pytest.mark.parametrize(("today", "past_due"), [("2026-12-23", False), ("2026-12-24", True)])
def test_a_bill_is_past_due_from_the_day_after_its_due_date(engine, samples, today, past_due):
    found = balance(engine, today=date.fromisoformat(today))
    assert parts(found) == (
        (17715, 0, date(2026, 12, 23), None) if past_due else (0, 17715, None, date(2026, 12, 23))
    )


@pytest.mark.parametrize(
    ("paid_cents", "expected"),
    [
        # October 100.00, November 110.00, January 177.15 (current)
        (0, (21000, 17715, date(2026, 9, 23), date(2026, 12, 23))),
        (5000, (16000, 17715, date(2026, 9, 23), date(2026, 12, 23))),
        (10000, (11000, 17715, date(2026, 10, 23), date(2026, 12, 23))),
        (10001, (10999, 17715, date(2026, 10, 23), date(2026, 12, 23))),
        (21000, (0, 17715, None, date(2026, 12, 23))),
        (21001, (0, 17714, None, date(2026, 12, 23))),
        (38715, (0, 0, None, None)),
    ],
)
def test_a_payment_covers_the_oldest_bills_first(engine, hashes, samples, paid_cents, expected):
    add_bills(engine, hashes, ("2026-11", "110.00", "2026-10-23"), ("2026-10", "100.00", "2026-09-23"))
    if paid_cents:
        pay(engine, paid_cents)
    found = balance(engine)
    assert parts(found) == expected
    assert found.balance_cents == 38715 - paid_cents
    assert found.pending_cents == paid_cents


def test_the_nearest_of_two_current_bills_is_the_date_told(engine, hashes, samples):
    add_bills(engine, hashes, ("2027-02", "50.00", "2027-01-23"))
    assert parts(balance(engine)) == (0, 22715, None, date(2026, 12, 23))
    pay(engine, 17715)
    assert parts(balance(engine)) == (0, 5000, None, date(2027, 1, 23))


def test_a_bill_of_nothing_is_never_unpaid(engine, hashes, samples):
    add_bills(engine, hashes, ("2026-11", "0.00", "2026-10-23"), ("2027-03", "0.00", "2027-02-23"))
    assert parts(balance(engine)) == (0, 17715, None, date(2026, 12, 23))
    add_bills(engine, hashes, ("2026-10", "1.00", "2026-09-23"))
    assert parts(balance(engine)) == (100, 17715, date(2026, 9, 23), date(2026, 12, 23))


def test_paid_too_much_is_a_credit_and_nothing_owed(engine, samples):
    pay(engine, 20000)
    found = balance(engine)
    assert (found.balance_cents, found.credit_cents, *parts(found)) == (0, 2285, 0, 0, None, None)


def test_a_debt_beyond_all_bills_is_past_due(engine, samples):
    with engine.begin() as db:
        row = {"billing_account": ACCOUNT, "kind": "correction", "amount_cents": 500, "posted_at": NOW}
        db.execute(insert(LedgerEntry).values(row))
    found = balance(engine)
    assert (found.balance_cents, *parts(found)) == (18215, 500, 17715, None, date(2026, 12, 23))


def test_a_revised_bill_changes_what_is_owed(engine, hashes, samples):
    pay(engine, 10000)
    add_bills(engine, hashes, ("2027-01", "150.00", "2026-12-23"))
    assert balance(engine).balance_cents == 5000


def test_payments_are_pending_until_settled(engine, samples):
    states = ("authorized", "held", "cancelled", "batched", "sent", "settled", "returned", "final")
    for index, state in enumerate(states):
        pay(engine, 10**index, state, number=str(index))
    assert balance(engine).pending_cents == 11011


def test_a_first_payment_is_told_while_it_is_unpaid(engine, samples, hashes):
    assert balance(engine, samples["demo.first_payment"].member_id).first_payment
    add_bills(engine, hashes, ("2027-01", "177.15", "2026-12-23"), first_payment="yes")
    assert balance(engine).first_payment
    pay(engine, 17715)
    assert not balance(engine).first_payment
