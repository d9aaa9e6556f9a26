"""What a missed cutoff left behind: it waits for staff, can be cancelled, and leaves after a notice that is true.

The smallest case of all: paid on Thursday the 17th at 10:00, no worker until Monday the 21st at 09:00.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from support.authorized import notice_of
from support.banking import RULE, rows, settle_by
from support.money import (
    KEYS,
    SETTINGS,
    entries,
    files,
    owed_cents,
    pay,
    payment_row,
    states,
    tell_notice,
)

from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.base.hours import Opening
from ivr.base.randomness import SecretRandomness
from ivr.jobs.bank import run_due_cutoffs
from ivr.notices.due import send_due
from ivr.notices.outbox import PrintOutbox
from ivr.notices.send import send_notice
from ivr.notices.sender import NoticeSender
from ivr.notices.texts import NoticeTexts
from ivr.payments.cancel import cancel
from ivr.payments.credits import reverse
from ivr.payments.evidence import evidence_json, evidence_text, seal_evidence, verify_evidence
from ivr.payments.late import release_late, waiting_for_staff
from ivr.payments.origination import run_cutoff
from ivr.payments.report import payment_json
from ivr.storage.tables import (
    AchEntry,
    AuditEvent,
    LedgerEntry,
    Notice,
    NoticeAttempt,
    Payment,
    StaffTask,
)

ROOT = Path(__file__).resolve().parents[3]
THURSDAY = datetime(2026, 12, 17, 15, tzinfo=UTC)  # 10:00 in Boston
THURSDAYS_CUTOFF = datetime(2026, 12, 17, 22, tzinfo=UTC)
MONDAY = datetime(2026, 12, 21, 14, tzinfo=UTC)
MONDAYS_CUTOFF = datetime(2026, 12, 21, 22, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
HELD = ("payment_held", "cutoff_missed")

pytestmark = pytest.mark.usefixtures("samples")


@pytest.fixture
def sender(tmp_path):
    """Letters only."""
    return NoticeSender(
        texts=NoticeTexts.load(ROOT / "prompts" / "notices"),
        support_phone="+18005550100",
        opening=Opening("Mon-Fri 08:00-18:00"),
        cutoff=RULE,
        keys=KEYS,
        letters=PrintOutbox(tmp_path / "letters"),
    )


def run_worker(engine, sender, now):
    """What the worker does about notices and cutoffs at its next run, in its order."""
    send_due(engine, sender, ManualClock(now))
    return run_due_cutoffs(engine, SETTINGS, now)


def release(engine, paid, now=MONDAY):
    with engine.begin() as db:
        return release_late(db, RULE, confirmation_number=paid.confirmation_number, actor="pat", now=now)


def letters(sender):
    return sorted(path.name for path in sender.letters.folder.glob("*.pdf"))


def bodies(engine):
    with engine.connect() as db:
        return db.scalar(select(Notice.body).order_by(Notice.id.desc()))


def test_no_worker_for_four_days(engine, sender):
    paid = pay(engine, THURSDAY, notice="pending")
    thursdays, fridays = run_worker(engine, sender, MONDAY)
    assert (thursdays.file, thursdays.missed, fridays.missed) == (None, True, True)
    assert [(held.confirmation_number, held.reason) for held in fridays.held] == [
        (paid.confirmation_number, "missed_cutoff")
    ]
    assert (letters(sender), entries(engine)) == ([], []), "no letter says what nobody knows"
    payment = payment_row(engine, paid)
    assert (payment.state, payment.hold_reason) == ("held", "missed_cutoff")
    held, missed = rows(engine, StaffTask)
    assert (missed.kind, held.kind, held.payment_id) == ("cutoff_missed", "payment_held", paid.payment_id)
    assert missed.details == {
        "cutoff_at": "2026-12-17T22:00:00Z",
        "ran_at": "2026-12-21T14:00:00Z",
        "held": 1,
        "next": "see why no worker ran, then deal with each payment that is held; close this one at last",
    }
    assert f"`ivr payments release {paid.confirmation_number}` sends it with the next" in held.details["why"]
    assert run_worker(engine, sender, MONDAY + A_MINUTE) == []
    done = release(engine, paid)
    assert (done.cutoff_at, done.effective_entry_date) == (MONDAYS_CUTOFF, date(2026, 12, 22))
    assert done.is_told_anew is False
    assert run_worker(engine, sender, MONDAY + A_MINUTE) == []
    assert letters(sender) == [f"2026-12-21-{paid.confirmation_number}.pdf"]
    assert "The debit is later than you were told." in bodies(engine)
    assert "before 5:00 PM on December 21, 2026." in bodies(engine)
    assert "Date of the debit: December 22, 2026 or after" in bodies(engine)
    (mondays,) = run_worker(engine, sender, MONDAYS_CUTOFF + A_MINUTE)
    assert (mondays.file.entries, mondays.held, mondays.missed) == (1, (), False)
    assert payment_row(engine, paid).effective_entry_date == date(2026, 12, 22)
    assert [task.kind for task in rows(engine, StaffTask, StaffTask.closed_at.is_(None))] == ["cutoff_missed"]


def test_what_was_told_in_time_is_told_anew(engine, sender):
    """Its letter went out on Thursday; then the worker died."""
    paid = pay(engine, THURSDAY, notice="pending")
    assert send_notice(engine, sender, ManualClock(THURSDAY), notice_of(engine, paid)) == "sent"
    first = bodies(engine)
    assert "before 5:00 PM on December 17, 2026." in first
    assert "did not leave" not in first
    run_worker(engine, sender, MONDAY)
    assert states(engine) == ["held"]
    assert release(engine, paid).is_told_anew is True
    with engine.connect() as db:
        shown = payment_json(db, paid.confirmation_number)
    assert (shown["state"], shown["cutoff_at"], shown["moved_to_cutoff_at"]) == (
        "authorized",
        "2026-12-17T22:00:00Z",
        "2026-12-21T22:00:00Z",
    )
    assert shown["notice"] == {
        "channel": "letter",
        "state": "pending",
        "sent_at": None,
        "mailed_date": None,
    }
    run_worker(engine, sender, MONDAY + A_MINUTE)
    assert "before 5:00 PM on December 21, 2026." in bodies(engine)
    number = paid.confirmation_number
    assert letters(sender) == [f"2026-12-17-{number}.pdf", f"2026-12-21-{number}-2.pdf"]
    earlier, newest = rows(engine, Notice)
    assert (earlier.state, earlier.body, earlier.sent_at) == ("replaced", first, THURSDAY)
    assert (newest.state, newest.body, newest.about_id) == ("sent", bodies(engine), earlier.about_id)
    (mondays,) = run_worker(engine, sender, MONDAYS_CUTOFF + A_MINUTE)
    assert mondays.file.entries == 1
    (audit,) = rows(engine, AuditEvent)
    assert (audit.actor, audit.action, audit.subject) == ("pat", "payments.release", str(paid.payment_id))
    assert audit.details == {"reason": "missed_cutoff", "cutoff_at": "2026-12-21T22:00:00+00:00"}


def test_nothing_leaves_before_the_new_notice(engine, sender):
    """Its carrier fails until Monday's cutoff is over: the notice names Tuesday's, and it goes with that one."""
    paid = pay(engine, THURSDAY)
    run_worker(engine, sender, MONDAY)
    release(engine, paid)
    (mondays,) = run_due_cutoffs(engine, SETTINGS, MONDAYS_CUTOFF + A_MINUTE)
    assert [held.reason for held in mondays.held] == ["notice"]
    tuesday = MONDAYS_CUTOFF + timedelta(hours=15)
    assert send_notice(engine, sender, ManualClock(tuesday), notice_of(engine, paid)) == "sent"
    assert "before 5:00 PM on December 22, 2026." in bodies(engine)
    (tuesdays,) = run_due_cutoffs(engine, SETTINGS, MONDAYS_CUTOFF + timedelta(days=1, minutes=1))
    assert (tuesdays.file.entries, tuesdays.file.effective_entry_date) == (1, date(2026, 12, 23))


def test_what_waits_for_staff_can_be_cancelled(engine, sender):
    paid = pay(engine, THURSDAY)
    run_worker(engine, sender, MONDAY)
    with engine.begin() as db:
        cancel(db, SecretRandomness(), confirmation_number=paid.confirmation_number, actor="pat", now=MONDAY)
    assert (states(engine), owed_cents(engine, "740000101")) == (["cancelled"], 31015)
    assert waiting_for(engine) == []
    assert [task.closed_by for task in rows(engine, StaffTask, StaffTask.kind == "payment_held")] == ["pat"]


def waiting_for(engine):
    with engine.connect() as db:
        return waiting_for_staff(db)


def test_minutes_late_is_an_ordinary_cutoff(engine, sender):
    """Until midnight the debits take effect on the day that was told, and so over a weekend until Monday."""
    pay(engine, THURSDAY, cents=100)
    before_midnight = datetime(2026, 12, 18, 4, 59, tzinfo=UTC)
    (thursdays,) = run_due_cutoffs(engine, SETTINGS, before_midnight)
    assert (thursdays.file.entries, thursdays.missed) == (1, False)
    pay(engine, THURSDAY + timedelta(days=1), cents=200)
    (fridays,) = run_due_cutoffs(engine, SETTINGS, datetime(2026, 12, 21, 4, 59, tzinfo=UTC))
    assert (fridays.file.entries, fridays.missed) == (1, False)
    assert rows(engine, StaffTask) == []


def test_a_missed_cutoff_holds_them_from_midnight_on(engine):
    paid = pay(engine, THURSDAY)
    (thursdays,) = run_due_cutoffs(engine, SETTINGS, datetime(2026, 12, 18, 5, tzinfo=UTC))
    assert [held.reason for held in thursdays.held] == ["missed_cutoff"]
    assert waiting_for(engine) == [paid.confirmation_number]


def test_a_missed_cutoff_with_nothing_due_is_no_task(engine):
    pay(engine, THURSDAY, cents=100)
    run_due_cutoffs(engine, SETTINGS, THURSDAYS_CUTOFF)
    (fridays, mondays) = run_due_cutoffs(engine, SETTINGS, MONDAYS_CUTOFF)
    assert (fridays.missed, mondays.missed, rows(engine, StaffTask)) == (True, False, [])


def test_a_debit_that_was_told_for_a_later_day_keeps_it(engine):
    """Told for Tuesday: a file made on Monday morning still debits it on Tuesday."""
    paid = pay(engine, THURSDAY)
    with engine.begin() as db:
        db.execute(update(Payment).values(not_before_date=date(2026, 12, 22)))
    thursdays, _ = run_due_cutoffs(engine, SETTINGS, MONDAY)
    assert (thursdays.missed, thursdays.file.entries) == (True, 1)
    assert payment_row(engine, paid).effective_entry_date == date(2026, 12, 22)


def test_a_notice_after_the_cutoff_that_it_names_is_no_notice(engine, sender):
    """A letter begun in time was finished by the next run, days later: it names Thursday's cutoff."""
    paid = pay(engine, THURSDAY, notice="pending")
    notice_id = notice_of(engine, paid)
    with engine.begin() as db:
        db.execute(
            insert(NoticeAttempt).values(
                notice_id=notice_id, channel="letter", state="sending", started_at=THURSDAY
            )
        )
    late = THURSDAYS_CUTOFF + timedelta(seconds=5)
    assert send_notice(engine, sender, ManualClock(late), notice_of(engine, paid)) == "sent"
    assert "before 5:00 PM on December 17, 2026." in bodies(engine)
    (thursdays,) = run_due_cutoffs(engine, SETTINGS, THURSDAYS_CUTOFF + A_MINUTE)
    assert [held.reason for held in thursdays.held] == ["notice_late"]
    (task,) = rows(engine, StaffTask)
    assert task.details["why"].startswith("its notice went out after the cutoff that it names: `ivr pay")
    assert release(engine, paid, THURSDAYS_CUTOFF + A_MINUTE).is_told_anew
    assert send_notice(engine, sender, ManualClock(late + A_MINUTE), notice_of(engine, paid)) == "sent"
    assert "before 5:00 PM on December 18, 2026." in bodies(engine)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (("authorized", None), "is authorized: it does not wait for a release.$"),
        (("held", "notice"), r"held \(notice\): .+ leaves by itself once its notice is sent"),
        (("held", "blocked"), "see `ivr ach unblock`"),
        (("sent", None), "is sent: it does not wait"),
    ],
)
def test_only_what_waits_for_staff_is_released(engine, held, said):
    paid = pay(engine, THURSDAY)
    with engine.begin() as db:
        db.execute(update(Payment).values(state=held[0], hold_reason=held[1]))
    with pytest.raises(OperatorError, match=said):
        release(engine, paid)
    with (
        engine.begin() as db,
        pytest.raises(OperatorError, match="No payment has the confirmation number 1:"),
    ):
        release_late(db, RULE, confirmation_number="1", actor="pat", now=MONDAY)


@pytest.mark.parametrize("reason", ["blocked", "notice"])
def test_what_is_held_for_its_own_reason_keeps_it(engine, reason):
    paid = pay(engine, THURSDAY, notice="pending" if reason == "notice" else "sent")
    with engine.begin() as db:
        db.execute(update(Payment).values(state="held", hold_reason=reason))
        db.execute(
            text(
                "INSERT INTO blocked_accounts SELECT account_fingerprint, 'R02', id, now() FROM payments"
                " WHERE hold_reason = 'blocked'"
            )
        )
    for done in run_due_cutoffs(engine, SETTINGS, MONDAY):
        assert [(held.confirmation_number, held.reason) for held in done.held] == [
            (paid.confirmation_number, reason)
        ]


def test_the_first_notice_stays_the_evidence(engine, sender, hashes):
    """It is sealed at night; what follows is shown beside it and breaks no seal."""
    paid = pay(engine, THURSDAY, notice="pending")
    send_notice(engine, sender, ManualClock(THURSDAY), notice_of(engine, paid))
    run_worker(engine, sender, MONDAY)
    with engine.begin() as db:
        assert seal_evidence(db, hashes, MONDAY, MONDAY) == 1
    release(engine, paid)
    check_seals(engine, hashes, paid, 1)
    run_worker(engine, sender, MONDAY + A_MINUTE)
    check_seals(engine, hashes, paid, 1)
    with engine.connect() as db:
        found = evidence_json(db, hashes, paid.confirmation_number)
    assert found["seal"]["unchanged"]
    assert "December 17, 2026." in found["notice"]["earlier"][0]["body"]
    assert "December 21, 2026." in found["notice"]["body"]
    assert "words sent before, at 2026-12-17T15:00:00Z:" in evidence_text(found)


def test_one_that_is_told_anew_can_be_sealed_meanwhile(engine, sender, hashes):
    paid = pay(engine, THURSDAY, notice="pending")
    send_notice(engine, sender, ManualClock(THURSDAY), notice_of(engine, paid))
    run_worker(engine, sender, MONDAY)
    release(engine, paid)
    with engine.begin() as db:
        assert seal_evidence(db, hashes, MONDAY, MONDAY) == 1
    run_worker(engine, sender, MONDAY + A_MINUTE)
    check_seals(engine, hashes, paid, 1)


def check_seals(engine, hashes, paid, count):
    with engine.connect() as db:
        verified = verify_evidence(db, hashes, kept_since=datetime(2020, 1, 1, tzinfo=UTC))
        assert (verified.seals, verified.broken) == (count, ())


def settled(engine):
    """Debited on Monday the 21st."""
    paid = pay(engine, THURSDAY + timedelta(days=1))
    with engine.begin() as db:
        run_cutoff(
            db, KEYS, SETTINGS, cutoff=THURSDAYS_CUTOFF + timedelta(days=1), now=MONDAY - timedelta(days=2)
        )
        db.execute(text("UPDATE ach_files SET state = 'sent', sent_at = created_at"))
        db.execute(text("UPDATE ach_entries SET state = 'sent'"))
        db.execute(text("UPDATE payments SET state = 'sent'"))
    settle_by(engine, MONDAY)
    assert states(engine) == ["settled"]
    return paid


def test_a_reversal_is_not_sent_when_its_five_days_are_over(engine):
    """Asked for in time, on Monday the 28th; then no worker until the 30th: only a refund is left."""
    paid = settled(engine)
    asked = datetime(2026, 12, 28, 15, tzinfo=UTC)  # takes effect on the 29th, the fifth day
    with engine.begin() as db:
        reverse(
            db,
            RULE,
            confirmation_number=paid.confirmation_number,
            reason="duplicate",
            actor="pat",
            now=asked,
        )
    assert owed_cents(engine, "740000101") == 31015
    done = run_due_cutoffs(engine, SETTINGS, asked + timedelta(days=2))
    assert [each.file for each in done] == [None] * len(done)
    assert [entry.state for entry in rows(engine, AchEntry)] == ["settled", "withdrawn"]
    assert (states(engine), owed_cents(engine, "740000101")) == (["settled"], 0)
    (task,) = rows(engine, StaffTask, StaffTask.kind == "payment_held")
    assert (task.details["reason"], task.details["withdrawn"]) == ("late", "reversal")
    assert "five banking days" in task.details["why"]


def test_a_reversal_on_its_fifth_day_goes(engine):
    paid = settled(engine)
    asked = datetime(2026, 12, 28, 15, tzinfo=UTC)
    with engine.begin() as db:
        reverse(
            db,
            RULE,
            confirmation_number=paid.confirmation_number,
            reason="duplicate",
            actor="pat",
            now=asked,
        )
    done = run_due_cutoffs(engine, SETTINGS, datetime(2026, 12, 28, 22, 1, tzinfo=UTC))
    assert [each.file.entries for each in done if each.file] == [1]
    assert len(rows(engine, LedgerEntry, LedgerEntry.kind == "reversal")) == 1


def test_tell_notice_knows_no_dates_before_the_cutoff_is_run(engine):
    """As the sender: a notice of a payment whose cutoff nobody ran waits."""
    paid = pay(engine, THURSDAY, notice="pending")
    with engine.begin() as db:
        tell_notice(db, paid.payment_id, "sent", MONDAY)
        assert db.scalars(select(Notice.state)).one() == "pending"
    assert len(files(engine)) == 0
