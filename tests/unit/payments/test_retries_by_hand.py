"""Staff have a debit presented again: what the rules allow, once, and after the member was told in writing."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, rows
from support.money import KEYS, SETTINGS, entries, owed_cents, pay, states

from ivr.base.errors import NotFoundError, OperatorError
from ivr.payments.origination import file_context, run_cutoff
from ivr.payments.retries import reason_against_retry
from ivr.payments.retries_by_hand import retry, withdraw
from ivr.storage.tables import AchEntry, AchFile, AuditEvent, Notice, Payment, StaffTask

HEALTH = "740000101"
WEDNESDAY = TUESDAY.date() + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture
def paid(engine):
    """A payment that came back on Tuesday for insufficient funds; nobody is told by a machine that it is retried."""
    made = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, made))
    return made


def by_hand(engine, paid, do=retry, now=TUESDAY, **more):
    with engine.begin() as db:
        return do(db, confirmation_number=paid.confirmation_number, actor="ada", now=now, **more)


def notice_is(engine, **values):
    with engine.begin() as db:
        db.execute(update(Notice).where(Notice.kind == "retried").values(values))


def test_it_is_presented_once_and_the_member_told(engine, paid):
    done = by_hand(engine, paid, rule=RULE)
    assert (done.kind, done.amount_cents) == ("retry", 31015)
    with pytest.raises(OperatorError, match="It is batched: only what came back"):
        by_hand(engine, paid, rule=RULE)
    (entry,) = (each for each in entries(engine) if each.kind == "retry")
    assert (states(engine), owed_cents(engine, HEALTH)) == (["batched"], 0)
    (notice,) = rows(engine, Notice, Notice.kind == "retried")
    assert (notice.about, notice.about_id, notice.state) == ("entry", entry.id, "pending")
    (event,) = rows(engine, AuditEvent, AuditEvent.action == "payments.retry")
    assert (event.actor, event.details) == ("ada", {"amount_cents": 31015, "entry_id": entry.id})


def cutoff(engine, days):
    """Run a cutoff so many days after Tuesday's."""
    at = TUESDAYS_CUTOFF + timedelta(days=days)
    with engine.begin() as db:
        return run_cutoff(db, KEYS, SETTINGS, cutoff=at, now=at)


def test_no_file_takes_it_before_the_member_is_told(engine, paid):
    by_hand(engine, paid, rule=RULE)
    assert cutoff(engine, 0).file is None
    (task,) = rows(engine, StaffTask, StaffTask.kind == "payment_held")
    assert task.details["reason"] == "notice"
    notice_is(engine, state="sent", channel="letter", mailed_date=None)
    (held,) = cutoff(engine, 1).held
    assert held.reason == "not_mailed"
    notice_is(engine, mailed_date=WEDNESDAY)
    assert cutoff(engine, 2).file.debit_cents == 31015
    file = rows(engine, AchFile)[-1]
    lines = KEYS.open(file.content, file_context(file.name)).decode("ascii").splitlines()
    (header,) = (line for line in lines if line.startswith("5"))
    assert header[53:63] == "RETRY PYMT"
    with engine.connect() as db:
        assert (
            db.scalars(select(StaffTask.closed_by).where(StaffTask.kind == "payment_held")).all()
            == ["ivr"] * 2
        )


def test_until_a_file_holds_it_it_is_taken_back(engine, paid):
    with pytest.raises(OperatorError, match="No retry of payment"):
        by_hand(engine, paid, withdraw)
    by_hand(engine, paid, rule=RULE)
    by_hand(engine, paid, withdraw)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], 31015)
    by_hand(engine, paid, rule=RULE)
    notice_is(engine, state="sent", channel="sms")
    cutoff(engine, 0)
    with pytest.raises(OperatorError, match="or the bank has it"):
        by_hand(engine, paid, withdraw)


AGAINST = {
    "presented again 2 times": lambda db, _: db.exec_driver_sql(
        "INSERT INTO ach_entries (payment_id, kind, sec_code, transaction_code, amount_cents, state, created_at,"
        " file_id, trace_number, effective_entry_date, return_code, returned_at)"
        " SELECT payment_id, 'retry', sec_code, transaction_code, amount_cents, state, created_at,"
        " file_id, '02100002000080' || n, effective_entry_date, return_code, returned_at"
        " FROM ach_entries, generate_series(1, 2) AS n"
    ),
    "are over": lambda db, _: db.execute(update(AchEntry).values(effective_entry_date="2026-06-01")),
    "is not kept": lambda db, _: db.execute(update(Payment).values(account_number=None)),
    "came back with R08": lambda db, _: db.execute(update(Payment).values(return_code="R08")),
    "Staff gave it back": lambda db, _: db.execute(update(AchEntry).values(kind="refund")),
    "Less is owed on its bill": lambda db, _: db.execute(update(Payment).values(amount_cents=31016)),
}  # fmt: skip


@pytest.mark.parametrize("reason", AGAINST)
def test_what_the_rules_forbid_is_refused_with_the_reason(engine, paid, reason):
    with engine.connect() as db:
        assert reason_against_retry(db, RULE, paid.payment_id, TUESDAY) == ""
        AGAINST[reason](db, paid)
        with pytest.raises(OperatorError, match=f"cannot be presented again. .*{reason}"):
            retry(db, RULE, confirmation_number=paid.confirmation_number, actor="ada", now=TUESDAY)


def test_an_unknown_number_is_named(engine):
    with engine.connect() as db, pytest.raises(NotFoundError, match="12345678978"):
        retry(db, RULE, confirmation_number="12345678978", actor="ada", now=TUESDAY)
