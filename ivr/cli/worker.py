"""`ivr worker`: what runs without a caller."""

from __future__ import annotations

import click
import structlog

from ivr.base.logs import configure_logs, log_what_python_prints
from ivr.base.project import project_folder
from ivr.base.settings import load_worker_settings
from ivr.jobs.groups import job_groups
from ivr.jobs.notices import open_notice_sender
from ivr.jobs.worker import run_once, run_worker
from ivr.start import hold_database, lost_database_told, ready_database

_log = structlog.get_logger()


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, once, and stop: for a cron of your own.")
def worker(*, once: bool) -> None:
    """Run the jobs of the line until SIGTERM. Its supervisor starts it again, whatever it ended with."""
    configure_logs()
    log_what_python_prints()
    settings = load_worker_settings()
    if settings.ivr_odfi_sftp is None and not settings.ivr_ach_recipient:
        _log.warning("bank_files_readable", folder=str(settings.ach_out))
    sender = open_notice_sender(settings, project_folder() / "prompts" / "notices")
    with hold_database(settings) as url:
        with ready_database(settings) as engine:
            pass  # it answers and is migrated; jobs have connections of their own
        with lost_database_told(engine):
            groups = job_groups(sender=sender, bank=settings, retention=settings)
            (run_once if once else run_worker)(url, settings.make_clock(), *groups)
