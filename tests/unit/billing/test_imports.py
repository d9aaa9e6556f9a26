"""The bills file: what reaches the ledger, what a revised bill does, what is refused."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from ivr.billing.imports import authorization_code_hash, import_bills, withdraw_bill
from ivr.storage.tables import AuditEvent, Bill, BillingAccount, LedgerEntry

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
LATER = datetime(2026, 12, 19, 15, 15, tzinfo=UTC)

# demo.letter has a health account of its own (740000111) and no dental one.
LETTER = "400000000111"
DENTAL = {
    "billing_account": "755000001",
    "member_id": LETTER,
    "plan": "dental",
    "coverage_month": "2027-01",
    "amount": "42.30",
    "due_date": "2026-12-23",
    "first_payment": "no",
}
CODE = DENTAL | {"authorization_code": "408215"}


def csv_of(*rows):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def load(engine, hashes, *rows, now=NOW, as_of_at=NOW, **options):
    with engine.begin() as db:
        stream = io.BytesIO(csv_of(*rows).encode())
        return import_bills(db, hashes, now, stream, as_of_at=as_of_at, file_name="b.csv", **options)


def counts(result):
    assert result.errors == []
    return result.read, result.added, result.changed, result.unchanged


def errors(result):
    assert (result.added, result.changed, result.unchanged) == (0, 0, 0)
    return [(error.file, error.line, error.field) for error in result.errors]


def ledger(engine, account="755000001"):
    with engine.connect() as db:
        columns = (
            LedgerEntry.kind,
            LedgerEntry.amount_cents,
            LedgerEntry.coverage_month,
            LedgerEntry.posted_at,
        )
        statement = select(*columns).where(LedgerEntry.billing_account == account).order_by(LedgerEntry.id)
        return [tuple(row) for row in db.execute(statement)]


def bill(engine, month="2027-01"):
    with engine.connect() as db:
        return db.execute(
            select(Bill.__table__).where(Bill.billing_account == "755000001", Bill.coverage_month == month)
        ).one_or_none()


def test_a_new_bill_is_stored_and_posted(engine, hashes, samples):
    assert counts(load(engine, hashes, CODE, now=LATER)) == (1, 1, 0, 0)
    assert ledger(engine) == [("bill", 4230, "2027-01", LATER)]
    row = bill(engine)
    assert (row.amount_cents, row.due_date, row.first_payment) == (4230, date(2026, 12, 23), False)
    assert row.as_of_at == NOW
    assert row.authorization_code_hash == authorization_code_hash(hashes, "755000001", "408215")
    with engine.connect() as db:
        account = db.execute(select(BillingAccount.__table__).where(BillingAccount.plan == "dental")).all()
    assert ("755000001", LETTER, "dental") in [tuple(each[:3]) for each in account]


def test_the_same_amount_again_posts_nothing_but_is_true_later(engine, hashes, samples):
    load(engine, hashes, DENTAL)
    assert counts(load(engine, hashes, DENTAL, now=LATER, as_of_at=LATER)) == (1, 0, 0, 1)
    assert ledger(engine) == [("bill", 4230, "2027-01", NOW)]
    assert bill(engine).as_of_at == LATER


@pytest.mark.parametrize(("amount", "difference"), [("50.00", 770), ("40.00", -230), ("0.00", -4230)])
def test_another_amount_is_posted_as_a_correction(engine, hashes, samples, amount, difference):
    load(engine, hashes, DENTAL)
    assert counts(load(engine, hashes, DENTAL | {"amount": amount}, now=LATER)) == (1, 0, 1, 0)
    assert ledger(engine) == [("bill", 4230, "2027-01", NOW), ("correction", difference, "2027-01", LATER)]
    assert bill(engine).amount_cents == 4230 + difference


@pytest.mark.parametrize("change", [{"due_date": "2026-12-24"}, {"first_payment": "yes"}])
def test_another_date_changes_the_bill_but_not_the_ledger(engine, hashes, samples, change):
    load(engine, hashes, DENTAL)
    assert counts(load(engine, hashes, DENTAL | change)) == (1, 0, 1, 0)
    assert len(ledger(engine)) == 1


def test_a_file_without_codes_leaves_the_code(engine, hashes, samples):
    load(engine, hashes, CODE)
    assert counts(load(engine, hashes, DENTAL)) == (1, 0, 0, 1)
    assert bill(engine).authorization_code_hash is not None
    assert counts(load(engine, hashes, CODE | {"authorization_code": "9999"})) == (1, 0, 1, 0)
    assert bill(engine).authorization_code_hash == authorization_code_hash(hashes, "755000001", "9999")


def test_months_are_bills_of_their_own(engine, hashes, samples):
    february = DENTAL | {"coverage_month": "2027-02", "due_date": "2027-01-23"}
    assert counts(load(engine, hashes, DENTAL, february)) == (2, 2, 0, 0)
    assert counts(load(engine, hashes, february | {"amount": "43.00"})) == (1, 0, 1, 0)
    assert bill(engine).amount_cents == 4230
    assert bill(engine, "2027-02").amount_cents == 4300


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("billing_account", "655000001"),
        ("billing_account", "75500000"),
        ("member_id", "1"),
        ("plan", "vision"),
        ("coverage_month", "2027-13"),
        ("coverage_month", "2027-1"),
        ("amount", "42.3"),
        ("amount", "42"),
        ("amount", "-42.30"),
        ("amount", "12345678.00"),
        ("amount", "1,000.00"),
        ("due_date", "2026-02-30"),
        ("first_payment", "true"),
        ("authorization_code", "123"),
        ("authorization_code", "12a4"),
        ("authorization_code", "1" * 13),
    ],
)
def test_a_bad_cell_is_named_and_nothing_is_loaded(engine, hashes, samples, field, value):
    bad = CODE | {"coverage_month": "2027-02"} | {field: value}
    assert errors(load(engine, hashes, CODE, bad)) == [("b.csv", 3, field)]
    assert bill(engine) is None
    assert ledger(engine) == []


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"amount": "1.00"}, "coverage_month", "the same bill as in line 2"),
        (
            {"coverage_month": "2027-02", "member_id": "400000000110"},
            "billing_account",
            "line 2 has this billing account for another member or plan",
        ),
        (
            {"coverage_month": "2027-02", "plan": "health"},
            "billing_account",
            "line 2 has this billing account for another member or plan",
        ),
        (
            {"billing_account": "755000002"},
            "billing_account",
            "line 2 has another billing account for this member and plan",
        ),
    ],
)
def test_a_file_must_agree_with_itself(*, engine, hashes, samples, change, field, message):
    result = load(engine, hashes, DENTAL, DENTAL | change)
    assert [(error.line, error.field, error.message) for error in result.errors] == [(3, field, message)]
    assert (result.errors[0].rule, result.errors[0].other_line) in {
        ("import.other-value", 2),
        ("import.same-row", 2),
    }
    assert bill(engine) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"billing_account": "740000101"}, "this billing account belongs to another member or plan"),
        ({"billing_account": "740000111"}, "this billing account belongs to another member or plan"),
        ({"plan": "health"}, "this member has another billing account for this plan"),
    ],
)
def test_a_file_must_agree_with_what_is_stored(engine, hashes, samples, change, message):
    result = load(engine, hashes, DENTAL | change)
    assert errors(result) == [("b.csv", 2, "billing_account")]
    assert (result.errors[0].rule, result.errors[0].message) == ("import.other-value", message)


def test_errors_of_cells_and_of_the_database_come_together_in_order(engine, hashes, samples):
    result = load(
        engine,
        hashes,
        DENTAL | {"member_id": "999999999999"},
        DENTAL | {"amount": "x", "coverage_month": "2027-02"},
        DENTAL | {"billing_account": "740000101", "member_id": "400000000110"},
    )
    assert errors(result) == [
        ("b.csv", 2, "member_id"),
        ("b.csv", 3, "amount"),
        ("b.csv", 4, "billing_account"),
    ]
    assert [error.rule for error in result.errors] == ["import.unknown", "import.value", "import.other-value"]


def test_what_does_not_commit_was_never_there(engine, hashes, samples):
    with engine.connect() as db:
        stream = io.BytesIO(csv_of(DENTAL).encode())
        assert import_bills(db, hashes, NOW, stream, as_of_at=NOW, file_name="b.csv").added == 1
        db.rollback()
    assert bill(engine) is None
    assert ledger(engine) == []


def months(engine, account="755000001"):
    with engine.connect() as db:
        return db.scalars(
            select(Bill.coverage_month).where(Bill.billing_account == account).order_by(Bill.coverage_month)
        ).all()


def test_what_a_file_with_every_bill_of_a_month_leaves_out_is_withdrawn(engine, hashes, samples):
    """Bills of months that are not in the file at all stay: a file begins and ends somewhere."""
    december = DENTAL | {"coverage_month": "2026-12"}
    load(engine, hashes, december, DENTAL)
    with engine.connect() as db:
        others = db.scalar(select(func.count()).where(Bill.coverage_month == "2027-01")) - 1
    letter = DENTAL | {"billing_account": "740000111", "plan": "health"}
    whole = load(engine, hashes, letter, now=LATER, complete=True)
    assert (whole.stood, whole.withdrawn) == (others + 1, others)  # all but the letter's
    assert months(engine) == ["2026-12"]
    assert ledger(engine)[-1] == ("correction", -4230, "2027-01", LATER)
    load(engine, hashes, DENTAL, now=LATER)
    assert ledger(engine)[-1] == ("bill", 4230, "2027-01", LATER)


def test_a_bill_is_withdrawn_by_staff_once_and_recorded(engine, hashes, samples):
    load(engine, hashes, DENTAL)
    with engine.begin() as db:
        args = (db, "755000001", "2027-01")
        assert withdraw_bill(*args, actor="Pat", now=LATER) == 4230
        assert withdraw_bill(*args, actor="Pat", now=LATER) is None
        events = db.execute(select(AuditEvent.actor, AuditEvent.action, AuditEvent.subject)).all()
    assert events == [("Pat", "bills.withdraw", "755000001")]
    assert (months(engine), sum(row[1] for row in ledger(engine))) == ([], 0)
