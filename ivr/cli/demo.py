"""`ivr demo`: the line with invented members, and what to key for three of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from ivr.base.errors import SettingsError
from ivr.cli.demo_return import return_file
from ivr.languages.language import YES
from ivr.languages.registry import LANGUAGES, SPOKEN

if TYPE_CHECKING:
    from ivr.base.clock import Clock
    from ivr.base.settings import Settings
    from ivr.billing.samples import SampleMember

SHOWN: Final = ("demo.health_and_dental", "demo.extra_time", "demo.spanish")
SAMPLE_ROUTING_NUMBER: Final = "021000021"
SAMPLE_ACCOUNT_NUMBER: Final = "1234567890"

_WIDTHS: Final = (28, 17)


@click.group(invoke_without_command=True)
@click.option("--forget", is_flag=True, help="Delete the demo's database and secrets instead.")
@click.pass_context
def demo(context: click.Context, *, forget: bool) -> int:
    """Make everything ready, print three sample members with what to key, and serve. Needs IVR_DEMO=yes."""
    from ivr.base.settings import is_demo, load_settings
    from ivr.cli.serve import serve_on
    from ivr.cli.setup import prepare_demo
    from ivr.cli.supervisor import bind
    from ivr.start import hold_database

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
    from ivr.base.settings import forget_demo_secrets, load_database_settings
    from ivr.storage.embedded import forget

    settings = load_database_settings()
    if settings.database_url:
        raise SettingsError(
            "DATABASE_URL is set: only the embedded database is forgotten; drop yours by hand."
        )
    forget(settings.ivr_var)
    forget_demo_secrets(settings.ivr_var)
    click.echo("The demo's members, calls and payments are forgotten.")
    return 0


def describe(settings: Settings, clock: Clock) -> str:
    """Return what is printed: who the three sample members are, what they owe now, and what to key."""
    from ivr.billing.ledger import balances
    from ivr.billing.samples import demo_member
    from ivr.cli.setup import ready_database

    today = clock.now().astimezone(settings.ivr_timezone).date()
    members = [demo_member(name, today) for name in SHOWN]
    with ready_database(settings) as engine, engine.connect() as db:
        owed = [
            {each.plan: each.balance_cents for each in balances(db, member.member_id, today)}
            for member in members
        ]
    lines = ["", "Three sample members:", ""]
    lines += [f"  {_about(member, cents)}" for member, cents in zip(members, owed, strict=True)]
    lines += ["", _row("The line asks", [member.first_name for member in members]), ""]
    columns = [steps(member) for member in members]
    lines += [_row(question, [column[question] for column in columns]) for question in columns[0]]
    return "\n".join([*lines, ""])


def steps(member: SampleMember) -> Mapping[str, str]:
    """Return what a sample member who owes something does to pay in full: what the line asks -> the answer.

    Digits, `#` included, are keyed; "say yes" is spoken; nothing means that the member is not asked.
    """
    return {
        "language": LANGUAGES[member.language].key,
        "main menu: hear, pay": "1",
        "member ID": member.member_id,
        "last four of the SSN": member.ssn_last4,
        "date of birth": member.date_of_birth_keyed,
        "which bill: health": "1",
        "how much: all of it": "1",
        "bank numbers at hand": "1",
        "checking account": "1",
        "routing number": SAMPLE_ROUTING_NUMBER,
        "read back: it is right": "1",
        "account number": f"{SAMPLE_ACCOUNT_NUMBER}#",
        "account number again": f"{SAMPLE_ACCOUNT_NUMBER}#",
        "ready for the terms": "1" if member.extra_time else "",
        "do you authorize it?": _yes(member),
        "after the number: finish": "2" if len(member.billing_accounts) > 1 else "1",
    }


def _yes(member: SampleMember) -> str:
    """Return what counts as a yes: in relay pace only the words "I authorize", as operators say "yes" too."""
    return f"say {SPOKEN[member.language].answers.says(YES, 'relay' if member.extra_time else 'voice')}"


def _row(question: str, answers: Sequence[str]) -> str:
    first, others = _WIDTHS
    return f"  {question:<{first}}{''.join(f'{answer:<{others}}' for answer in answers)}".rstrip()


def _about(member: SampleMember, owed_cents: Mapping[str, int]) -> str:
    from ivr.base.money import format_amount

    parts = [f"${format_amount(cents)} for {plan}" for plan, cents in owed_cents.items() if cents]
    sentence = f"{member.first_name} {member.last_name} owes {' and '.join(parts) or 'nothing any more'}."
    if member.extra_time:
        sentence += ' Has extra time: press 1 at each "Press 1 to go on".'
    if member.language == "es-US":
        sentence += " Speaks Spanish."
    return sentence
