"""`ivr demo`: the line with invented members, and what to key for three of them."""

from __future__ import annotations

import click

from ivr.base.errors import SettingsError
from ivr.base.settings import forget_demo_secrets, is_demo, load_database_settings, load_settings
from ivr.cli.demo_return import return_file
from ivr.cli.serve import serve_on
from ivr.cli.supervisor import bind
from ivr.sandbox.demo import describe
from ivr.sandbox.members import prepare_demo
from ivr.start import hold_database
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
    with bind("127.0.0.1", settings.port) as bound, hold_database(settings):
        clock = settings.make_clock()
        prepare_demo(settings, clock)
        sheet = describe(settings, clock)

        def ready(address: str) -> None:
            click.echo(
                f"{sheet}\nThe line answers on {address}. A phone in another terminal: `make call`."
                "\nCtrl-C ends it. Its data stay; `make reset` forgets them."
            )

        return serve_on(bound, ready)


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
