"""The receipts file: what came by another way lowers what is owed, once."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from support.samples import NOW, TODAY

from ivr.billing.ledger import balances
from ivr.billing.receipts import import_receipts
from ivr.storage.tables import LedgerEntry, Receipt

HEADER = "billing_account,amount,received_date,channel,reference\n"
ONE = "740000101,100.15,2026-12-17,mail,LB-2026-0001\n"
TWO = "750000101,42.30,2026-12-18,counter,R 2\n"

pytestmark = pytest.mark.usefixtures("samples")


def load(engine, text, *, now=NOW):
    with engine.connect() as db:
        result = import_receipts(db, now, io.BytesIO(text.encode()), file_name="receipts.csv")
        if result.errors:
            db.rollback()
        else:
            db.commit()
    return result


def owed(engine):
    with engine.connect() as db:
        return [each.balance_cents for each in balances(db, "400000000101", TODAY)]


def rows(engine, table=Receipt):
    with engine.connect() as db:
        return db.scalar(select(func.count()).select_from(table))


def problems(result):
    return [(error.line, error.field, error.message) for error in result.errors]


def test_a_receipt_lowers_what_is_owed_and_is_kept(engine):
    result = load(engine, HEADER + ONE + TWO)
    assert (result.read, result.added, result.changed, result.unchanged) == (2, 2, 0, 0)
    assert owed(engine) == [31015 - 10015, 0]
    with engine.connect() as db:
        receipt = db.execute(select(Receipt.__table__).order_by(Receipt.reference)).first()
        entry = db.execute(
            select(LedgerEntry.__table__).where(LedgerEntry.receipt_reference == "LB-2026-0001")
        ).one()
    assert tuple(receipt) == ("LB-2026-0001", "740000101", 10015, TODAY - timedelta(days=1), "mail", NOW)
    assert (entry.kind, entry.amount_cents, entry.posted_at) == ("receipt", -10015, NOW)


def test_the_same_again_changes_nothing_and_new_ones_are_added(engine):
    load(engine, HEADER + ONE)
    result = load(engine, HEADER + ONE + TWO, now=NOW + timedelta(hours=1))
    assert (result.read, result.added, result.unchanged) == (2, 1, 1)
    assert owed(engine) == [21000, 0]
    result = load(engine, HEADER + TWO + ONE)
    assert (result.added, result.unchanged) == (0, 2)
    assert rows(engine) == 2
    assert owed(engine) == [21000, 0]


def test_the_same_line_twice_in_a_file_is_one_receipt(engine):
    result = load(engine, HEADER + ONE + ONE)
    assert (result.read, result.added, result.unchanged) == (2, 1, 1)
    assert owed(engine)[0] == 21000


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("billing_account", "740000102,100.15,2026-12-17,mail,LB-2026-0001\n"),
        ("amount", "740000101,100.16,2026-12-17,mail,LB-2026-0001\n"),
        ("received_date", "740000101,100.15,2026-12-16,mail,LB-2026-0001\n"),
        ("channel", "740000101,100.15,2026-12-17,online,LB-2026-0001\n"),
    ],
)
def test_a_reference_with_other_facts_is_an_error_that_loads_nothing(engine, field, line):
    load(engine, HEADER + ONE)
    result = load(engine, HEADER + TWO + line)
    assert problems(result) == [(3, field, "a receipt with this reference is stored with another value here")]
    assert (rows(engine), owed(engine)) == (1, [21000, 4230])
    inside = load(
        engine,
        HEADER
        + TWO
        + "\n".join((ONE.replace("LB-2026-0001", "X").strip(), ""))
        + line.replace("LB-2026-0001", "X"),
    )
    assert problems(inside) == [(4, field, "line 3 has this reference with another value here")]


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("billing_account", "640000101,1.00,2026-12-17,mail,X\n"),
        ("billing_account", "749999999,1.00,2026-12-17,mail,X\n"),
        ("amount", "740000101,0.00,2026-12-17,mail,X\n"),
        ("amount", "740000101,-1.00,2026-12-17,mail,X\n"),
        ("amount", "740000101,1,2026-12-17,mail,X\n"),
        ("received_date", "740000101,1.00,2026-12-32,mail,X\n"),
        ("received_date", "740000101,1.00,2026-12-20,mail,X\n"),
        ("channel", "740000101,1.00,2026-12-17,pigeon,X\n"),
        ("reference", "740000101,1.00,2026-12-17,mail,\n"),
        ("reference", "740000101,1.00,2026-12-17,mail,1.23457E+11\n"),
        ("reference", "740000101,1.00,2026-12-17,mail,1e12\n"),
        ("reference", '740000101,1.00,2026-12-17,mail,"1,5E+15"\n'),
        ("reference", "740000101,1.00,2026-12-17,mail, X\n"),
        ("reference", f"740000101,1.00,2026-12-17,mail,{'X' * 65}\n"),
    ],
)
def test_every_bad_field_is_named_and_nothing_is_loaded(engine, field, line):
    result = load(engine, HEADER + ONE + line)
    assert [(error.line, error.field) for error in result.errors] == [(3, field)]
    assert (rows(engine), owed(engine)) == (0, [31015, 4230])


def test_errors_of_the_file_and_of_the_database_come_together_in_order(engine):
    load(engine, HEADER + ONE)
    result = load(
        engine,
        HEADER
        + "740000101,100.16,2026-12-17,mail,LB-2026-0001\n"
        + "740000101,1.00,2026-12-17,fax,Y\n"
        + "749999999,1.00,2026-12-17,mail,Z\n",
    )
    assert [(error.line, error.field) for error in result.errors] == [
        (2, "amount"),
        (3, "channel"),
        (4, "billing_account"),
    ]


def test_what_is_paid_too_much_is_a_credit(engine):
    load(engine, HEADER + "740000101,400.00,2026-12-17,bank_bill_pay,B1\n")
    with engine.connect() as db:
        health, _ = balances(db, "400000000101", TODAY)
    assert (health.balance_cents, health.credit_cents) == (0, 40000 - 31015)
