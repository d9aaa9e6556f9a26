"""A notice is sent by the first channel that works, at most once by each, whatever crashes in between."""

import hashlib
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError
from support.authorized import ACCOUNT_NUMBER, authorized, notice_of
from support.carriers import CUT, SID, SLOW, created, error
from support.money import waiting_jobs

from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.base.randomness import SecretRandomness
from ivr.notices.due import due_notices, find_notices, send_due, warn_of_late
from ivr.notices.outbox import PrintOutbox
from ivr.notices.send import send_notice
from ivr.payments.cancel import cancel
from ivr.payments.later_notices import SEND_JOB
from ivr.payments.life import move
from ivr.storage.tables import AchCutoff, NoticeAttempt

from .conftest import NOW, ROOT


@pytest.fixture
def send(engine, sender, clock):
    """Send the notice of a payment; `without` names channels that this line has not."""

    def sending(paid, *without, again=False):
        here = replace(sender, **dict.fromkeys(without))
        return send_notice(engine, here, clock, notice_of(engine, paid), again=again)

    return sending


def test_a_promised_text_message_is_sent_and_kept_as_sent(promised, send, facts, twilio, clock):
    paid = promised("sms")
    clock.advance(7)
    assert send(paid) == "sent"
    notice = facts.notice()
    assert (notice.state, notice.sent_at, notice.channel) == ("sent", clock.now(), "sms")
    ((_, _, form),) = twilio.requests
    assert form["Body"] == notice.body
    assert form["To"] == "+16175550123"
    (attempt,) = facts.attempts()
    assert (attempt.state, attempt.provider_reference, attempt.detail) == ("accepted", SID, None)
    assert attempt.document_sha256 == hashlib.sha256(notice.body.encode()).digest()
    assert form["StatusCallback"] == f"https://line.example/notices/status?attempt={attempt.id}"


def test_a_promised_e_mail_is_sent(promised, send, facts, mail):
    paid = promised("email")
    assert send(paid) == "sent"
    (envelope,) = mail[0].taken
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert facts.notice().state == "sent"
    (attempt,) = facts.attempts()
    assert attempt.provider_reference == f"<{paid.confirmation_number}.{attempt.id}@line.example>"


def test_a_promised_letter_is_put_into_the_outbox(promised, send, facts, sender):
    paid = promised("letter")
    assert send(paid) == "sent"
    (attempt,) = facts.attempts()
    assert attempt.provider_reference == f"2026-12-18-{paid.confirmation_number}.pdf"
    pdf = (sender.letters.folder / attempt.provider_reference).read_bytes()
    assert attempt.document_sha256 == hashlib.sha256(pdf).digest()
    assert "Someone answers Monday to Friday, 7 a.m. to 7 p.m." in facts.notice().body, "as callers are told"


def test_a_notice_is_sent_once(promised, send, facts, twilio):
    paid = promised("sms")
    assert [send(paid), send(paid), send(paid, again=True)] == ["sent", "nothing", "nothing"]
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (error(400, 21610), "failed", "HTTP 400, error 21610"),
        (CUT, "unknown", "no answer"),
        (SLOW, "unknown", "no answer"),
    ],
)
def test_a_failed_or_unknown_message_falls_to_the_next_channel(  # noqa: PLR0917 (fixtures)
    promised, send, facts, twilio, mail, answer, outcome, detail
):
    twilio.answers = [answer]
    assert send(promised("sms")) == "sent"
    assert facts.outcomes() == [("sms", outcome), ("email", "accepted")]
    assert facts.attempts()[0].detail == detail
    assert (len(twilio.requests), len(mail[0].taken)) == (1, 1)
    assert facts.notice().channel == "email"
    assert "What you heard:\n" in facts.notice().body


def test_a_channel_that_the_line_or_the_member_has_not_is_passed_over(promised, send, facts):
    paid = promised("sms")
    facts.member(email=None)
    assert send(paid, "sms") == "sent"
    assert facts.outcomes() == [("letter", "accepted")]


@pytest.mark.parametrize(
    "gone", [{"phone": None}, {"phone": ""}, {"sms_ok": False}], ids=lambda changes: next(iter(changes))
)
def test_no_text_message_goes_where_it_is_not_wanted(promised, send, facts, twilio, gone):
    paid = promised("sms")
    facts.member(**gone)
    assert send(paid, "email") == "sent"
    assert (facts.outcomes(), twilio.requests) == ([("letter", "accepted")], [])


@pytest.mark.parametrize("part", ["address", "city", "state", "postal_code"])
def test_a_letter_to_nowhere_is_put_before_staff_and_the_payment_stays(promised, send, facts, part):
    paid = promised("letter")
    facts.member(**{part: ""})
    assert send(paid, "sms", "email") == "failed"
    assert (facts.notice().state, facts.notice().sent_at) == ("failed", None)
    (task,) = facts.tasks()
    assert (task.kind, task.payment_id, task.details["tried"]) == ("notice_failed", paid.payment_id, [])
    assert task.details["why"] == "on file is no whole postal address; nothing could be tried"
    assert send(paid, "sms", "email") == "nothing"


def test_the_task_says_what_is_not_on_file(promised, send, facts):
    paid = promised("sms")
    facts.member(phone=None, email=None, city="")
    assert send(paid) == "failed"
    (task,) = facts.tasks()
    assert task.details["why"] == (
        "on file is no telephone number that may get text messages, no e-mail address that may be used,"
        " no whole postal address; nothing could be tried"
    )
    assert "`ivr notices send NUMBER`" in task.details["do"]


def test_a_line_without_the_channel_cannot_use_what_is_on_file(promised, send, facts, mail):
    paid = promised("email")
    facts.member(phone="", address="", email="ada@example.com")
    assert send(paid, "sms", "email") == "failed"
    assert facts.tasks()[0].details["why"].startswith("on file is no telephone number that may get text")


def test_a_letter_whose_name_no_font_can_write_is_sent_spelled(promised, send, facts):
    facts.member(last_name="Conceic\u0327a\u0303o \u0e2a\u200b")
    paid = promised("letter")
    assert send(paid, "sms", "email") == "sent"
    assert "Conceição s, the member" in facts.notice().body


def test_a_person_can_have_it_tried_again(promised, send, facts, twilio):
    twilio.answers = [error(400, 21610), error(400, 21610), created()]
    paid = promised("sms")
    facts.member(address="")
    assert send(paid, "email") == "failed"
    assert send(paid, "email", again=True) == "failed"
    (task,) = facts.tasks()
    assert task.details["tried"] == ["sms failed (HTTP 400, error 21610)"] * 2
    assert task.details["why"] == "on file is no whole postal address; what was tried did not work"
    assert send(paid, "email", again=True) == "sent"
    assert [state for _, state in facts.outcomes()] == ["failed", "failed", "accepted"]
    assert (facts.notice().state, facts.open_tasks()) == ("sent", [])


def test_one_that_was_never_tried_can_be_tried_again(promised, send, facts):
    paid = promised("letter")
    facts.member(address="")
    assert send(paid, "sms", "email") == "failed"
    assert send(paid, "sms", "email", again=True) == "failed"
    facts.member(address="1 Main St")
    assert send(paid, "sms", "email", again=True) == "sent"


def test_an_unknown_outcome_is_not_tried_again_even_when_a_person_asks(promised, send, facts, twilio):
    twilio.answers = [CUT, created()]
    paid = promised("sms")
    facts.member(address="")
    assert [send(paid, "email"), send(paid, "email", again=True)] == ["failed", "failed"]
    assert len(twilio.requests) == 1


def test_a_carrier_that_is_down_is_tried_again_later(promised, send, facts, twilio, clock):
    twilio.answers = [error(503, 20503)] * 3 + [created()]
    paid = promised("sms")
    assert [send(paid), send(paid)] == ["later", "later"]
    assert (facts.outcomes(), facts.notice().state) == ([("sms", "later")], "pending")
    clock.advance(60)
    assert send(paid) == "sent"
    assert facts.outcomes() == [("sms", "later"), ("sms", "accepted")]


def test_a_carrier_that_stays_down_loses_the_notice_to_the_next(promised, send, facts, twilio, clock):
    twilio.answers = [error(429, 20429)]
    paid = promised("sms")
    assert send(paid) == "later"
    clock.advance(2 * 3600)
    assert send(paid) == "sent"
    assert facts.outcomes() == [("sms", "later"), ("email", "accepted")]


def test_an_outbox_that_cannot_be_written_waits(promised, send, facts, sender, clock):
    paid = promised("letter")
    sender.letters.folder.write_text("a file in its place")
    assert [send(paid, "sms", "email"), send(paid, "sms", "email")] == ["later", "later"]
    sender.letters.folder.unlink()
    assert send(paid, "sms", "email", again=True) == "sent", "a person need not wait"
    assert facts.outcomes() == [("letter", "later"), ("letter", "accepted")]


def test_a_withdrawn_notice_is_not_sent(promised, send, facts, engine):
    paid = promised("letter")
    facts.set_notice(state="withdrawn")
    assert [send(paid), send(paid, again=True)] == ["nothing", "nothing"]
    facts.set_notice(state="pending")
    with engine.begin() as db:
        move(db, paid.payment_id, "authorized", "cancel")
    assert (send(paid), facts.attempts()) == ("nothing", [])


def test_a_payment_that_is_not_there_has_nothing_to_send(engine, sender, clock):
    assert send_notice(engine, sender, clock, 7) == "nothing"


# Crashes.


def interrupted(engine, paid, channel):
    """Leave an attempt as a worker does that was killed after it spoke to the carrier."""
    notice_id = notice_of(engine, paid)
    with engine.begin() as db:
        db.execute(
            insert(NoticeAttempt).values(
                notice_id=notice_id, channel=channel, state="sending", started_at=NOW - timedelta(days=1)
            )
        )


def test_an_interrupted_message_is_not_sent_again(engine, promised, send, facts, twilio):
    paid = promised("sms")
    interrupted(engine, paid, "sms")
    assert send(paid) == "sent"
    assert facts.outcomes() == [("sms", "unknown"), ("email", "accepted")]
    assert facts.attempts()[0].detail == "interrupted"
    assert twilio.requests == []


def test_an_interrupted_letter_is_finished_as_it_was_begun(engine, promised, send, facts, sender):
    paid = promised("letter")
    interrupted(engine, paid, "letter")
    assert send(paid) == "sent"
    (attempt,) = facts.attempts()
    assert attempt.state == "accepted"
    assert attempt.provider_reference.startswith("2026-12-17-"), "the day on which it was begun"


WORKER = """
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo
from ivr.base.clock import ManualClock
from ivr.base.hours import Opening
from ivr.base.keys import KeyRing
from ivr.notices.outbox import PrintOutbox
from ivr.notices.send import NoticeSender, send_notice
from ivr.notices.sms import SmsAccount, SmsCarrier
from ivr.notices.texts import NoticeTexts
from ivr.ach.banking_days import CutoffRule
from ivr.storage.engine import database_url, make_engine
url, twilio, folder, texts, notice_id = sys.argv[1:]
sender = NoticeSender(
    texts=NoticeTexts.load(Path(texts)), support_phone="+18005550100", opening=Opening("Mon-Fri 08:00-18:00"),
    cutoff=CutoffRule(time(17), ZoneInfo("America/New_York")), keys=KeyRing({"k1": bytes(32)}), letters=PrintOutbox(Path(folder)),
    sms=SmsCarrier(SmsAccount("AC" + "0" * 32, "0" * 32, "+16175550198", "https://line.example", twilio)),
)
clock = ManualClock(datetime(2026, 12, 18, 15, 15, tzinfo=UTC))
print(send_notice(make_engine(database_url(url)), sender, clock, int(notice_id)))
"""


def test_a_worker_killed_while_it_waits_for_the_carrier_loses_nothing(  # noqa: PLR0917 (fixtures)
    engine, database_url, promised, send, facts, twilio, sender, tmp_path
):
    """While it lives another worker leaves its notice alone; when it is killed, the next channel is used."""
    twilio.answers = [SLOW]
    paid = promised("sms")
    url = database_url.render_as_string(hide_password=False)
    arguments = [url, twilio.url, str(tmp_path / "letters"), str(ROOT / "prompts" / "notices")]
    command = [sys.executable, "-c", WORKER, *arguments, str(notice_of(engine, paid))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        until(lambda: twilio.requests)
        assert facts.outcomes() == [("sms", "sending")]
        assert send(paid) == "busy"
        worker.kill()
    until(lambda: send(paid, "email") == "sent")
    assert facts.outcomes() == [("sms", "unknown"), ("letter", "accepted")]
    assert len(twilio.requests) == 1


def until(true):
    """Wait for what another process brings about."""
    give_up_at = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_many_workers_at_once_send_once(engine, promised, sender, clock, twilio):
    notice_id = notice_of(engine, promised("sms"))
    results = []
    start = threading.Barrier(4)

    def work():
        start.wait()
        results.append(send_notice(engine, sender, clock, notice_id))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("sent") == 1
    assert set(results) <= {"sent", "busy", "nothing"}
    assert len(twilio.requests) == 1


def test_no_account_number_nor_address_is_in_what_is_kept_and_logged(promised, send, facts, caplog, capfd):
    paid = promised("sms")
    facts.member(address="", email=None, phone="+16175550123")
    assert send(paid, "sms") == "failed"
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (ACCOUNT_NUMBER, "6175550123", "Main", "ada@"):
        assert secret not in told
    facts.member(address="1 Main St")
    assert send(paid, "sms", again=True) == "sent"
    assert ACCOUNT_NUMBER not in facts.notice().body
    assert ACCOUNT_NUMBER[:-4] not in facts.notice().body


# What is due.


def due(engine):
    with engine.connect() as db:
        return due_notices(db)


def test_a_promise_puts_its_job_into_the_queue(engine, promised):
    paid = promised()
    with engine.connect() as db:
        jobs = db.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
    assert jobs == [(SEND_JOB, {"notice_id": notice_of(engine, paid)})]
    assert waiting_jobs(engine) == []


def another(engine, hashes, **when):
    """Authorize a payment of another member's."""
    whose = {"billing_account": "740000102", "member_id": "400000000102", "amount_cents": 100}
    return authorized(engine, hashes, sent=False, seq=15, **whose, **when)


def test_what_is_due_is_sent_the_nearest_cutoff_first(engine, promised, sender, clock, hashes):
    other = another(engine, hashes, now=NOW + timedelta(days=3))
    paid = promised()
    assert due(engine) == [notice_of(engine, paid), notice_of(engine, other)]
    told = []
    done = send_due(engine, sender, clock, told=lambda *count: told.append(count))
    assert list(done.items()) == [(notice_of(engine, each), "sent") for each in (paid, other)]
    assert told == [(1, 2), (2, 2)]
    assert due(engine) == []


def test_a_round_ends_in_time(engine, promised, sender, clock):
    promised()
    assert send_due(engine, sender, clock, at_most=timedelta()) == {}
    assert len(due(engine)) == 1


class Jam(PrintOutbox):
    """An outbox with a fault that shows with one letter only."""

    def put(self, letter, *, confirmation_number, **others):
        if confirmation_number.startswith(self.folder.name):
            raise RuntimeError(f"jam {confirmation_number}")
        return super().put(letter, confirmation_number=confirmation_number, **others)


def test_one_that_breaks_holds_up_no_other(  # noqa: PLR0917 (fixtures)
    engine, promised, sender, clock, tmp_path, hashes, capfd
):
    broken = promised()
    good = another(engine, hashes)
    jam = replace(sender, letters=Jam(tmp_path / broken.confirmation_number), sms=None, email=None)
    assert list(send_due(engine, jam, clock).items()) == [
        (notice_of(engine, broken), "later"),
        (notice_of(engine, good), "sent"),
    ]
    told = "".join(capfd.readouterr())
    assert "notice_not_sent" in told
    assert "RuntimeError" in told


# Of this database alone: other tests hold such locks in theirs.
OURS_ENDED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def test_a_lost_database_ends_the_round(engine, promised, sender, clock, tmp_path):
    promised()

    class Gone(PrintOutbox):
        def put(self, letter, **_):
            with engine.connect() as db:
                db.execute(OURS_ENDED)
            return super().put(letter, **_)

    with pytest.raises(OperationalError):
        send_due(engine, replace(sender, letters=Gone(tmp_path), sms=None, email=None), clock)


def test_staff_are_warned_before_the_cutoff(engine, promised, send, facts, clock):
    paid = promised()
    with engine.begin() as db:
        assert warn_of_late(db, clock.now()) == 0
        assert warn_of_late(db, paid.cutoff_at - timedelta(hours=2)) == 1
    with engine.begin() as db:
        assert warn_of_late(db, paid.cutoff_at) == 1
    assert facts.open_tasks() == ["notice_late"]
    assert send(paid) == "sent"
    assert facts.open_tasks() == []


def test_a_cancelled_payment_needs_no_staff(engine, promised, facts):
    paid = promised()
    with engine.begin() as db:
        warn_of_late(db, paid.cutoff_at)
        move(db, paid.payment_id, "authorized", "cancel")
    assert facts.open_tasks() == ["notice_late"]
    with engine.begin() as db:
        assert warn_of_late(db, paid.cutoff_at) == 0
    assert (facts.open_tasks(), due(engine)) == ([], [])


def test_a_notice_is_found_by_its_number(engine, promised):
    paid = promised()
    with engine.connect() as db:
        assert find_notices(db, paid.confirmation_number) == [notice_of(engine, paid)]
        with pytest.raises(OperatorError, match="No notice has the confirmation number 123"):
            find_notices(db, "123")


def test_a_notice_that_is_late_names_the_cutoff_until_which_it_can_be_cancelled_now(
    engine, promised, sender, facts
):
    """Friday's cutoff held the payment; it goes on Monday's, and till then its member can take it back."""
    paid = promised("letter")
    assert paid.cutoff_at == NOW.replace(hour=22, minute=0)
    saturday = NOW + timedelta(days=1)
    with engine.begin() as db:
        finished = paid.cutoff_at + timedelta(seconds=30)
        db.execute(insert(AchCutoff).values(cutoff_at=paid.cutoff_at, finished_at=finished))
    assert send_notice(engine, sender, ManualClock(saturday), notice_of(engine, paid)) == "sent"
    body = facts.notice().body
    assert "before 5:00 PM on December 21, 2026." in body
    number, monday = paid.confirmation_number, NOW + timedelta(days=3)
    with engine.begin() as db:
        cancel(db, SecretRandomness(), confirmation_number=number, actor="staff", now=monday)
