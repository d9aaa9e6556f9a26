"""How much is paid: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.payments.day_limit import day_start, may_pay
from ivr.payments.history import same_payment_today
from ivr.topics.services import TurnServices


def check_day_limit(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether the member may make one more payment by phone today."""
    since = day_start(turn.now, turn.services.cutoff.zone)
    return Outcome("ok" if may_pay(turn.db, str(state.slots["member_id"]), since) else "limit_reached")


def check_same_today(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether this bill was paid with this amount today already."""
    since = day_start(turn.now, turn.services.cutoff.zone)
    paid = same_payment_today(turn.db, str(state.slots["billing_account"]), int(state.slots["amount"]), since)
    return Outcome("same_today" if paid else "ok")
