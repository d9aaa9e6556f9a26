"""What the worker does by itself, all of it by name."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import URL, Engine, text
from structlog.testing import capture_logs
from support.money import SETTINGS, settings_with

from ivr.base.clock import ManualClock
from ivr.base.hours import Opening
from ivr.base.project import project_folder
from ivr.jobs.groups import job_groups
from ivr.jobs.worker import make_app, periodic_jobs, run_once
from ivr.notices.outbox import PrintOutbox
from ivr.notices.sender import NoticeSender
from ivr.notices.texts import NoticeTexts
from ivr.payments.cutoffs import cutoff_rule

CLOCK = ManualClock(datetime(2026, 12, 18, 15, tzinfo=UTC))
EVERY_JOB = {
    "heartbeat": "* * * * *",
    "purge": "*/5 * * * *",
    "retry_stalled_jobs": "*/10 * * * * *",
    "notices": "* * * * *",
    "fraud_watch": "*/10 * * * *",
    "cutoffs": "* * * * *",
    "undelivered_files": "* * * * *",
    "roll_forward": "*/10 * * * *",
    "retries": "*/10 * * * *",
    "return_rates": "*/10 * * * *",
    "verification_failures": "* * * * *",
    "seal_evidence": "7 * * * *",
    "retention": "7 * * * *",
    "report_day": "*/10 * * * *",
}


def all_groups(folder):
    sender = NoticeSender(
        texts=NoticeTexts.load(project_folder() / "prompts" / "notices"),
        support_phone="+18776236765",
        opening=Opening("Mon-Fri 08:00-18:00"),
        cutoff=cutoff_rule(SETTINGS),
        keys=SETTINGS.key_ring,
        letters=PrintOutbox(folder / "letters"),
        sms=None,
        email=None,
    )
    bank = settings_with(IVR_ACH_OUT=str(folder / "bank"))
    return job_groups(sender=sender, bank=bank, retention=SETTINGS)


def test_every_periodic_job_is_known(engine: Engine, database_url: URL, tmp_path) -> None:
    app = make_app(database_url, engine, CLOCK, *all_groups(tmp_path), periodic=True)
    tasks = app.periodic_registry.periodic_tasks.values()
    assert {each.task.name: each.cron for each in tasks} == EVERY_JOB
    assert periodic_jobs(app) == list(EVERY_JOB)


def test_a_line_without_a_bank_makes_no_files(engine: Engine, database_url: URL) -> None:
    app = make_app(database_url, engine, CLOCK, *job_groups(retention=SETTINGS), periodic=True)
    assert set(periodic_jobs(app)) == {
        "heartbeat",
        "purge",
        "retry_stalled_jobs",
        "verification_failures",
        "seal_evidence",
        "retention",
        "report_day",
    }


def test_all_of_them_are_done_once(engine: Engine, database_url: URL, tmp_path) -> None:
    with capture_logs() as logs:
        run_once(database_url, CLOCK, *all_groups(tmp_path))
    assert [each for each in logs if each["log_level"] != "info"] == []
    with engine.connect() as db:
        assert db.execute(text("SELECT task_name, status FROM procrastinate_jobs")).all() == []
