"""A letter is sent when it is mailed: its debit waits for that, and what comes back is tried another way."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from support.authorized import notice_of
from support.money import FRIDAYS_CUTOFF, KEYS, SETTINGS, pay, payment_row

from ivr.base.clock import ManualClock
from ivr.base.errors import NotFoundError, OperatorError
from ivr.notices.due import warn_of_late
from ivr.notices.mailing import note_mailed, note_returned
from ivr.notices.send import send_notice
from ivr.payments.evidence import evidence_json, evidence_text, seal_evidence, verify_evidence
from ivr.payments.later_notices import promise_later
from ivr.payments.origination import run_cutoff
from ivr.payments.report import payment_json

from .conftest import NOW

MONDAYS_CUTOFF = FRIDAYS_CUTOFF + timedelta(days=3)
FRIDAY, MONDAY = date(2026, 12, 18), date(2026, 12, 21)


@pytest.fixture
def paid(engine, facts):
    """A payment on Friday morning, whose notice is a letter that is not written yet."""
    facts.member(phone=None, email=None)
    return pay(engine, notice="pending")


@pytest.fixture
def send(engine, sender, paid):
    """Send the letter at some time, by a line whose mail house confirms what it has taken, or not."""

    def sending(at=NOW, *, confirmed=False, again=False):
        here = replace(sender, letters_confirmed=confirmed)
        return send_notice(engine, here, ManualClock(at), notice_of(engine, paid), again=again)

    return sending


def cut(engine, cutoff=FRIDAYS_CUTOFF):
    with engine.begin() as db:
        return run_cutoff(db, KEYS, SETTINGS, cutoff=cutoff, now=cutoff + timedelta(minutes=1))


def mailed(engine, manifest, day=FRIDAY, now=NOW + timedelta(days=1)):
    """What `ivr notices mailed` does, told what was changed, what was known, and what is wrong."""
    with engine.connect() as db:
        stream = io.BytesIO(manifest.encode())
        done = note_mailed(db, stream, file_name="m.csv", mailed_date=day, actor="pat", now=now)
        (db.rollback if done.errors else db.commit)()
    return done.changed, done.unchanged, [(each.line, each.field, each.rule) for each in done.errors]


def manifest_of(sender):
    return (sender.letters.folder / "2026-12-18-manifest.csv").read_text()


def test_a_letter_that_is_picked_up_in_time_is_as_good_as_mailed(engine, paid, send, facts):
    assert send() == "sent"
    assert facts.notice().mailed_date == FRIDAY
    assert [entry.payment_id for entry in cut(engine).held] == []
    assert payment_row(engine, paid).state == "batched"


def test_a_letter_that_misses_the_pick_up_tells_a_later_date_and_the_debit_waits_for_it(
    engine, paid, send, facts
):
    assert send(NOW.replace(hour=21, minute=30)) == "sent"
    notice, payment = facts.notice(), payment_row(engine, paid)
    assert notice.mailed_date == MONDAY
    assert payment.moved_to_cutoff_at == MONDAYS_CUTOFF
    assert payment.effective_entry_date == date(2026, 12, 22)
    assert "December 22, 2026" in notice.body
    assert "The debit is later than you were told." in notice.body
    assert cut(engine).held == ()
    assert payment_row(engine, paid).state == "authorized"
    cut(engine, MONDAYS_CUTOFF)
    assert payment_row(engine, paid).state == "batched"


def test_a_letter_put_away_as_the_pick_up_left_holds_the_debit_for_a_day(engine, paid, send, facts):
    send()
    facts.set_notice(mailed_date=MONDAY)
    (held,) = cut(engine).held
    assert held.reason == "not_mailed"
    cut(engine, MONDAYS_CUTOFF)
    assert payment_row(engine, paid).state == "batched"


def test_where_the_mail_house_confirms_nothing_is_debited_before_it_does(engine, paid, send, facts, sender):
    assert send(confirmed=True) == "sent"
    assert facts.notice().mailed_date is None
    with engine.begin() as db:
        assert warn_of_late(db, FRIDAYS_CUTOFF - timedelta(hours=1)) == 1
    for cutoff in (FRIDAYS_CUTOFF, MONDAYS_CUTOFF):
        (held,) = cut(engine, cutoff).held
        assert (held.reason, payment_row(engine, paid).state) == ("not_mailed", "held")
        assert "`ivr notices mailed MANIFEST`" in held.why
    assert facts.open_tasks() == ["notice_late", "payment_held"]
    with engine.begin() as db:
        later = NOW + timedelta(days=9)
        assert seal_evidence(db, SETTINGS.hashes, later, later) == 0, "its proof is not whole"
    assert mailed(engine, manifest_of(sender), MONDAY, NOW + timedelta(days=4)) == (1, 0, [])
    assert (facts.open_tasks(), payment_row(engine, paid).state) == ([], "authorized")
    cut(engine, MONDAYS_CUTOFF + timedelta(days=1))
    assert payment_row(engine, paid).state == "batched"
    with engine.begin() as db:
        assert payment_json(db, paid.confirmation_number)["notice"]["mailed_date"] == "2026-12-21"
        seal_evidence(db, SETTINGS.hashes, later, later)
        proof = evidence_json(db, SETTINGS.hashes, paid.confirmation_number)
        assert (proof["notice"]["mailed_date"], proof["seal"]["unchanged"]) == ("2026-12-21", True)
    facts.set_notice(mailed_date=FRIDAY + timedelta(days=1))
    with engine.connect() as db:
        (broken,) = verify_evidence(db, SETTINGS.hashes, kept_since=NOW).broken
    assert broken.what == paid.confirmation_number


def test_a_manifest_twice_is_once_and_a_day_that_is_known_stays(engine, send, facts, sender):
    send(confirmed=True)
    manifest = manifest_of(sender)
    own_day = "".join(
        f"{line},{day}\n" for line, day in zip(manifest.splitlines(), ("mailed_date", FRIDAY), strict=True)
    )
    assert mailed(engine, own_day, MONDAY, NOW + timedelta(days=3)) == (1, 0, [])
    assert mailed(engine, manifest, MONDAY, NOW + timedelta(days=3)) == (0, 1, [])
    assert facts.notice().mailed_date == FRIDAY
    with engine.connect() as db:
        trail = db.execute(
            text("SELECT actor, details FROM audit_events WHERE action = 'notices.mailed'")
        ).all()
    assert [tuple(each) for each in trail] == [("pat", {"mailed_date": "2026-12-18", "file": "m.csv"})]


@pytest.mark.parametrize(
    ("change", "day", "error"),
    [
        (lambda text: text.replace("2026-12-18-", "2026-12-17-"), FRIDAY, (2, "file", "import.unknown")),
        (lambda text: text.replace(",1,en", ",2,en"), MONDAY, (2, "mailed_date", "import.value")),
        (lambda text: text.replace(".pdf,", ".pdf,ff"), FRIDAY, (2, "sha256", "import.value")),
    ],
    ids=["no such letter", "a day to come", "no digest"],
)
def test_what_cannot_be_is_told_and_nothing_is_noted(  # noqa: PLR0917 (fixtures)
    engine, send, facts, sender, change, day, error
):
    send(confirmed=True)
    assert mailed(engine, change(manifest_of(sender)), day) == (0, 0, [error])
    assert facts.notice().mailed_date is None


def cancelled(engine, paid):
    """Cancel a payment, with a notice of that; returns the notice."""
    with engine.begin() as db:
        db.execute(text("UPDATE payments SET state = 'cancelled', cancelled_at = authorized_at"))
        promise_later(db, "cancelled", NOW, {paid.payment_id: paid.payment_id})
        return db.scalar(text("SELECT max(id) FROM notices"))


def returned(engine, paid, channel="letter", kind=None):
    with engine.begin() as db:
        number = paid.confirmation_number
        return note_returned(db, number, channel=channel, kind=kind, actor="pat", now=NOW + timedelta(days=9))


def test_a_letter_that_came_back_is_a_task_until_it_is_sent_again(engine, paid, send, facts):
    send()
    cut(engine)
    assert returned(engine, paid) == "authorized"
    (task,) = facts.tasks()
    assert (task.kind, task.details["channel"]) == ("notice_returned", "letter")
    assert "ask the member for the right postal address" in task.details["do"]
    assert facts.outcomes() == [("letter", "undelivered")]
    assert facts.notice().state == "sent", "that it was sent stays the proof"
    assert send(NOW + timedelta(days=9)) == "failed", "there is no other way"
    assert facts.open_tasks() == ["notice_returned", "notice_failed"]
    facts.member(address="2 Right St")
    assert send(NOW + timedelta(days=10), again=True) == "sent"
    assert facts.open_tasks() == []
    assert facts.outcomes() == [("letter", "undelivered"), ("letter", "accepted")]


def test_an_e_mail_that_bounced_goes_by_the_next_channel(engine, paid, send, facts):
    facts.member(email="ada@example.com")
    facts.set_notice(channel="email")
    send()
    cut(engine)
    returned(engine, paid, "email")
    assert send(NOW + timedelta(days=9)) == "sent"
    assert facts.outcomes() == [("email", "undelivered"), ("letter", "accepted")]
    assert facts.open_tasks() == ["notice_returned"], "the address on file is wrong all the same"


def test_nobody_is_mailed_who_does_not_want_it(send, facts, mail):
    facts.member(email="ada@example.com", email_ok=False)
    facts.set_notice(channel="email")
    send()
    assert (facts.outcomes(), mail[0].taken) == ([("letter", "accepted")], [])


def test_which_letter_came_back_is_said_where_there_are_several(engine, paid, send, sender):
    with pytest.raises(NotFoundError, match="Nothing was sent by letter"):
        returned(engine, paid)
    send()
    send_notice(engine, sender, ManualClock(NOW), cancelled(engine, paid))
    with pytest.raises(OperatorError, match="say which with --tells: authorized, cancelled"):
        returned(engine, paid)
    with pytest.raises(NotFoundError, match="None that tells refunded"):
        returned(engine, paid, kind="refunded")
    assert returned(engine, paid, kind="cancelled") == "cancelled"


def test_the_evidence_has_what_was_told_later(engine, paid, send, sender):
    send()
    send_notice(engine, sender, ManualClock(NOW), cancelled(engine, paid))
    with engine.connect() as db:
        proof = evidence_json(db, SETTINGS.hashes, paid.confirmation_number)
    (told,) = proof["later_notices"]
    assert (told["kind"], told["state"], told["mailed_date"]) == ("cancelled", "sent", "2026-12-18")
    page = evidence_text(proof)
    assert "LATER NOTICE\n  kind: cancelled\n" in page
    assert "Nothing is taken from your bank account for it." in page
