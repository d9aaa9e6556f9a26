"""The delivery callback's webhook: checked as every other, and answered whatever happens."""

import pytest
from sqlalchemy import create_engine, insert, select, text

from ivr.base.randomness import SeededRandomness
from ivr.storage.tables import Notice, NoticeAttempt
from ivr.voice.serving import serve_line

ACCOUNT_SID = "AC" + "0a" * 16
SID = "SM" + "5" * 32
TARGET = "/notices/status"


def form(**more):
    return {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "MessageStatus": "undelivered", **more}


@pytest.fixture
def attempt_id(house):
    """A text message that is under way, of a payment that was made in a call; returns the attempt's number."""
    (member,) = house.load_samples("demo.letter")
    phone = house.phone()
    phone.dial()
    for keys in (
        "1",
        "1",
        member.member_id,
        member.ssn_last4,
        member.date_of_birth_keyed,
        "1",
        "1",
        "1",
        "1",
    ):
        phone.press(keys)
    for keys in ("021000021", "1", "1234567890#", "1234567890#"):
        phone.press(keys)
    phone.say("yes")
    with house.engine.begin() as db:
        attempt = {
            "notice_id": db.scalars(select(Notice.id)).one(),
            "channel": "sms",
            "state": "sending",
            "started_at": house.clock.now(),
        }
        return db.scalar(insert(NoticeAttempt).values(attempt).returning(NoticeAttempt.id))


def attempts(house):
    with house.engine.connect() as db:
        return db.execute(select(NoticeAttempt.state, NoticeAttempt.provider_reference)).all()


def jobs(house):
    with house.engine.connect() as db:
        return list(db.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id")))


def test_what_twilio_tells_is_noted_and_the_next_channel_asked_for(house, attempt_id):
    target = f"{TARGET}?attempt={attempt_id}"
    for _ in range(2):
        reply = house.post(target, form(ErrorCode="30005", To="+16175550123"))
        assert (reply.status_code, reply.data) == (204, b"")
    assert attempts(house) == [("undelivered", SID)]
    assert jobs(house) == ["send_notice"] * 2, "the promise, and the next channel once"


@pytest.mark.parametrize(
    "query", ["", "?attempt=", "?attempt=x", "?attempt=-1", "?attempt=99999999999999999999"]
)
def test_a_message_that_nobody_knows_is_204_and_changes_nothing(house, attempt_id, query):
    assert house.post(TARGET + query, form()).status_code == 204
    assert attempts(house) == [("sending", None)]


@pytest.mark.parametrize(
    ("status", "wrong", "signature"),
    [
        (403, {}, "forged"),
        (403, {"AccountSid": "AC" + "0" * 32}, None),
        (400, {"MessageSid": "SM1"}, None),
        (400, {"MessageSid": "CA" + "5" * 32}, None),
        (413, {"Body": "x" * 70_000}, None),
    ],
)
def test_what_is_not_twilios_is_refused(house, attempt_id, status, wrong, signature):
    reply = house.post(f"{TARGET}?attempt={attempt_id}", form(**wrong), signature=signature)
    assert reply.status_code == status
    assert attempts(house) == [("sending", None)]


def test_the_attempt_is_part_of_what_is_signed(house, attempt_id):
    fields = form()
    signature = house.sign(f"{TARGET}?attempt={attempt_id + 1}", fields)
    assert house.post(f"{TARGET}?attempt={attempt_id}", fields, signature=signature).status_code == 403


def test_without_a_database_twilio_gets_its_answer(house, logs):
    nowhere = create_engine("postgresql+psycopg://127.0.0.1:9/nothing")
    house.use(serve_line(house.settings, nowhere, house.compiled, house.clock, SeededRandomness(1)))
    assert house.post(TARGET, form()).status_code == 204
    assert "delivery_not_stored" in logs.getvalue()
