"""The bank's day as the worker lives it: what is due is done, in order, once, and what fails is tried again."""

from __future__ import annotations

import base64
import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select, text
from support.money import (
    FRIDAY,
    FRIDAYS_CUTOFF,
    SETTINGS,
    files,
    pay,
    payment_row,
    settings_with,
    states,
    tell_notice,
    wait_until_somebody_waits,
)
from support.sftp_server import ACCOUNT, Faults, SftpServer

from ivr.base.clock import ManualClock
from ivr.base.errors import OperatorError
from ivr.base.randomness import SecretRandomness
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.jobs.bank import add_bank_jobs, deliver_files, destination_of, roll_forward, run_due_cutoffs
from ivr.jobs.groups import job_groups
from ivr.jobs.worker import make_app, run_due_jobs
from ivr.members.imports import import_members
from ivr.payments.cancel import cancel
from ivr.payments.cutoffs import take_cutoff
from ivr.payments.delivery import Folder
from ivr.payments.origination import run_cutoff
from ivr.storage.queue import enqueue
from ivr.storage.tables import AchCutoff, StaffTask

LATER = FRIDAYS_CUTOFF + timedelta(minutes=1)
NAME = "ivr-20261218-A.ach"


@pytest.fixture(autouse=True)
def _samples(engine: Engine) -> None:
    samples, hashes = demo_members(FRIDAY.date()), SETTINGS.hashes
    with engine.begin() as db:
        people = io.BytesIO(members_csv(samples).encode())
        import_members(db, hashes, FRIDAY, people, file_name="m.csv")
        bills = io.BytesIO(bills_csv(samples).encode())
        import_bills(db, hashes, FRIDAY, bills, as_of_at=FRIDAY, file_name="b.csv")


def work(engine: Engine, url: URL, now: datetime, settings, *jobs: str) -> None:
    with engine.begin() as db:
        db.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'send_notice'"))
        for job in jobs:
            enqueue(db, job)
    run_due_jobs(url, ManualClock(now), *job_groups(bank=settings))


def left(engine: Engine) -> list[str]:
    with engine.connect() as db:
        return list(db.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id")))


def test_a_day_from_the_cutoff_to_the_settlement(engine: Engine, database_url: URL, tmp_path: Path) -> None:
    settings = settings_with(IVR_ACH_OUT=str(tmp_path))
    paid = pay(engine)
    work(engine, database_url, FRIDAYS_CUTOFF + timedelta(seconds=29), settings, "cutoffs")
    assert states(engine) == ["authorized"], "a turn that began before the cutoff may still commit"
    work(engine, database_url, FRIDAYS_CUTOFF + timedelta(seconds=30), settings, "cutoffs")
    assert states(engine) == ["sent"], "the file's own job delivered it"
    assert (tmp_path / NAME).exists()
    monday = datetime(2026, 12, 21, 13, 40, tzinfo=UTC)
    work(engine, database_url, monday, settings, "roll_forward", "cutoffs", "undelivered_files")
    assert payment_row(engine, paid).state == "settled"
    assert (len(files(engine)), left(engine)) == (1, [])


def test_missed_cutoffs_are_made_up_in_order(engine: Engine) -> None:
    """What they would debit later than was told waits for staff; what is due now goes."""
    pay(engine, cents=100)
    pay(engine, FRIDAYS_CUTOFF, cents=200)
    pay(engine, FRIDAYS_CUTOFF + timedelta(days=4), cents=300)
    wednesday = datetime(2026, 12, 23, 23, tzinfo=UTC)
    done = run_due_cutoffs(engine, SETTINGS, wednesday)
    assert [(each.cutoff_at.day, each.missed, each.file and each.file.entries) for each in done] == [
        (18, True, None),
        (21, True, None),
        (22, True, None),
        (23, False, 1),
    ]
    assert states(engine) == ["held", "held", "batched"]
    assert [file.name for file in files(engine)] == ["ivr-20261223-A.ach"]
    assert run_due_cutoffs(engine, SETTINGS, wednesday) == []


def test_one_account_that_cannot_be_opened_stops_no_later_cutoff(engine: Engine) -> None:
    """Nothing else was due at its cutoff. Its key is gone; those of the next day's payments are there."""
    old = settings_with(IVR_KEYS=f"k0:{base64.b64encode(bytes(range(32))).decode()}")
    stale = pay(engine, settings=old, cents=100)
    with pytest.raises(OperatorError, match="IVR_KEYS"):
        run_due_cutoffs(engine, SETTINGS, LATER)
    assert states(engine) == ["authorized"], "as far as anybody can tell, all keys are wrong"
    lost = pay(engine, LATER, settings=old, cents=300)
    with pytest.raises(OperatorError, match="IVR_KEYS"):
        run_due_cutoffs(engine, SETTINGS, LATER)
    with engine.begin() as db:
        cancel(db, SecretRandomness(), confirmation_number=lost.confirmation_number, actor="x", now=LATER)
    pay(engine, LATER, cents=200)
    (first,) = run_due_cutoffs(engine, SETTINGS, LATER)
    (second,) = run_due_cutoffs(engine, SETTINGS, datetime(2026, 12, 21, 22, 1, tzinfo=UTC))
    assert (first.file, [held.reason for held in first.held]) == (None, ["account"])
    assert (second.file.entries, [held.reason for held in second.held]) == (1, ["account"])
    assert states(engine) == ["held", "cancelled", "batched"]
    with engine.connect() as db:
        (task,) = db.execute(select(StaffTask.kind, StaffTask.payment_id))
    assert tuple(task) == ("payment_held", stale.payment_id)


def test_a_cutoff_that_another_is_at_is_left_to_it(engine: Engine) -> None:
    """It was due when this run looked; the other one finished it a moment later."""
    pay(engine)
    done: list[list] = []
    with engine.begin() as db:
        run_cutoff(db, SETTINGS.key_ring, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=LATER)
        second = threading.Thread(target=lambda: done.append(run_due_cutoffs(engine, SETTINGS, LATER)))
        second.start()
        wait_until_somebody_waits(engine)
    second.join()
    assert (done, len(files(engine))) == ([[]], 1)


@pytest.mark.parametrize("known", [False, True])
def test_a_cutoff_that_another_gave_up_is_taken_over(engine: Engine, known: bool) -> None:
    """The other one has only begun; this run waits for it to end, however it ends."""
    pay(engine)
    if known:
        with engine.begin() as db:
            db.execute(AchCutoff.__table__.insert().values(cutoff_at=FRIDAYS_CUTOFF, finished_at=None))
    done: list[list] = []
    with engine.connect() as db:
        assert take_cutoff(db, FRIDAYS_CUTOFF)
        second = threading.Thread(target=lambda: done.append(run_due_cutoffs(engine, SETTINGS, LATER)))
        second.start()
        wait_until_somebody_waits(engine)
        db.rollback()
    second.join()
    assert [each.file.entries for each in done[0]] == [1]


def test_a_file_that_did_not_arrive_is_sent_again_as_it_was(
    engine: Engine, database_url: URL, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    faults = Faults(die_after_bytes=1)
    (tmp_path / "in").mkdir()
    pay(engine)
    with SftpServer(tmp_path, faults) as server:
        settings = settings_with(
            IVR_ODFI_SFTP=f"sftp://{ACCOUNT}:correct%20horse@127.0.0.1:{server.port}/in",
            IVR_ODFI_SFTP_HOST_KEY=server.host_key,
        )
        assert destination_of(settings).place("a") == f"sftp://127.0.0.1:{server.port}/in/a"
        work(engine, database_url, LATER, settings, "cutoffs")
        assert (states(engine), left(engine)) == (["batched"], []), "the worker goes on"
        with engine.connect() as db:
            assert db.scalars(select(StaffTask.kind)).all() == ["file_not_delivered"]
        made = files(engine)[0]
        work(engine, database_url, LATER + timedelta(minutes=1), settings, "undelivered_files")
        assert states(engine) == ["batched"]
        faults.die_after_bytes = None
        work(engine, database_url, LATER + timedelta(minutes=2), settings, "undelivered_files")
    assert states(engine) == ["sent"]
    content = (tmp_path / "in" / NAME).read_bytes()
    assert (len(files(engine)), files(engine)[0].content) == (1, made.content)
    assert len(content) == 950
    with engine.connect() as db:
        assert db.scalars(select(StaffTask.closed_at)).all() == [LATER + timedelta(minutes=2)]


def test_without_sftp_files_land_in_the_folder(engine: Engine, tmp_path: Path) -> None:
    settings = settings_with(IVR_VAR=str(tmp_path))
    assert destination_of(settings) == Folder(tmp_path / "ach" / "out")
    pay(engine)
    run_due_cutoffs(engine, settings, LATER)
    assert deliver_files(engine, settings, LATER) == []
    assert (tmp_path / "ach" / "out" / NAME).exists()


def test_a_worker_that_knows_no_bank_leaves_the_files_to_one_that_does(
    engine: Engine, database_url: URL
) -> None:
    pay(engine)
    run_due_cutoffs(engine, SETTINGS, LATER)
    work(engine, database_url, LATER, None)
    assert states(engine) == ["batched"]


def test_rolling_forward_lets_go_of_what_was_held_for_its_notice(engine: Engine) -> None:
    paid = pay(engine, notice="pending")
    run_due_cutoffs(engine, SETTINGS, LATER)
    assert states(engine) == ["held"]
    with engine.begin() as db:
        tell_notice(db, paid.payment_id, "sent", LATER)
    roll_forward(engine, SETTINGS, LATER)
    assert states(engine) == ["authorized"]


def test_three_jobs_come_by_themselves(engine: Engine, database_url: URL) -> None:
    clock = ManualClock(LATER)
    app = make_app(database_url, engine, clock, periodic=False)
    add_bank_jobs(app, engine, clock, SETTINGS, periodic=True)
    crons = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert crons == {
        "cutoffs": "* * * * *",
        "undelivered_files": "* * * * *",
        "roll_forward": "*/10 * * * *",
    }
