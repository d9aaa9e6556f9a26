"""The jobs that follow from returns."""

import io
from datetime import date, timedelta

import pytest
import structlog
from sqlalchemy import select
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, many_debits, settle_by
from support.money import FRIDAY, SETTINGS, entries, pay, settings_with, states

from ivr.base.clock import ManualClock
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.jobs.ach_returns import request_due_retries, watch_rates
from ivr.jobs.groups import job_groups
from ivr.jobs.worker import run_due_jobs
from ivr.members.imports import import_members
from ivr.payments.credits import refund, reverse
from ivr.payments.retries import request_retry
from ivr.storage.queue import enqueue
from ivr.storage.tables import StaffTask

WEDNESDAY = TUESDAY + timedelta(days=1)
TWICE = settings_with(IVR_RETRIES="2")


@pytest.fixture
def paid(engine):
    """A debit that is with the bank."""
    members, hashes = demo_members(FRIDAY.date()), SETTINGS.hashes
    with engine.begin() as db:
        import_members(db, hashes, FRIDAY, io.BytesIO(members_csv(members).encode()), file_name="m")
        bills = io.BytesIO(bills_csv(members).encode())
        import_bills(db, hashes, FRIDAY, bills, file_name="b", as_of_at=FRIDAY)
    paid = pay(engine)
    cut(engine)
    return paid


@pytest.fixture
def returned(engine, paid):
    bring(engine, came_back(engine, paid))
    return paid


@pytest.mark.usefixtures("returned")
def test_retries_are_requested_when_due_and_allowed_and_once(engine):
    assert request_due_retries(engine, SETTINGS, WEDNESDAY) == 0
    assert request_due_retries(engine, TWICE, TUESDAY) == 0
    assert request_due_retries(engine, TWICE, WEDNESDAY) == 1
    assert request_due_retries(engine, TWICE, WEDNESDAY) == 0
    assert states(engine) == ["batched"]


@pytest.mark.parametrize("sent", [False, True], ids=["withdrawn in time", "on its way"])
@pytest.mark.parametrize("kind", ["reversal", "refund"])
def test_what_staff_gave_back_is_never_debited_again_by_a_machine(engine, paid, kind, sent):
    """The debit was wrong, said staff; then it was returned for insufficient funds, which alone would be tried again."""
    settle_by(engine, TUESDAY)
    what = {"confirmation_number": paid.confirmation_number, "actor": "staff", "now": TUESDAY}
    with engine.begin() as db:
        if kind == "reversal":
            reverse(db, RULE, reason="wrong_receiver", **what)
        else:
            refund(db, RULE, amount_cents=1000, **what)
    back = came_back(engine, paid)
    if sent:
        cut(engine, TUESDAYS_CUTOFF)
    bring(engine, back, now=WEDNESDAY)
    assert (states(engine), request_due_retries(engine, TWICE, WEDNESDAY + timedelta(days=1))) == (
        ["returned"],
        0,
    )
    with engine.begin() as db:
        assert not request_retry(db, RULE, paid.payment_id, WEDNESDAY + timedelta(days=1))


@pytest.mark.usefixtures("returned")
def test_rates_are_told_to_staff_and_to_the_log_once(engine, paid):
    many_debits(engine, paid, 99)
    with structlog.testing.capture_logs() as logs:
        watch_rates(engine, SETTINGS, TUESDAY)
        for days in range(1, 5):
            watch_rates(engine, SETTINGS, TUESDAY + timedelta(days=days))
    assert [(each["log_level"], each["event"]) for each in logs] == [("warning", "return_rate")]
    assert (logs[0]["rate"], logs[0]["percent"]) == ("overall", 100.0)
    with engine.connect() as db:
        (task,) = db.execute(select(StaffTask.details)).scalars()
    assert (task["rate"], task["date"]) == ("overall", date(2026, 12, 26).isoformat())


@pytest.mark.usefixtures("returned")
def test_the_worker_knows_both(engine, database_url, paid):
    many_debits(engine, paid, 99)
    with engine.begin() as db:
        for job in ("retries", "return_rates"):
            enqueue(db, job, timestamp=0)
    run_due_jobs(database_url, ManualClock(WEDNESDAY), *job_groups(bank=TWICE))
    assert {entry.kind for entry in entries(engine)} == {"debit", "retry"}
    with engine.connect() as db:
        assert len(db.execute(select(StaffTask.id)).all()) == 1
