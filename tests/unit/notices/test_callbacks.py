"""What Twilio tells of a message afterwards: late, twice, out of order, too early, or of nobody's message."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from support.authorized import notice_of
from support.carriers import CUT, SID, created

from ivr.notices.callbacks import note_delivery
from ivr.notices.due import due_notices
from ivr.notices.send import send_notice
from ivr.payments.evidence import seal_evidence, verify_evidence
from ivr.payments.later_notices import SEND_JOB
from ivr.storage.tables import NoticeAttempt

from .conftest import NOW

LATER = NOW + timedelta(minutes=3)
OTHER_SID = "SM" + "6" * 32


@pytest.fixture
def tell(engine):
    """Twilio tells of a message."""

    def telling(status, sid=SID, **more):
        with engine.begin() as db:
            return note_delivery(db, LATER, message_sid=sid, status=status, **more)

    return telling


@pytest.fixture
def sent(engine, promised, sender, clock):
    paid = promised("sms")
    assert send_notice(engine, sender, clock, notice_of(engine, paid)) == "sent"
    return paid


def jobs(engine):
    with engine.connect() as db:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name")
        return db.scalar(query, {"name": SEND_JOB}) - 1  # that of the promise


@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_delivered_message_is_noted_once(engine, sent, tell, facts, status):
    assert [tell("sent"), tell(status), tell(status), tell("sent")] == [False, True, False, False]
    (attempt,) = facts.attempts()
    assert (attempt.state, attempt.finished_at, attempt.provider_reference) == ("delivered", LATER, SID)
    assert (facts.notice().sent_at, jobs(engine)) == (NOW, 0)


@pytest.mark.parametrize("status", ["undelivered", "failed", "canceled", "partially_delivered"])
def test_one_that_was_not_delivered_goes_by_the_next_channel_and_stays_the_proof(  # noqa: PLR0917 (fixtures)
    engine, sent, tell, facts, sender, clock, mail, status
):
    body = facts.notice().body
    assert tell(status, error_code="30007")
    assert not tell(status)
    assert jobs(engine) == 1
    assert facts.attempts()[0].detail == "error 30007"
    with engine.connect() as db:
        assert due_notices(db) == [notice_of(engine, sent)]
    assert send_notice(engine, sender, clock, notice_of(engine, sent)) == "sent"
    assert send_notice(engine, sender, clock, notice_of(engine, sent)) == "nothing"
    assert facts.outcomes() == [("sms", "undelivered"), ("email", "accepted")]
    notice = facts.notice()
    assert (notice.state, notice.sent_at, notice.body, len(mail[0].taken)) == ("sent", NOW, body, 1)


def test_nobody_is_asked_twice_when_no_channel_is_left(engine, sent, tell, facts, sender, clock):  # noqa: PLR0917 (fixtures)
    facts.member(address="", email=None)
    tell("undelivered")
    assert send_notice(engine, sender, clock, notice_of(engine, sent)) == "failed"
    assert (facts.notice().state, facts.open_tasks()) == ("sent", ["notice_failed"])
    with engine.connect() as db:
        assert due_notices(db) == []


@pytest.mark.parametrize(("first", "second"), [("delivered", "undelivered"), ("undelivered", "delivered")])
def test_the_first_word_about_the_end_stands(sent, tell, facts, first, second):
    assert [tell(first), tell(second)] == [True, False]
    assert facts.outcomes() == [("sms", first)]


@pytest.mark.parametrize("status", ["", "queued", "sending", "nonsense", "Delivered"])
def test_what_is_no_news_changes_nothing(sent, tell, facts, status):
    assert not tell(status)
    assert facts.outcomes() == [("sms", "accepted")]


def test_an_unknown_message_changes_nothing(sent, tell, facts):
    assert not tell("undelivered", OTHER_SID)
    assert not tell("undelivered", OTHER_SID, attempt_id=facts.attempts()[0].id)
    assert not tell("undelivered", OTHER_SID, attempt_id=1 << 60)
    assert facts.outcomes() == [("sms", "accepted")]


def test_no_text_of_a_stranger_is_kept(sent, tell, facts):
    tell("undelivered", error_code="617-555-0123")
    assert facts.attempts()[0].detail is None


def test_a_message_whose_answer_was_lost_counts_once_twilio_tells_of_it(  # noqa: PLR0917 (fixtures)
    engine, promised, sender, clock, twilio, tell, facts
):
    twilio.answers = [CUT]
    paid = promised("sms")
    facts.member(address="", email=None)
    assert send_notice(engine, sender, clock, notice_of(engine, paid)) == "failed"
    (attempt,) = facts.attempts()
    assert tell("sent", attempt_id=attempt.id)
    assert facts.outcomes() == [("sms", "accepted")]
    notice = facts.notice()
    assert (notice.state, notice.sent_at, facts.open_tasks()) == ("sent", LATER, [])
    assert tell("delivered")


def test_a_callback_may_be_faster_than_the_answer(engine, promised, sender, clock, twilio, tell, facts):  # noqa: PLR0917 (fixtures)
    """It comes while the request is still open; what it told stands."""
    paid = promised("sms")

    class Eager:
        def send(self, number, body, attempt_id):
            assert tell("delivered", attempt_id=attempt_id)
            return sender.sms.send(number, body, attempt_id)

    from dataclasses import replace

    assert send_notice(engine, replace(sender, sms=Eager()), clock, notice_of(engine, paid)) == "sent"
    assert facts.outcomes() == [("sms", "delivered")]
    assert (facts.notice().state, facts.notice().sent_at) == ("sent", LATER)


def test_words_sent_since_by_another_channel_stay(engine, promised, sender, clock, twilio, tell, facts):  # noqa: PLR0917 (fixtures)
    twilio.answers = [CUT, created()]
    paid = promised("sms")
    send_notice(engine, sender, clock, notice_of(engine, paid))
    unknown, _ = facts.attempts()
    with engine.begin() as db:
        db.execute(update(NoticeAttempt).where(NoticeAttempt.id != unknown.id).values(state="failed"))
    facts.set_notice(state="failed", sent_at=None)
    assert tell("delivered", attempt_id=unknown.id)
    assert facts.notice().state == "failed", "the words kept are those of the e-mail"
    assert paid


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered"])
def test_a_callback_after_the_nights_seal_changes_no_evidence(  # noqa: PLR0917 (fixtures)
    engine, promised, sender, clock, twilio, tell, facts, hashes, status
):
    """No answer came, an e-mail went instead and was sealed as the proof; days later Twilio tells of the message."""
    twilio.answers = [CUT]
    paid = promised("sms")
    assert send_notice(engine, sender, clock, notice_of(engine, paid)) == "sent"
    assert facts.outcomes() == [("sms", "unknown"), ("email", "accepted")]
    midnight = NOW + timedelta(days=1)
    with engine.begin() as db:
        assert seal_evidence(db, hashes, midnight, midnight) == 1
    assert tell(status, attempt_id=facts.attempts()[0].id)
    with engine.connect() as db:
        found = verify_evidence(db, hashes, kept_since=NOW - timedelta(days=1))
    assert (found.seals, found.broken) == (1, ())
