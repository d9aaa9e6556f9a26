"""What the actions of a turn are run with: services, the transaction, what was read already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from ivr.ach.banking_days import CutoffRule
from ivr.base.facts import Facts
from ivr.base.hours import Opening
from ivr.base.keys import KeyedHash, KeyRing
from ivr.base.randomness import Randomness
from ivr.billing.ledger import Balance, balances
from ivr.dialog.engine import Outcome
from ivr.dialog.flow import Flow
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.notices.channels import Channel
from ivr.payments.history import PaymentsToTell, payments_to_tell
from ivr.speech.catalog import Catalog
from ivr.topics.registry import VOCABULARY

RECENT = timedelta(hours=24)
RETURNED = timedelta(days=60)
DROPPED = timedelta(minutes=15)  # so long a call that dropped can be gone on with


@dataclass(frozen=True, slots=True)
class Services:
    """What actions need from outside; the same for every call."""

    keys: KeyRing
    hashes: KeyedHash
    randomness: Randomness
    cutoff: CutoffRule
    opening: Opening
    facts: Facts
    agent_phone: str
    consent: Literal["spoken", "bill_code", "either"]
    notice_channels: tuple[Channel, ...]
    on_time: Literal["unset", "authorized", "settled"] = "unset"  # which day counts for the due date
    takes_payments: bool = True

    def local(self, instant: datetime) -> datetime:
        """Return an instant by the bank's clock."""
        return instant.astimezone(self.cutoff.zone)

    def agent_available(self, now: datetime) -> bool:
        """Return whether an agent can be reached by transfer now."""
        return self.agent_phone != "" and self.opening.is_open(self.local(now))


@dataclass(slots=True)
class TurnServices:
    """What the actions of one turn share: its transaction, its instant and what they have read already.

    `caller_number` is what the call shows, in E.164, or empty.
    """

    services: Services
    flow: Flow
    catalog: Catalog
    db: Connection
    now: datetime
    call_sid: str
    seq: int
    asked_at: datetime
    caller_number: str = ""
    pause_seconds: int = field(default=0, init=False)  # how long the answer to this turn is held back
    _balances: tuple[Balance, ...] | None = field(default=None, init=False)
    _to_tell: PaymentsToTell | None = field(default=None, init=False)

    def balances(self, state: State) -> tuple[Balance, ...]:
        """Return what the member owes, read once a turn."""
        if self._balances is None:
            today = self.services.local(self.now).date()
            self._balances = balances(self.db, str(state.slots["member_id"]), today)
        return self._balances

    def balance(self, state: State, plan: str) -> Balance | None:
        """Return what the member owes for a plan, None without a bill."""
        return next((each for each in self.balances(state) if each.plan == plan), None)

    def payments_to_tell(self, state: State) -> PaymentsToTell:
        """Return the member's earlier payments, read once a turn."""
        if self._to_tell is None:
            self._to_tell = payments_to_tell(
                self.db,
                str(state.slots["member_id"]),
                recent_since=self.now - RECENT,
                returned_since=self.now - RETURNED,
                dropped_since=self.now - DROPPED,
            )
        return self._to_tell

    def forget(self) -> None:
        """Let bills and payments be read again: one is being written."""
        self._balances = self._to_tell = None


def filled(action: str, outcome: str, values: Mapping[str, Value]) -> Outcome:
    """Return an outcome with those of the values that it fills."""
    return Outcome(outcome, {slot: values[slot] for slot in VOCABULARY.actions[action].outcomes[outcome]})
