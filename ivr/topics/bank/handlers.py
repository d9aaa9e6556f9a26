"""The bank account: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.base.words import last4
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.payments.authorize import account_fingerprint
from ivr.payments.banks import UNKNOWN_BANK
from ivr.payments.blocks import either_blocked
from ivr.topics.services import TurnServices


def compare_account(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Compare the two account numbers, and see that no return has closed the account to us.

    A bank that the directory does not know takes no entries: its account is as good as closed.
    """
    keyed = str(state.secrets["account_number"])
    if keyed != state.secrets["account_number_again"]:
        return Outcome("different")
    routing_number = str(state.slots["routing_number"])
    fingerprint = account_fingerprint(turn.services.hashes, routing_number, keyed)
    if either_blocked(turn.db, routing_number, fingerprint, UNKNOWN_BANK):
        return Outcome("blocked")
    return Outcome("same", {"account_last4": last4(keyed)})
