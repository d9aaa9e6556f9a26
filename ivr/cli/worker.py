"""`ivr worker`: what runs without a caller."""

from __future__ import annotations

import click


@click.command()
def worker() -> None:
    """Run the jobs of the line until SIGTERM. Its supervisor starts it again, whatever it ended with."""
    from ivr.base.logs import configure_logs
    from ivr.base.settings import load_database_settings
    from ivr.cli.setup import lost_database_told, ready_database
    from ivr.jobs.worker import run_worker
    from ivr.start import hold_database

    configure_logs()
    settings = load_database_settings()
    with hold_database(settings) as url:
        with ready_database(settings):
            pass  # it answers and is migrated; jobs have connections of their own
        with lost_database_told():
            run_worker(url, settings.make_clock())
