"""`ivr ach`: the bank's side."""

from __future__ import annotations

from typing import Final

import click

from ivr.cli.lazy import LazyGroup

COMMANDS: Final = {
    "cutoff": (
        "ivr.cli.ach_files:cutoff",
        "Make the file of every cutoff that has come and is not done, and bring it to the bank.",
    ),
    "import": (
        "ivr.cli.ach_returns:import_file",
        "Apply a FILE of returns and notifications of change that the bank sent.",
    ),
    "queue": (
        "ivr.cli.ach_returns:queue",
        "Work through what waits for a person: returns, unmatched items, held payments, rates.",
    ),
    "reject": (
        "ivr.cli.ach_files:reject",
        "Note that the bank refused FILE (its number or its name): what was in it goes into the next file.",
    ),
    "resend": (
        "ivr.cli.ach_files:resend",
        "Send FILE (its number or its name) again: the bank has not got it, or takes it although it is late.",
    ),
    "return": (
        "ivr.cli.ach_returns:book",
        "Book by hand that the bank returned the payment with this CONFIRMATION_NUMBER.",
    ),
    "sent": (
        "ivr.cli.ach_files:sent",
        "Note that the bank has FILE (its number or its name), although its delivery was broken off.",
    ),
    "status": (
        "ivr.cli.ach_files:status",
        "Show the files, the newest first, where each stands, and how much came back in 60 days.",
    ),
    "unblock": (
        "ivr.cli.ach_returns:unblock",
        "Take the bank account again from which the payment with this CONFIRMATION_NUMBER came back.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def ach() -> None:
    """Look after the files that go to the bank, and after what it sends back."""
