"""A debit once more: only for insufficient funds, twice at most, within 180 days, and only what is still owed."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, update
from support.bank import once_more
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, rows, settle_by
from support.money import (
    ACCOUNT_NUMBER,
    KEYS,
    ROUTING_NUMBER,
    SETTINGS,
    entries,
    owed_cents,
    pay,
    payment_row,
    states,
)

from ivr.base.errors import OperatorError
from ivr.billing.imports import import_bills
from ivr.payments.blocks import block_routing_number, release
from ivr.payments.credits import refund, reverse
from ivr.payments.files import reject_file
from ivr.payments.origination import file_context, run_cutoff
from ivr.payments.retries import RETRY_CODES, due_retries, request_retry, will_be_tried_again
from ivr.storage.tables import AchFile, BankItem, LedgerEntry, Payment, StaffTask

HEALTH = "740000101"
WEDNESDAY = datetime(2026, 12, 23, 5, 30, tzinfo=UTC)  # half past midnight in Boston

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture
def paid(engine):
    """A payment that came back on Tuesday for insufficient funds."""
    made = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, made))
    return made


def due(engine, now=WEDNESDAY, retries=2):
    with engine.connect() as db:
        return due_retries(db, RULE, retries, now)


def retry(engine, paid, now=WEDNESDAY):
    with engine.begin() as db:
        return request_retry(db, RULE, paid.payment_id, now)


def will_be(engine, paid, retries=2):
    with engine.connect() as db:
        return will_be_tried_again(db, paid.payment_id, retries)


def test_that_it_will_be_tried_again_is_known_before_it_is_due(engine, paid):
    assert [will_be(engine, paid, retries) for retries in (0, 1, 2)] == [False, True, True]
    assert retry(engine, paid)
    assert not will_be(engine, paid), "it is asked by now"


def test_it_is_due_on_the_banking_day_after_it_came_back(engine, paid):
    assert due(engine, WEDNESDAY - timedelta(hours=1)) == []
    assert due(engine) == [paid.payment_id]
    with engine.begin() as db:
        db.execute(update(Payment).values(returned_at=datetime(2026, 12, 24, 20, tzinfo=UTC)))
    assert due(engine, datetime(2026, 12, 27, 20, tzinfo=UTC)) == []  # Christmas, then a weekend
    assert due(engine, datetime(2026, 12, 28, 6, tzinfo=UTC)) == [paid.payment_id]


def test_off_by_default_and_never_more_than_the_setting_or_the_rules_say(engine, paid):
    assert SETTINGS.ivr_retries == 0
    assert due(engine, retries=0) == []
    for attempt in (1, 2):
        assert retry(engine, paid)
        assert due(engine) == []
        cut(engine, TUESDAYS_CUTOFF + timedelta(days=attempt - 1))
        back = came_back(engine, paid, "R09", trace=f"02100002000080{attempt}")
        bring(engine, back, now=TUESDAY + timedelta(days=attempt))
        later = WEDNESDAY + timedelta(days=7)
        assert due(engine, later, retries=attempt) == []
        assert due(engine, later, retries=2) == ([paid.payment_id] if attempt == 1 else [])
    assert due(engine, WEDNESDAY + timedelta(days=7), retries=9) == []
    assert owed_cents(engine, HEALTH) == 31015


def test_a_retry_is_a_request_of_its_own(engine, paid):
    assert retry(engine, paid)
    asked = next(entry for entry in entries(engine) if entry.kind == "retry")
    assert (asked.state, asked.amount_cents, asked.transaction_code) == ("requested", 31015, "27")
    assert (states(engine), owed_cents(engine, HEALTH)) == (["batched"], 0)
    (row,) = rows(engine, LedgerEntry, LedgerEntry.kind == "retry")
    assert (row.amount_cents, row.entry_id, row.posted_at) == (-31015, asked.id, WEDNESDAY)
    assert not retry(engine, paid)
    assert len(entries(engine)) == 2


def test_only_want_of_money_is_tried_again(engine):
    assert RETRY_CODES == ("R01", "R09")
    made = pay(engine)
    cut(engine)
    bring(engine, once_more(came_back(engine, made), code="R08"))
    assert due(engine) == []


def pay_another_way(engine, cents):
    with engine.begin() as db:
        values = {"billing_account": HEALTH, "kind": "receipt", "amount_cents": -cents, "posted_at": TUESDAY}
        db.execute(insert(LedgerEntry).values(values))


def test_what_was_paid_another_way_is_not_tried_again(engine, paid):
    pay_another_way(engine, 1)
    assert not retry(engine, paid)
    assert (states(engine), len(entries(engine))) == (["returned"], 1)


def test_a_newer_bill_is_not_the_bill_that_was_to_be_paid(engine, paid):
    pay_another_way(engine, 31015)
    bills = (
        "billing_account,member_id,plan,coverage_month,amount,due_date,first_payment\n"
        f"{HEALTH},400000000101,health,2027-02,310.15,2027-01-23,no\n"
    )
    for amount in ("310.15", "320.15"):
        with engine.begin() as db:
            import_bills(
                db,
                SETTINGS.hashes,
                TUESDAY,
                io.BytesIO(bills.replace("310.15", amount).encode()),
                as_of_at=TUESDAY,
                file_name="b.csv",
            )
    assert owed_cents(engine, HEALTH) == 32015
    assert not retry(engine, paid)


def test_180_days_after_the_first_settlement_it_is_over(engine, paid):
    assert payment_row(engine, paid).effective_entry_date == date(2026, 12, 21)
    last_cutoff = datetime(2027, 6, 18, 21, tzinfo=UTC)  # its debit settles Monday, June 21: 182 days
    assert not retry(engine, paid, last_cutoff - timedelta(seconds=1))
    in_time = datetime(2027, 6, 17, 20, tzinfo=UTC)  # settles Friday the 18th: 179 days
    assert retry(engine, paid, in_time)


def test_neither_a_blocked_bank_nor_a_lost_account_is_debited(engine, paid):
    row = payment_row(engine, paid)
    with engine.begin() as db:
        block_routing_number(db, row.rdfi_routing_number, return_code="R13", now=TUESDAY)
    assert not retry(engine, paid)
    assert not will_be(engine, paid)
    with engine.begin() as db:
        db.exec_driver_sql("DELETE FROM blocked_routing_numbers")
        db.execute(update(Payment).values(account_number=None))
    assert due(engine) == []
    assert not retry(engine, paid)


@pytest.mark.parametrize(("kind", "corrected"), [("retry", True), ("refund", True), ("reversal", False)])
def test_what_a_bank_corrected_is_used_from_the_next_entry_on(engine, kind, corrected):
    made = pay(engine)
    cut(engine)
    back = came_back(engine, made)
    changes = (("C01", "99887766"), ("C02", "211391825"), ("C05", "37"))
    bring(engine, *(once_more(back, code=code, data=data) for code, data in changes))
    if kind == "retry":
        bring(engine, back)
        assert retry(engine, made)
    else:
        settle_by(engine, TUESDAY)
        give_back(engine, made, kind)
    cut(engine, TUESDAYS_CUTOFF + timedelta(days=1))
    file = rows(engine, AchFile)[-1]
    content = KEYS.open(file.content, file_context(file.name)).decode("ascii")
    (entry,) = (line for line in content.splitlines() if line.startswith("6"))
    digit = {"retry": "7", "refund": "2", "reversal": "2"}[kind]
    if corrected:
        assert (entry[1:12], entry[12:29].strip()) == (f"3{digit}211391825", "99887766")
    else:
        assert (entry[1:12], entry[12:29].strip()) == (f"2{digit}{ROUTING_NUMBER}", ACCOUNT_NUMBER)
    assert entry[39:54].strip() == made.confirmation_number
    assert payment_row(engine, made).rdfi_routing_number == ROUTING_NUMBER


def give_back(engine, made, kind):
    asked = {"confirmation_number": made.confirmation_number, "actor": "staff", "now": TUESDAY}
    with engine.begin() as db:
        if kind == "refund":
            refund(db, RULE, amount_cents=None, **asked)
        else:
            reverse(db, RULE, reason="duplicate", **asked)


def test_a_correction_whose_key_is_gone_holds_the_retry(engine, paid):
    bring(engine, once_more(came_back(engine, paid), code="C05", data="37"))
    assert retry(engine, paid)
    with engine.begin() as db:
        db.execute(update(BankItem).where(BankItem.kind == "change").values(corrected=b"\x02k9" + b"x" * 40))
        with pytest.raises(OperatorError, match="IVR_KEYS"):
            run_cutoff(db, KEYS, SETTINGS, cutoff=TUESDAYS_CUTOFF, now=TUESDAYS_CUTOFF)


@pytest.fixture
def other(engine):
    """Another payment from the same account, in the same file: it can come back later."""
    return pay(engine, member=4, cents=100)


def close_the_account(engine, other):
    bring(engine, came_back(engine, other, "R02", trace="021000020000999"), now=WEDNESDAY)


def cutoff(engine, days, *, dies=False):
    """Run a cutoff so many days after Tuesday's; perhaps its process dies just before the end."""
    at = TUESDAYS_CUTOFF + timedelta(days=days)
    with engine.connect() as db:
        done = run_cutoff(db, KEYS, SETTINGS, cutoff=at, now=at)
        if not dies:
            db.commit()
    return done


@pytest.mark.parametrize("refused", [False, True], ids=["asked for", "asked for again"])
def test_a_retry_whose_account_was_blocked_since_is_withdrawn_once(engine, other, paid, refused):
    before = payment_row(engine, paid)
    assert retry(engine, paid)
    if refused:
        cut(engine, TUESDAYS_CUTOFF)
        with engine.begin() as db:
            reject_file(db, rows(engine, AchFile)[-1].name, reason="no", actor="staff", now=TUESDAY)
    close_the_account(engine, other)
    cutoff(engine, 1, dies=True)
    assert owed_cents(engine, HEALTH) == 0
    for days in (1, 1, 2):
        done = cutoff(engine, days)
        assert payment_row(engine, paid) == before
        assert owed_cents(engine, HEALTH) == 31015
    assert (done.file, done.held) == (None, ())
    (row,) = rows(engine, LedgerEntry, LedgerEntry.kind == "cancellation")
    (entry,) = (each for each in entries(engine) if each.state == "withdrawn")
    assert (row.amount_cents, row.payment_id, row.entry_id) == (31015, paid.payment_id, entry.id)
    (task,) = rows(engine, StaffTask, StaffTask.kind == "payment_held")
    assert task.details.pop("why").endswith("the retry is withdrawn, and the bill is owed again")
    assert task.details == {"reason": "blocked", "fields": "", "withdrawn": "retry"}
    assert (task.payment_id, task.closed_at) == (paid.payment_id, None)


def test_a_withdrawn_retry_is_asked_for_again_once_staff_open_the_account(engine, other, paid):
    """It never went out, so it is none of the two that are allowed."""
    assert retry(engine, paid)
    close_the_account(engine, other)
    cutoff(engine, 1)
    thursday = WEDNESDAY + timedelta(days=1)
    assert not retry(engine, paid, thursday)
    with engine.begin() as db:
        release(db, paid.confirmation_number, note="open again", actor="staff", now=thursday)
    assert due(engine, thursday, retries=1) == [paid.payment_id]
    assert retry(engine, paid, thursday)
    assert cutoff(engine, 2).file.debit_cents == 31015
    assert (payment_row(engine, paid).state, owed_cents(engine, HEALTH)) == ("batched", 0)
    (task,) = rows(engine, StaffTask, StaffTask.kind == "payment_held")
    assert task.closed_by == "ivr"
