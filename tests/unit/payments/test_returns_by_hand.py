"""A return that staff book: as the file would, told from it when it comes, and refused where it cannot be."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from support.bank import once_more
from support.banking import (
    RULE,
    TUESDAY,
    TUESDAYS_CUTOFF,
    account_blocked,
    bring,
    came_back,
    cut,
    rows,
    settle_by,
)
from support.money import (
    FRIDAYS_CUTOFF,
    KEYS,
    MONDAY,
    SETTINGS,
    entries,
    owed_cents,
    pay,
    payment_row,
    states,
)

from ivr.base.errors import OperatorError
from ivr.payments.credits import refund
from ivr.payments.rates import return_rates
from ivr.payments.retries import request_retry
from ivr.payments.returns_by_hand import book_return
from ivr.storage.tables import AchEntry, AuditEvent, BankItem, BlockedAccount, LedgerEntry, StaffTask

HEALTH = "740000101"
OWED = 31015
BANKS_DAY = date(2026, 12, 22)

pytestmark = pytest.mark.usefixtures("samples")


def sent(engine, **paying):
    paid = pay(engine, **paying)
    cut(engine)
    return paid


def book(engine, paid, code="R01", *, day=BANKS_DAY, trace=None, now=TUESDAY):
    number = paid if isinstance(paid, str) else paid.confirmation_number
    with engine.begin() as db:
        return book_return(
            db,
            KEYS,
            SETTINGS.hashes,
            number,
            code=code,
            returned_on=day,
            trace_number=trace,
            note="the bank's fax",
            actor="staff",
            now=now,
        )


def counts(done):
    return (done.returns, done.changes, done.unmatched, done.handed_over, done.already_known)


def what_it_left(engine, paid):
    """All that a return does to a payment and to what hangs on it."""
    payment = payment_row(engine, paid)
    of_it = paid.payment_id
    with engine.connect() as db:
        blocked = account_blocked(db, payment.account_fingerprint)
    return (
        (payment.state, payment.return_code, payment.returned_at, blocked),
        [
            (e.state, e.return_code, e.returned_at)
            for e in rows(engine, AchEntry, AchEntry.payment_id == of_it)
        ],
        [
            (row.kind, row.amount_cents, row.posted_at)
            for row in rows(engine, LedgerEntry, LedgerEntry.payment_id == of_it)
        ],
        [
            (task.kind, {**task.details, "file_name": "", "line": 0})
            for task in rows(engine, StaffTask, StaffTask.payment_id == of_it)
        ],
    )


@pytest.mark.parametrize("code", ["R01", "R02", "R06", "R10", "R15"])
def test_it_does_what_the_files_return_does(engine, code):
    by_hand = pay(engine, member=1, cents=100)
    by_file = pay(engine, member=4, cents=100, account_number="55500001")
    cut(engine)
    settle_by(engine, TUESDAY)
    done = book(engine, by_hand, code)
    assert (done.is_undone, done.kind, done.amount_cents) == (True, "debit", 100)
    bring(engine, came_back(engine, by_file, code))
    assert what_it_left(engine, by_hand) == what_it_left(engine, by_file)
    with engine.connect() as db:
        assert return_rates(db, TUESDAY).overall == 2
    item, _ = rows(engine, BankItem)
    assert (item.state, item.code, item.settlement_date) == ("applied", code, BANKS_DAY)
    event = rows(engine, AuditEvent)[0]
    assert (event.action, event.actor, event.subject) == ("ach.return", "staff", by_hand.confirmation_number)
    assert event.details == {
        "code": code,
        "date": "2026-12-22",
        "trace_number": payment_row(engine, by_hand).trace_number,
        "note": "the bank's fax",
    }


def test_the_banks_own_file_finds_it_known_and_adds_what_it_knows(engine):
    paid = sent(engine)
    book(engine, paid, "R02")
    before = what_it_left(engine, paid)
    back = came_back(engine, paid, "R02", trace="021000020000777")
    done = bring(engine, back)
    assert (counts(done), done.errors, done.joined) == ((0, 0, 0, 0, 1), [], 1)
    assert what_it_left(engine, paid) == before
    (item,) = rows(engine, BankItem)
    assert (item.trace_number, item.settlement_date) == ("021000020000777", BANKS_DAY)
    assert (item.file_name, item.line, item.state) == ("back.ach", 4, "applied")
    assert rows(engine, AuditEvent)[-1].details["joined"] == 1
    again = bring(engine, back, file_name="copy.ach")
    assert (counts(again), again.joined, len(rows(engine, AuditEvent))) == ((0, 0, 0, 0, 1), 0, 2)
    second = bring(engine, once_more(back, trace="021000020000778"))
    assert counts(second) == (0, 0, 0, 1, 0)  # a second return of one entry is for a person, as ever


def test_where_the_bank_says_another_code_its_word_counts_and_a_person_learns_it(engine):
    paid = sent(engine)
    book(engine, paid, "R01")
    done = bring(engine, came_back(engine, paid, "R10"))
    assert counts(done) == (0, 0, 0, 1, 0)
    assert "booked by hand as R01" in done.errors[0].message
    payment = payment_row(engine, paid)
    assert (payment.state, payment.return_code, entries(engine)[0].return_code) == ("returned", "R10", "R10")
    assert (owed_cents(engine, HEALTH), len(rows(engine, BankItem))) == (OWED, 1)
    with engine.connect() as db:
        assert account_blocked(db, payment.account_fingerprint)
        assert return_rates(db, TUESDAY).unauthorized == 1
    (task,) = rows(engine, StaffTask)
    assert (task.kind, task.details["code"]) == ("bank_item_to_look_at", "R10")
    assert "unblock" in task.details["next"]


def test_a_retry_that_comes_back_is_another_entry_than_the_debit(engine):
    paid = sent(engine)
    book(engine, paid)
    with engine.begin() as db:
        assert request_retry(db, RULE, paid.payment_id, TUESDAY)
    with pytest.raises(OperatorError, match=r"The retry of payment .* waits for the next file"):
        book(engine, paid, "R09")
    cut(engine, TUESDAYS_CUTOFF)
    later = TUESDAYS_CUTOFF + timedelta(days=2)
    assert book(engine, paid, "R09", day=later.date(), now=later).kind == "retry"
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], OWED)
    first, second = (entry.trace_number for entry in entries(engine))
    back = came_back(engine, paid, "R09")
    assert back.original_trace == second
    assert counts(bring(engine, back, once_more(back, code="R01", original_trace=first))) == (0, 0, 0, 0, 2)


def test_a_refund_that_comes_back_is_named_by_its_trace_number(engine):
    paid = sent(engine)
    settle_by(engine, TUESDAY)
    number = paid.confirmation_number
    with engine.begin() as db:
        refund(db, RULE, confirmation_number=number, amount_cents=None, actor="s", now=TUESDAY)
    cut(engine, TUESDAYS_CUTOFF)
    credit = next(entry for entry in entries(engine) if entry.kind == "refund")
    later = TUESDAYS_CUTOFF + timedelta(days=2)
    done = book(engine, paid, "R23", day=later.date(), trace=credit.trace_number, now=later)
    assert (done.kind, states(engine), owed_cents(engine, HEALTH)) == ("refund", ["settled"], 0)
    back = once_more(came_back(engine, paid, "R02"), original_trace=credit.trace_number, credit=True)
    assert counts(bring(engine, back)) == (0, 0, 0, 1, 0)  # the bank's code is another
    assert (payment_row(engine, paid).return_code, states(engine)) == (None, ["settled"])
    assert rows(engine, BlockedAccount) == []  # a credit closes no account to us
    with pytest.raises(OperatorError, match="has no entry with the trace number 011000019999999"):
        book(engine, paid, trace="011000019999999")


@pytest.mark.parametrize(("code", "kind"), [("R61", "dishonored return"), ("R77", "contested return")])
def test_a_dispute_between_banks_moves_nothing_and_is_met_later_too(engine, code, kind):
    paid = sent(engine)
    book(engine, paid)
    done = book(engine, paid, code)
    assert (done.is_undone, done.meaning, len(rows(engine, BankItem))) == (False, kind, 2)
    book(engine, paid, code)  # once more changes nothing
    assert owed_cents(engine, HEALTH) == OWED
    back = came_back(engine, paid)
    assert counts(bring(engine, once_more(back, code=code), back)) == (0, 0, 0, 0, 2)
    assert [(item.code, item.line) for item in rows(engine, BankItem)] == [("R01", 6), (code, 4)]
    assert [task.details["code"] for task in rows(engine, StaffTask)] == [code]


def test_what_cannot_have_come_back_is_refused_with_the_reason(engine):
    waiting = pay(engine, FRIDAYS_CUTOFF, member=4, cents=100)
    paid = sent(engine)
    number = paid.confirmation_number
    for what, said, why in (
        ("12345678978", {}, "No payment has the confirmation number 12345678978"),
        (waiting, {}, "is authorized: no entry of it is at the bank"),
        (paid, {"code": "R00"}, "R00 is no return code"),
        (paid, {"code": "C01"}, "C01 is no return code"),
        (paid, {"code": "R65X"}, "R65X is no return code"),
        (paid, {"day": BANKS_DAY + timedelta(days=1)}, "2026-12-23 is not here yet"),
        (paid, {"day": MONDAY - timedelta(days=1)}, "2026-12-20 is before 2026-12-21"),
    ):
        with pytest.raises(OperatorError, match=why):
            book(engine, what, **said)
    with engine.begin() as db:
        db.execute(update(AchEntry).values(state="batched"))
    with pytest.raises(OperatorError, match="its file has not reached the bank"):
        book(engine, paid)
    with engine.begin() as db:
        db.execute(update(AchEntry).values(state="sent"))
    assert (rows(engine, BankItem), states(engine)) == ([], ["authorized", "sent"])
    book(engine, paid, day=MONDAY)
    with pytest.raises(OperatorError, match=f"The debit of payment {number} came back before, as R01"):
        book(engine, paid)
    assert (len(rows(engine, BankItem)), len(rows(engine, AuditEvent))) == (1, 1)
