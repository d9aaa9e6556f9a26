"""Reversals and refunds: two ways back for money that was debited, never both for the same."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update
from support.bank import once_more
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, rows, settle_by
from support.money import entries, owed_cents, pay, payment_row, states

from ivr.base.errors import OperatorError
from ivr.payments.blocks import block_account
from ivr.payments.credits import refund, reverse
from ivr.payments.requested import Requested
from ivr.payments.settlement import finish
from ivr.storage.tables import AuditEvent, LedgerEntry, Payment

HEALTH = "740000101"

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture
def paid(engine):
    """A payment of sample member 1 that settled on Monday, December 21."""
    made = pay(engine, account_type="savings")
    cut(engine)
    settle_by(engine, TUESDAY)
    assert states(engine) == ["settled"]
    return made


def reverse_it(engine, paid, reason="duplicate", now=TUESDAY):
    with engine.begin() as db:
        return reverse(
            db, RULE, confirmation_number=paid.confirmation_number, reason=reason, actor="staff", now=now
        )


def refund_it(engine, paid, cents=None, now=TUESDAY):
    with engine.begin() as db:
        return refund(
            db, RULE, confirmation_number=paid.confirmation_number, amount_cents=cents, actor="staff", now=now
        )


def test_a_reversal_is_the_debit_turned_round(engine, paid):
    done = reverse_it(engine, paid, "wrong_amount")
    assert done == Requested(
        paid.confirmation_number, "reversal", 31015, "health", "2345", date(2026, 12, 23)
    )
    debit, credit = entries(engine)
    assert (debit.kind, credit.kind, credit.state, credit.file_id) == ("debit", "reversal", "requested", None)
    assert (credit.sec_code, credit.transaction_code, credit.amount_cents) == ("TEL", "32", 31015)
    (row,) = rows(engine, LedgerEntry, LedgerEntry.kind == "reversal")
    assert (row.amount_cents, row.entry_id, row.posted_at) == (31015, credit.id, TUESDAY)
    assert (owed_cents(engine, HEALTH), states(engine)) == (31015, ["settled"])
    (event,) = rows(engine, AuditEvent)
    assert (event.action, event.actor, event.subject) == ("payments.reverse", "staff", str(paid.payment_id))
    assert event.details == {"amount_cents": 31015, "entry_id": credit.id, "reason": "wrong_amount"}
    cut(engine, TUESDAYS_CUTOFF)
    (credit,) = [entry for entry in entries(engine) if entry.kind == "reversal"]
    assert (credit.state, credit.effective_entry_date) == ("sent", done.effective_entry_date)


def test_a_refund_is_new_money_of_any_part(engine, paid):
    done = refund_it(engine, paid, 1000)
    assert (done.kind, done.amount_cents) == ("refund", 1000)
    credit = entries(engine)[1]
    assert (credit.sec_code, credit.transaction_code, credit.amount_cents) == ("PPD", "32", 1000)
    assert owed_cents(engine, HEALTH) == 1000
    (event,) = rows(engine, AuditEvent)
    assert (event.action, event.details) == (
        "payments.refund",
        {"amount_cents": 1000, "entry_id": credit.id},
    )
    with pytest.raises(OperatorError, match=r"\$300\.15 can be given back"):
        refund_it(engine, paid, 30016)
    for nothing in (0, -1):
        with pytest.raises(OperatorError, match="and something"):
            refund_it(engine, paid, nothing)
    assert refund_it(engine, paid).amount_cents == 30015
    with pytest.raises(OperatorError, match=r"\$0\.00 can be given back"):
        refund_it(engine, paid)
    assert owed_cents(engine, HEALTH) == 31015


def test_never_both_for_the_same_money(engine, paid):
    refund_it(engine, paid, 1)
    with pytest.raises(OperatorError, match="given back before"):
        reverse_it(engine, paid)


def test_nothing_is_left_to_refund_after_a_reversal(engine, paid):
    reverse_it(engine, paid)
    with pytest.raises(OperatorError, match=r"\$0\.00"):
        refund_it(engine, paid)
    with pytest.raises(OperatorError, match="given back before"):
        reverse_it(engine, paid)
    assert owed_cents(engine, HEALTH) == 31015


def test_a_credit_that_came_back_can_be_given_again(engine, paid):
    refund_it(engine, paid)
    cut(engine, TUESDAYS_CUTOFF)
    credit = next(entry for entry in entries(engine) if entry.kind == "refund")
    back = came_back(engine, paid, "R23", credit=True, savings=True)
    bring(engine, once_more(back, original_trace=credit.trace_number))
    assert owed_cents(engine, HEALTH) == 0
    assert refund_it(engine, paid).amount_cents == 31015


def test_a_reversal_has_five_banking_days(engine, paid):
    """Settled Monday December 21; Christmas is closed: the fifth banking day after is Tuesday the 29th."""
    mondays_cutoff = datetime(2026, 12, 28, 22, tzinfo=UTC)
    with pytest.raises(OperatorError, match=r"settled on 2026-12-21.*Refund it instead"):
        reverse_it(engine, paid, now=mondays_cutoff)
    assert reverse_it(engine, paid, now=mondays_cutoff - timedelta(seconds=1)).effective_entry_date == date(
        2026, 12, 29
    )


@pytest.mark.parametrize("give", [reverse_it, refund_it])
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("authorized", "cancel it"),
        ("held", "cancel it"),
        ("cancelled", "nothing was debited"),
        ("batched", "wait until it has settled"),
        ("sent", "wait until it has settled"),
        ("returned", "sent it back"),
    ],
)
def test_only_what_was_debited_is_given_back(engine, paid, give, state, said):
    with engine.begin() as db:
        db.execute(update(Payment).values(state=state))
    with pytest.raises(OperatorError, match=said):
        give(engine, paid)
    assert len(entries(engine)) == 1


def test_a_final_payment_can_be_refunded(engine, paid):
    later = TUESDAY + timedelta(days=80)
    with engine.begin() as db:
        finish(db, frozenset(), later)
    assert states(engine) == ["final"]
    assert refund_it(engine, paid, now=later).amount_cents == 31015


def test_without_the_account_a_check_is_the_way(engine, paid):
    with engine.begin() as db:
        db.execute(update(Payment).values(account_number=None))
    with pytest.raises(OperatorError, match="by check"):
        refund_it(engine, paid)


def test_a_closed_account_takes_no_credit(engine, paid):
    row = payment_row(engine, paid)
    with engine.begin() as db:
        block_account(db, row.account_fingerprint, return_code="R02", payment_id=row.id, now=TUESDAY)
    with pytest.raises(OperatorError, match="by check"):
        reverse_it(engine, paid)
    assert owed_cents(engine, HEALTH) == 0


@pytest.mark.parametrize("give", [reverse_it, refund_it])
def test_an_unknown_number_is_said_to_be_so(engine, paid, give):
    from types import SimpleNamespace

    with pytest.raises(OperatorError, match="No payment has the confirmation number 12345678978"):
        give(engine, SimpleNamespace(confirmation_number="12345678978"))
