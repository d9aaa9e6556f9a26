"""The worker's share in notices: what was promised goes out by itself."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select, text, update
from support import environs, money
from support.authorized import NOW, authorized
from support.carriers import SLOW, TwilioServer
from support.samples import HASHES

from ivr.base.clock import ManualClock
from ivr.base.keys import KeyedHash
from ivr.base.settings import load_notice_settings
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.jobs.groups import job_groups
from ivr.jobs.notices import open_notice_sender
from ivr.jobs.worker import run_due_jobs
from ivr.members.imports import import_members
from ivr.storage.queue import enqueue
from ivr.storage.tables import Member, Notice, NoticeAttempt, Payment, StaffTask

TEXTS = Path(__file__).resolve().parents[3] / "prompts" / "notices"
CLOCK = ManualClock(NOW)
ENVIRON = {
    **environs.PLACE,
    **environs.PLAIN,
    **environs.KEYS,
    "PUBLIC_URL": "https://line.example",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "0123456789abcdef",
    "IVR_SUPPORT_PHONE": "+18005550100",
    "IVR_SUPPORT_HOURS": "Mon-Fri 08:00-18:00",
}
WORKER = """
import json, sys
from datetime import datetime
from pathlib import Path
from ivr.base.clock import ManualClock
from ivr.base.settings import load_notice_settings, load_origination_settings
from ivr.jobs.groups import job_groups
from ivr.jobs.notices import open_notice_sender
from ivr.jobs.worker import run_worker
from ivr.storage.engine import database_url
url, now, texts, environ = sys.argv[1:]
sender = open_notice_sender(load_notice_settings(json.loads(environ)), Path(texts))
bank = load_origination_settings(json.loads(environ))
clock = ManualClock(datetime.fromisoformat(now))
run_worker(database_url(url), clock, *job_groups(sender=sender, bank=bank))
"""


@pytest.fixture
def hashes() -> KeyedHash:
    return HASHES


@pytest.fixture
def samples(engine: Engine, hashes: KeyedHash) -> None:
    members = demo_members(NOW.date())
    with engine.begin() as db:
        import_members(db, hashes, NOW, io.BytesIO(members_csv(members).encode()), file_name="m.csv")
        bills = io.BytesIO(bills_csv(members).encode())
        import_bills(db, hashes, NOW, bills, file_name="b.csv", as_of_at=NOW)


@pytest.fixture
def sender(tmp_path: Path):
    return open_notice_sender(load_notice_settings({**ENVIRON, "IVR_LETTERS_OUT": str(tmp_path)}), TEXTS)


def test_the_settings_say_which_carriers_there_are(sender) -> None:
    assert (sender.sms, sender.email) == (None, None)
    given = {
        "IVR_SMS_FROM": "+16175550198",
        "IVR_SMTP": "smtp://mail.example",
        "IVR_MAIL_FROM": "a@b.example",
    }
    whole = open_notice_sender(load_notice_settings({**ENVIRON, **given}), TEXTS)
    assert whole.sms is not None
    assert whole.email is not None
    assert whole.letters.folder == Path("var/letters/out")


def test_a_promised_notice_goes_out_by_its_job(  # noqa: PLR0917 (fixtures)
    engine: Engine, database_url: URL, sender, samples, hashes, tmp_path
):
    paid = authorized(engine, hashes, sent=False)
    run_due_jobs(database_url, CLOCK, *job_groups(sender=sender))
    assert (tmp_path / f"2026-12-18-{paid.confirmation_number}.pdf").exists()
    assert left(engine) == []


def test_without_settings_it_waits_for_a_worker_that_has_them(
    engine: Engine, database_url: URL, samples, hashes, caplog
):
    authorized(engine, hashes, sent=False)
    with caplog.at_level(logging.ERROR):
        run_due_jobs(database_url, CLOCK, *job_groups())
    assert (left(engine), caplog.text) == ([], "")
    with engine.connect() as db:
        assert db.scalars(select(Notice.state)).one() == "pending"


def test_what_waits_is_found_every_minute_and_staff_are_warned(
    engine: Engine, database_url: URL, sender, samples, hashes
):
    """The job is lost: its worker was killed, and so was whoever would have done it again."""
    paid = authorized(engine, hashes, sent=False)
    with engine.begin() as db:
        db.execute(text("DELETE FROM procrastinate_jobs"))
        enqueue(db, "notices")
    run_due_jobs(database_url, ManualClock(paid.cutoff_at - timedelta(hours=1)), *job_groups(sender=sender))
    with engine.connect() as db:
        assert db.scalars(select(Notice.state)).one() == "sent"
        assert db.scalars(select(StaffTask.kind)).one() == "notice_late"
        assert db.scalars(select(StaffTask.closed_at)).one() is not None


@pytest.mark.whole
def test_a_carrier_that_does_not_answer_delays_no_cutoff_and_no_letter(
    engine: Engine, database_url: URL, samples, tmp_path: Path
) -> None:
    """A worker in a process of its own: one notice hangs; the file reaches the bank and a letter the outbox."""
    hanging = money.pay(engine, notice="pending").payment_id
    with engine.begin() as db:
        db.execute(update(Notice).values(channel="sms"))
        db.execute(update(Member).where(Member.member_id == "400000000101").values(phone="+16175550123"))
        db.execute(update(Member).values(sms_ok=True))
    letter = money.pay(engine, notice="pending", member=4, cents=100).payment_id
    debit = money.pay(engine, plan="dental", cents=100).payment_id
    with TwilioServer() as twilio:
        twilio.answers = [SLOW]
        environ = {
            **money.ENVIRON,
            **ENVIRON,
            "IVR_ACH_OUT": str(tmp_path / "bank"),
            "IVR_LETTERS_OUT": str(tmp_path / "letters"),
            "IVR_SMS_FROM": "+16175550198",
            "TWILIO_API_URL": twilio.url,
        }
        now = money.FRIDAYS_CUTOFF + timedelta(minutes=1)
        url = database_url.render_as_string(hide_password=False)
        command = [sys.executable, "-c", WORKER, url, now.isoformat(), str(TEXTS), json.dumps(environ)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as worker:
            try:
                wait_until(worker, engine, select(Payment.state).where(Payment.id == debit), "sent")
                wait_until(worker, engine, select(Notice.state).where(Notice.payment_id == letter), "sent")
                attempts = select(NoticeAttempt.channel, NoticeAttempt.state).order_by(NoticeAttempt.id)
                of_hanging = attempts.join(Notice).where(Notice.payment_id == hanging)
                with engine.connect() as db:
                    assert db.execute(of_hanging).all() == [("sms", "sending")]
            finally:
                worker.terminate()
                twilio.release.set()
                _, errors = worker.communicate(timeout=60)
    assert worker.returncode == 0, errors
    assert [path.name for path in (tmp_path / "bank").iterdir()] == ["ivr-20261218-A.ach"]
    with engine.connect() as db:
        assert db.execute(of_hanging).all()[0] == ("sms", "unknown"), "the job at hand was finished first"
        assert db.scalar(text("SELECT count(*) FROM procrastinate_workers")) == 0


def wait_until(worker: subprocess.Popen, engine: Engine, value, expected: str) -> None:
    give_up_at = time.monotonic() + 60
    with engine.connect() as db:
        while db.scalar(value) != expected:
            assert worker.poll() is None
            assert time.monotonic() < give_up_at
            db.rollback()
            time.sleep(0.02)


def left(engine: Engine) -> list:
    with engine.connect() as db:
        return db.execute(text("SELECT task_name, status FROM procrastinate_jobs")).all()
