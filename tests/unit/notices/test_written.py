"""What a member is told after the yes: once for each thing that happens, in words that are true when they go out."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from support.authorized import CUTOFF
from support.banking import RULE, TUESDAY, TUESDAYS_CUTOFF, bring, came_back, cut, settle_by
from support.money import FRIDAY, pay

from ivr.ach.return_codes import RETURN_RULES
from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.notices.due import due_notices, find_notices, send_due, warn_of_late
from ivr.notices.report import list_notices, show_notice
from ivr.notices.send import send_notice
from ivr.notices.texts import LaterFacts
from ivr.notices.written import last_cutoff
from ivr.payments.cancel import cancel
from ivr.payments.credits import REVERSAL_REASONS, refund, reverse
from ivr.payments.later_notices import SEND_JOB
from ivr.payments.report import payment_json, payment_text
from ivr.payments.retries import request_retry
from ivr.payments.retries_by_hand import retry
from ivr.storage.tables import Notice, StaffTask

from .conftest import ZONE

LETTERS = Path(__file__).with_name("letters")
QUIET = ("R14", "R15", "R16", "R90")
WEDNESDAY = TUESDAY + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("facts")


def later(engine):
    """Every notice that tells of something after the yes."""
    with engine.connect() as db:
        return db.execute(
            select(Notice.__table__).where(Notice.kind != "authorized").order_by(Notice.id)
        ).all()


def sent(engine, sender, now=TUESDAY, **without):
    """Send all that is due; return the words of what was told later."""
    send_due(engine, replace(sender, **without), ManualClock(now))
    return [notice.body for notice in later(engine)]


def debited(engine, **paying):
    """A payment that is with the bank and settled."""
    paid = pay(engine, **paying)
    cut(engine)
    settle_by(engine, TUESDAY)
    return paid


def cancelled(engine, paid):
    with engine.begin() as db:
        return cancel(
            db,
            SeededRandomness(3),
            confirmation_number=paid.confirmation_number,
            actor="staff",
            now=FRIDAY + timedelta(hours=1),
        )


def reversed_for(engine, paid, reason="duplicate", now=TUESDAY):
    with engine.begin() as db:
        reverse(db, RULE, confirmation_number=paid.confirmation_number, reason=reason, actor="staff", now=now)


def test_a_cancellation_is_told_with_its_number(engine, sender):
    paid = pay(engine, cents=12345)
    number = cancelled(engine, paid).cancellation_number
    (notice,) = later(engine)
    assert (notice.about, notice.about_id, notice.kind) == ("payment", paid.payment_id, "cancelled")
    with engine.connect() as db:
        jobs = db.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
    assert (SEND_JOB, {"notice_id": notice.id}) in [tuple(job) for job in jobs]
    (body,) = sent(engine, sender, FRIDAY + timedelta(hours=1))
    assert "Your payment of $123.45 was cancelled on December 18, 2026." in body
    assert f"Cancellation number: {number}" in body
    assert "This amount is owed again. You now owe $310.15 on your health bill." in body
    assert "It is due on December 23, 2026." in body
    assert "in time before 5:00 PM on December 22, 2026" in body


def test_a_notice_that_was_not_sent_before_the_cancellation_is_not_sent_after_it(engine, sender):
    paid = pay(engine, notice="pending")
    cancelled(engine, paid)
    assert len(sent(engine, sender, FRIDAY + timedelta(hours=1))) == 1
    with engine.connect() as db:
        assert db.scalars(select(Notice.state).order_by(Notice.id)).all() == ["withdrawn", "sent"]


def test_a_return_is_told_once_however_often_its_file_comes(engine, sender):
    paid = pay(engine)
    cut(engine)
    back = came_back(engine, paid)
    bring(engine, back)
    bring(engine, back)
    (notice,) = later(engine)
    assert (notice.about, notice.kind, notice.channel, notice.language) == (
        "entry",
        "returned",
        "letter",
        "en-US",
    )
    (body,) = sent(engine, sender)
    assert "On December 22, 2026 we learned that your bank sent back your payment of $310.15." in body
    assert "There was not enough money in the account." in body
    assert "You now owe $310.15 on your health bill." in body
    assert "another bank account" not in body
    assert sent(engine, sender, WEDNESDAY) == [body]
    assert sorted(path.name for path in sender.letters.folder.glob("*.pdf")) == [
        f"2026-12-22-{paid.confirmation_number}-2.pdf"
    ]


def test_what_is_tried_again_tomorrow_is_not_called_owed_today(engine, sender):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid))
    (body,) = sent(engine, replace(sender, retries=1))
    assert "We are asking your bank for this payment once more." in body
    assert "owed again" not in body


@pytest.mark.parametrize("code", sorted(RETURN_RULES))
def test_each_code_is_told_unless_it_must_stay_quiet(engine, code):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid, code))
    assert RETURN_RULES[code].quiet is (code in QUIET)
    assert [notice.kind for notice in later(engine)] == ([] if code in QUIET else ["returned"])


def test_a_return_of_a_closed_account_asks_for_another(engine, sender):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid, "R02"))
    (body,) = sent(engine, sender)
    assert "The bank says that the account is closed." in body
    assert "Please pay from another bank account." in body


def test_who_is_asked_once_more_must_not_pay_twice(engine, sender):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid))
    with engine.begin() as db:
        assert request_retry(db, RULE, paid.payment_id, WEDNESDAY)
    (body,) = sent(engine, sender)
    assert "We are asking your bank for this payment once more." in body
    assert "owe" not in body


def test_who_was_told_to_pay_is_told_of_a_retry_by_hand(engine, sender):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid))
    assert "You now owe $310.15 on your health bill." in sent(engine, sender)[0]
    with engine.begin() as db:
        retry(db, RULE, confirmation_number=paid.confirmation_number, actor="ada", now=WEDNESDAY)
    _, body = sent(engine, sender, WEDNESDAY)
    assert "On December 23, 2026 we asked your bank for it once more." in body
    assert "It leaves your account on December 24, 2026 or after." in body


@pytest.mark.parametrize("language", ["en-US", "es-US"])
def test_the_letter_of_a_retry(texts, language):
    facts = replace(FACTS, kind="retried")
    written = texts.write_later(facts, language)
    assert written.plain == (LETTERS / f"retried.{language}.txt").read_text()


@pytest.mark.parametrize("reason", REVERSAL_REASONS)
def test_a_reversal_is_told_with_its_reason_and_its_day(engine, sender, reason):
    paid = debited(engine)
    reversed_for(engine, paid, reason)
    (body,) = sent(engine, sender)
    words = {
        "duplicate": "The same payment was taken twice.",
        "wrong_amount": "The amount that was taken was wrong.",
        "wrong_receiver": "It was taken from the wrong account.",
        "wrong_date": "It was taken on the wrong day.",
    }
    assert words[reason] in body
    assert "we asked your bank to put $310.15 back into your account" in body
    assert "It should be in your account on December 23, 2026 or soon after." in body


def test_a_refund_of_a_part_names_the_part(engine, sender):
    paid = debited(engine)
    with engine.begin() as db:
        refund(
            db,
            RULE,
            confirmation_number=paid.confirmation_number,
            amount_cents=1015,
            actor="staff",
            now=TUESDAY,
        )
    (body,) = sent(engine, sender)
    assert "put $10.15 back into your account" in body
    assert "You now owe $10.15 on your health bill." in body


def test_what_is_not_given_back_after_all_is_not_told(engine, sender):
    paid = debited(engine)
    reversed_for(engine, paid)
    bring(engine, came_back(engine, paid, "R10"))
    reversal, returned = sent(engine, sender)
    assert reversal is None
    assert [notice.state for notice in later(engine)] == ["withdrawn", "sent"]
    assert "The bank says that the payment was not authorized." in returned


def test_each_notice_has_a_task_of_its_own(engine, sender, facts):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid))
    facts.member(address="")
    cancelled(engine, pay(engine, plan="dental", cents=4230))
    sent(engine, sender, sms=None, email=None)
    assert facts.open_tasks() == ["notice_failed"] * 2
    facts.member(address="1 Elm St")
    returned, cancellation = later(engine)
    clock = ManualClock(TUESDAY)
    assert (
        send_notice(engine, replace(sender, sms=None, email=None), clock, returned.id, again=True) == "sent"
    )
    still_open = [task.notice_id for task in facts.tasks() if task.closed_at is None]
    assert still_open == [cancellation.id]
    with engine.begin() as db:
        warn_of_late(db, TUESDAY)
        assert db.scalar(select(func.count()).where(StaffTask.closed_at.is_(None))) == 1


def test_what_a_payment_waits_for_goes_first(engine):
    paid = pay(engine)
    cut(engine)
    bring(engine, came_back(engine, paid))
    waiting = pay(engine, TUESDAY, plan="dental", cents=4230, notice="pending")
    with engine.connect() as db:
        first, second = due_notices(db)
        assert [first] == list(find_notices(db, waiting.confirmation_number))
        assert second == later(engine)[0].id


def test_all_that_was_told_is_shown(engine, sender):
    paid = pay(engine)
    cancelled(engine, paid)
    sent(engine, sender, FRIDAY + timedelta(hours=1), sms=None)
    with engine.connect() as db:
        listed = list_notices(db)["notices"]
        shown = show_notice(db, paid.confirmation_number)
        payment = payment_json(db, paid.confirmation_number)
    assert [each["kind"] for each in listed] == ["authorized", "cancelled"]
    assert shown["kind"] == "authorized"
    (told,) = shown["later"]
    assert (told["kind"], told["state"], len(told["attempts"])) == ("cancelled", "sent", 1)
    assert payment["notice"]["state"] == "sent"
    assert [each["kind"] for each in payment["told_later"]] == ["cancelled"]
    assert "told cancelled" in payment_text(payment, ZONE)


def test_in_spanish(engine, sender):
    paid = pay(engine)
    cut(engine)
    with engine.begin() as db:
        db.execute(update(Notice).values(language="es-US"))
    bring(engine, came_back(engine, paid))
    (body,) = sent(engine, sender)
    assert "El 22 de diciembre de 2026 supimos que su banco devolvió su pago de $310.15." in body
    assert "No había suficiente dinero en la cuenta." in body
    assert "Ahora usted debe $310.15 en su factura de salud." in body


def test_a_text_message_holds_all_of_it_in_short(engine, sender, twilio):
    paid = pay(engine)
    cut(engine)
    with engine.begin() as db:
        db.execute(update(Notice).values(channel="sms"))
    bring(engine, came_back(engine, paid))
    (body,) = sent(engine, sender)
    assert twilio.requests[-1][2]["Body"] == body
    number = paid.confirmation_number
    assert f"Confirmation number: {number[:3]}-{number[3:7]}-{number[7:]}." in body
    assert len(body) < 640  # four parts


@pytest.mark.parametrize(
    ("now", "due", "expected"),
    [
        ("2026-12-18T10:15", "2026-12-23", "2026-12-22T17:00"),
        ("2026-12-22T16:59", "2026-12-23", "2026-12-22T17:00"),
        ("2026-12-22T17:00", "2026-12-23", None),
        ("2026-12-22T17:00", "2026-12-24", "2026-12-23T17:00"),
        # The 23rd of January 2027 is a Saturday: Friday's debit must take effect by then.
        ("2027-01-05T12:00", "2027-01-23", "2027-01-21T17:00"),
        ("2026-12-24T12:00", "2026-12-25", None),
    ],
)
def test_until_when_a_payment_by_telephone_is_in_time(now, due, expected):
    def local(text):
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)

    assert last_cutoff(CUTOFF, date.fromisoformat(due), local(now)) == (expected and local(expected))


FACTS = LaterFacts(
    kind="returned",
    confirmation_number="51370537879",
    amount_cents=31015,
    plan="dental",
    account_type="savings",
    account_last4="2345",
    receiver_name="Ada Lovelace",
    happened_at=TUESDAY,
    cancellation_number="",
    reason="",
    is_retried=False,
    effective_date=date(2026, 12, 24),
    owed_cents=31015,
    past_due_cents=0,
    due_date=date(2026, 12, 23),
    pay_by=None,
    support_phone="+18005550100",
    support_hours="Mon-Fri 08:00-18:00",
    zone=ZONE,
)


SAID = {
    "soon": "A payment by telephone made now may arrive later than that.",
    "later": "A payment by telephone is in time before 5:00 PM on December 22, 2026.",
    "past": "It is past due.",
    "part past": "Part of it is past due.",
    "how": "You can pay by telephone at any hour",
    "owed": "You now owe $310.15 on your dental bill.",
    "once more": "We are asking your bank for this payment once more.",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, {"owed", "soon", "how"}),
        ({"pay_by": TUESDAYS_CUTOFF}, {"owed", "later", "how"}),
        ({"past_due_cents": 31015}, {"owed", "past", "how"}),
        ({"past_due_cents": 15}, {"owed", "part past", "how"}),
        ({"due_date": None}, {"owed", "how"}),
        ({"owed_cents": 0}, set()),
        ({"is_retried": True}, {"once more"}),
    ],
)
def test_what_is_owed_is_said_as_it_is(texts, changes, said):
    facts = replace(FACTS, **changes)
    words = texts.write_later(facts, "en-US").closing
    assert {name for name, sentence in SAID.items() if any(sentence in each for each in words)} == said
    assert len(texts.write_later(facts, "es-US").closing) == len(words)
