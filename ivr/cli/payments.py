"""`ivr payments`: what callers authorized."""

from __future__ import annotations

from typing import Final

import click

from ivr.cli.lazy import LazyGroup

COMMANDS: Final = {
    "cancel": (
        "ivr.cli.payments_change:cancel",
        "Cancel the payment with this CONFIRMATION_NUMBER, as long as no file for the bank holds it.",
    ),
    "correct": (
        "ivr.cli.payments_change:correct",
        "Correct the receiver's name of one payment; the name that was authorized is kept as it was.",
    ),
    "export": (
        "ivr.cli.payments_show:export",
        "Print a day for the billing system: CSV of its payments and of all that moved, with control totals.",
    ),
    "hold": (
        "ivr.cli.payments_change:hold",
        "Keep the payment with this CONFIRMATION_NUMBER from the bank until it is released or cancelled.",
    ),
    "list": (
        "ivr.cli.payments_list:list_payments",
        "List payments, oldest first, and what happened besides their debit: returns, retries, credits.",
    ),
    "refund": (
        "ivr.cli.payment_credits:refund",
        "Refund the settled payment with this CONFIRMATION_NUMBER, or some of it.",
    ),
    "release": (
        "ivr.cli.release:release",
        (
            "Let payments go with the next cutoff that are held because theirs was missed or their notice was"
            " late."
        ),
    ),
    "retry": (
        "ivr.cli.payment_credits:retry",
        "Debit the payment with this CONFIRMATION_NUMBER again that was returned for insufficient funds.",
    ),
    "reverse": (
        "ivr.cli.payment_credits:reverse",
        "Reverse the debit of the payment with this CONFIRMATION_NUMBER: it should not have been.",
    ),
    "show": (
        "ivr.cli.payments_show:show",
        "Show one payment by its CONFIRMATION_NUMBER, with its notice and the caller's consent.",
    ),
    "verify": (
        "ivr.cli.payments_show:verify",
        "Check what is sealed, all payments and the audit trail; no: a row was changed or removed.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def payments() -> None:
    """Look at payments."""
