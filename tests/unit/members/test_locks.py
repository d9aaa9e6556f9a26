"""Staff see who is locked, let them in, and are told when much fails; what matters no more is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from structlog.testing import capture_logs

from ivr.jobs.verification_watch import FAILURES_TASK, watch_failures
from ivr.members.locks import locked, sweep_counters, unlock, unlock_since, unswept_counters
from ivr.members.verification import LINE_FAILURES, KeyedFacts, verify
from ivr.payments.staff_queue import close_task
from ivr.storage.tables import AuditEvent, StaffTask, VerificationCounter

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HEALTH = "demo.health_and_dental"
NOBODY = "499999999999"


def answer(engine, hashes, member, *, now=NOW, keyed_id=None, ssn_last4=None):
    with engine.begin() as db:
        keyed = KeyedFacts(
            keyed_id or member.member_id, member.date_of_birth_keyed, ssn_last4 or member.ssn_last4
        )
        return verify(db, hashes, now, keyed)


def attempt(engine, hashes, member, **facts):
    return answer(engine, hashes, member, **facts).member


def fail(engine, hashes, member, times, *, now=NOW, keyed_id=None):
    for _ in range(times):
        assert attempt(engine, hashes, member, now=now, keyed_id=keyed_id, ssn_last4="0000") is None


def who(engine, now=NOW):
    with engine.connect() as db:
        return locked(db, now)


def failed_elsewhere(engine, counters, *, at=NOW, failures=5):
    """Let so many other numbers fail."""
    with engine.begin() as db:
        db.execute(
            insert(VerificationCounter),
            [
                {
                    "counted_on": f"{number:064x}",
                    "failures_since_success": failures,
                    "recent_failures_at": [at] * failures,
                    "last_failure_at": at,
                }
                for number in range(counters)
            ],
        )


def counters(engine):
    with engine.connect() as db:
        return set(db.scalars(select(VerificationCounter.counted_on)))


def open_tasks(engine):
    with engine.connect() as db:
        return db.execute(
            select(StaffTask.id, StaffTask.details).where(
                StaffTask.kind == FAILURES_TASK, StaffTask.closed_at.is_(None)
            )
        ).all()


def test_unlock_clears_every_id_of_the_member_and_says_who(engine, hashes, samples):
    member, other = samples[HEALTH], samples["demo.sms"]
    ids = (member.member_id, *member.billing_accounts.values())
    for keyed_id in ids:
        fail(engine, hashes, member, 10, keyed_id=keyed_id)
    fail(engine, hashes, other, 5)
    with engine.begin() as db:
        assert unlock(db, hashes, member.member_id, "pat", NOW)
    for keyed_id in ids:
        assert attempt(engine, hashes, member, keyed_id=keyed_id) is not None
    assert attempt(engine, hashes, other) is None
    with engine.connect() as db:
        audit = db.execute(select(AuditEvent.__table__)).one()
    assert (audit.at, audit.actor, audit.action, audit.subject) == (
        NOW,
        "pat",
        "members.unlock",
        member.member_id,
    )
    assert audit.details == {"counters_cleared": 1, "was_locked": True}


def test_unlock_of_nobody_does_nothing(engine, hashes, samples):
    with engine.begin() as db:
        assert not unlock(db, hashes, "999999999999", "pat", NOW)
        assert db.execute(select(AuditEvent.id)).all() == []


def test_unlock_says_whether_there_was_a_lock(engine, hashes, samples):
    member = samples[HEALTH]
    for failures, was_locked in ((0, False), (4, False), (5, True)):
        fail(engine, hashes, member, failures)
        with engine.begin() as db:
            assert unlock(db, hashes, member.member_id, "pat", NOW) is was_locked


def test_who_is_locked_since_when_and_until_when(engine, hashes, samples):
    member, other = samples[HEALTH], samples["demo.sms"]
    fail(engine, hashes, member, 4)
    fail(engine, hashes, member, 3, now=NOW + HOUR)
    for day in range(10):
        fail(engine, hashes, other, 1, now=NOW - day * DAY)
    fail(engine, hashes, member, 5, keyed_id=NOBODY)
    found = who(engine, NOW + 2 * HOUR)
    by_id = {each.member_id: each for each in found.members}
    assert found.unknown_numbers == 1
    one, two = by_id[member.member_id], by_id[other.member_id]
    assert (one.locked_at, one.failures, one.until) == (NOW + HOUR, 7, NOW + DAY)
    assert (two.failures, two.until) == (10, None)
    after = who(engine, NOW + 30 * HOUR)
    assert ([each.member_id for each in after.members], after.unknown_numbers) == ([other.member_id], 0)


def test_unlock_since_lets_in_those_locked_since_then_and_records_each(engine, hashes, samples):
    before, *locked_out = (samples[name] for name in ("demo.letter", HEALTH, "demo.sms"))
    fail(engine, hashes, before, 5, now=NOW - HOUR)
    for member in locked_out:
        fail(engine, hashes, member, 6)
    fail(engine, hashes, before, 5, keyed_id=NOBODY)
    with engine.begin() as db:
        were = unlock_since(db, NOW, "pat", NOW)
    ids = {member.member_id for member in locked_out}
    assert ({each.member_id for each in were.members}, were.unknown_numbers) == (ids, 1)
    assert [each.member_id for each in who(engine).members] == [before.member_id]
    assert all(attempt(engine, hashes, member) for member in locked_out)
    with engine.connect() as db:
        events = db.execute(select(AuditEvent.action, AuditEvent.subject, AuditEvent.actor)).all()
    assert {event.subject for event in events if event.action == "members.unlock"} == ids
    assert [event.actor for event in events] == ["pat"] * 3


@pytest.mark.parametrize("more", [0, 1])
def test_from_a_hundred_failures_an_hour_every_answer_is_slow(engine, hashes, samples, more):
    member = samples[HEALTH]
    failed_elsewhere(engine, LINE_FAILURES // 5 - 1)
    fail(engine, hashes, samples["demo.sms"], 4 + more)
    for facts in ({}, {"ssn_last4": "0000"}, {"keyed_id": NOBODY}):
        assert answer(engine, hashes, member, **facts).slowed == (more == 1), facts
        with engine.begin() as db:  # the next finds as many failures
            db.execute(
                update(VerificationCounter)
                .where(
                    VerificationCounter.counted_on.not_like("0%"),
                    VerificationCounter.failures_since_success < 4,
                )
                .values(last_failure_at=None, recent_failures_at=[])
            )
    assert not answer(engine, hashes, member, now=NOW + HOUR).slowed


def test_staff_have_one_task_while_much_fails(engine, samples):
    failed_elsewhere(engine, LINE_FAILURES // 5 - 1)
    watch_failures(engine, NOW)
    assert open_tasks(engine) == []
    with engine.begin() as db:
        db.execute(VerificationCounter.__table__.delete())
    failed_elsewhere(engine, LINE_FAILURES // 5)
    with capture_logs() as logged:
        watch_failures(engine, NOW)
        watch_failures(engine, NOW + timedelta(minutes=1))
    assert [(each["event"], each["failures"], each["numbers"]) for each in logged] == [
        ("verification_failures", 100, 20)
    ]
    with engine.begin() as db:
        db.execute(VerificationCounter.__table__.delete())
    failed_elsewhere(engine, 30)
    watch_failures(engine, NOW)
    ((number, details),) = open_tasks(engine)
    assert (details["failures_in_an_hour"], details["numbers"]) == (150, 30)
    with engine.begin() as db:
        close_task(db, number, note="seen", actor="pat", now=NOW)
    watch_failures(engine, NOW + HOUR / 2)
    assert open_tasks(engine) == []
    with engine.begin() as db:
        db.execute(
            update(VerificationCounter).values(
                recent_failures_at=[NOW + HOUR] * 5, last_failure_at=NOW + HOUR
            )
        )
    watch_failures(engine, NOW + HOUR)
    assert len(open_tasks(engine)) == 1


def test_counters_that_matter_no_more_are_forgotten(engine, hashes, samples):
    member, other, good = samples[HEALTH], samples["demo.sms"], samples["demo.letter"]
    fail(engine, hashes, member, 2)  # two of ten without a success
    fail(engine, hashes, other, 4)
    assert attempt(engine, hashes, other)  # four of five within a day
    assert attempt(engine, hashes, good)
    fail(engine, hashes, member, 9, keyed_id=NOBODY)
    failed_elsewhere(engine, 1, failures=10)  # locked for good
    kept = {member.member_id, f"{0:064x}"}
    with engine.begin() as db:
        assert sweep_counters(db, NOW + DAY - timedelta(seconds=1)) == 1
    assert good.member_id not in counters(engine)
    with engine.begin() as db:
        assert unswept_counters(db, NOW + DAY) == 0
        assert unswept_counters(db, NOW + DAY + 2 * HOUR) == 2
        assert sweep_counters(db, NOW + DAY) == 2
        assert unswept_counters(db, NOW + 9 * DAY) == 0
        assert db.execute(select(func.count()).select_from(VerificationCounter)).scalar_one() == 2
    assert counters(engine) == kept
