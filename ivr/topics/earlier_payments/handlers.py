"""Payments of before the call: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.ach.return_codes import return_rule
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.payments.history import RecentPayment, ReturnedPayment
from ivr.topics.earlier_payments.words import FOR_AN_AGENT
from ivr.topics.services import TurnServices


def next_recent_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment of the last 24 hours."""
    recent, shown = turn.payments_to_tell(state).recent, _shown("recent", state)
    if shown >= len(recent):
        return Outcome("none")
    payment = recent[shown]
    at = turn.services.local(payment.authorized_at).isoformat()
    more = {"recent_at": at, "recent_confirmation": payment.confirmation_number}
    return Outcome("payment", _told("recent", shown, payment) | more)


def next_waiting_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment that is held, and so will not be debited when its member was told."""
    waiting, shown = turn.payments_to_tell(state).waiting, _shown("waiting", state)
    if shown >= len(waiting):
        return Outcome("none")
    payment = waiting[shown]
    day = turn.services.local(payment.authorized_at).date().isoformat()
    more = {"waiting_date": day, "waiting_confirmation": payment.confirmation_number}
    return Outcome("payment", _told("waiting", shown, payment) | more)


def next_returned_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment that came back and is still owed; of some reasons only an agent speaks."""
    returned, shown = turn.payments_to_tell(state).returned, _shown("returned", state)
    if shown >= len(returned):
        return Outcome("none")
    if any(payment.return_code in FOR_AN_AGENT for payment in returned):
        return Outcome("call_us", {"returned_shown": len(returned)})
    payment = returned[shown]
    day = turn.services.local(payment.authorized_at).date().isoformat()
    more = {"returned_date": day, "returned_reason": return_rule(payment.return_code).reason}
    return Outcome("returned", _told("returned", shown, payment) | more)


def _shown(name: str, state: State) -> int:
    """Return how many payments of a kind were told in this call."""
    return int(state.slots.get(f"{name}_shown", 0))


def _told(name: str, shown: int, payment: RecentPayment | ReturnedPayment) -> dict[str, Value]:
    """Return the slots that tell of any payment, one more of its kind being told by them."""
    return {
        f"{name}_shown": shown + 1,
        f"{name}_amount": payment.amount_cents,
        f"{name}_plan": payment.plan,
    }
