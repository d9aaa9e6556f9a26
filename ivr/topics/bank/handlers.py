"""The bank account: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.base.words import last4
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.payments.authorize import account_fingerprint
from ivr.payments.banks import name_of_bank
from ivr.payments.blocks import either_blocked
from ivr.topics.services import TurnServices


def name_bank(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return the bank's name by the directory: a caller who hears another one has keyed a wrong digit.

    A bank that the directory does not know takes no entries. Without a directory none has a name.
    """
    name = name_of_bank(turn.db, str(state.slots["routing_number"]))
    if name is None:
        return Outcome("unknown")
    return Outcome("named", {"bank_name": name}) if name else Outcome("unnamed")


def compare_account(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Compare the two account numbers, and see that no return has closed the account to us."""
    keyed = str(state.secrets["account_number"])
    if keyed != state.secrets["account_number_again"]:
        return Outcome("different")
    routing_number = str(state.slots["routing_number"])
    fingerprint = account_fingerprint(turn.services.hashes, routing_number, keyed)
    if either_blocked(turn.db, routing_number, fingerprint):
        return Outcome("blocked")
    return Outcome("same", {"account_last4": last4(keyed)})
