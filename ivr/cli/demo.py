"""`ivr demo`: the line with invented members, and what to key for three of them."""

from __future__ import annotations

import logging

import click

from ivr.base.errors import SettingsError
from ivr.base.logs import configure_logs
from ivr.base.settings import (
    forget_demo_secrets,
    is_demo,
    load_console_settings,
    load_database_settings,
    load_settings,
)
from ivr.cli.demo_return import return_file
from ivr.cli.serve import serve_on
from ivr.cli.supervisor import bind
from ivr.sandbox.demo import describe
from ivr.sandbox.members import prepare_demo
from ivr.sandbox.month import complaints, make_month
from ivr.sandbox.staff import SAMPLE_PASSWORD, add_sample_staff
from ivr.staff.people import StaffKeys
from ivr.staff.rights import ROLES
from ivr.start import hold_database, load_line, ready_database
from ivr.storage.embedded import forget


@click.group(invoke_without_command=True)
@click.option("--forget", is_flag=True, help="Delete the demo's database and secrets instead.")
@click.pass_context
def demo(context: click.Context, *, forget: bool) -> int:
    """Make everything ready, print three sample members with what to key, and serve. Needs IVR_DEMO=yes."""
    if context.invoked_subcommand is not None:
        return 0
    if not is_demo():
        raise SettingsError("Set IVR_DEMO to yes first: a demo fills the database with invented members.")
    if forget:
        return _forget()
    settings = load_settings()
    staffed = load_console_settings()
    with (
        bind("127.0.0.1", settings.port) as bound,
        bind("127.0.0.1", staffed.console_port, "CONSOLE_PORT") as console,
        hold_database(settings),
    ):
        clock = settings.make_clock()
        prepare_demo(settings, clock)
        sheet = describe(settings, clock)
        configure_logs(level=logging.ERROR)
        with ready_database(settings) as engine:
            make_month(settings, engine, load_line(settings), clock.now())
            with engine.begin() as db:
                add_sample_staff(db, StaffKeys(staffed.ivr_console_key), clock.now())
        console_port = console.getsockname()[1]

        def ready(address: str) -> None:
            click.echo(
                f"{sheet}\nThe line answers on {address}. A phone in another terminal: `make call`."
                f"\nThe console of staff is on http://127.0.0.1:{console_port}: log in as {', '.join(ROLES)},"
                f"\nwith the password `{SAMPLE_PASSWORD}` and the code that the page shows."
                f"\nMembers of its sample month call about:\n{complaints(clock.now().date())}"
                "\nCtrl-C ends it. Its data stay; `make reset` forgets them."
            )

        return serve_on(bound, ready, console=console)


demo.add_command(return_file)


def _forget() -> int:
    settings = load_database_settings()
    if settings.database_url:
        raise SettingsError(
            "DATABASE_URL is set: only the embedded database is forgotten; drop yours by hand."
        )
    forget(settings.ivr_var)
    forget_demo_secrets(settings.ivr_var)
    click.echo("The demo's members, calls and payments are forgotten.")
    return 0
