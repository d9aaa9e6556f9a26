"""Payments of before the call: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.ach.return_codes import return_rule
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.topics.earlier_payments.words import FOR_A_PERSON
from ivr.topics.services import TurnServices


def next_recent_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment of the last 24 hours."""
    recent = turn.payments_to_tell(state).recent
    shown = int(state.slots.get("recent_shown", 0))
    if shown >= len(recent):
        return Outcome("none")
    payment = recent[shown]
    return Outcome(
        "payment",
        {
            "recent_shown": shown + 1,
            "recent_amount": payment.amount_cents,
            "recent_plan": payment.plan,
            "recent_at": turn.services.local(payment.authorized_at).isoformat(),
            "recent_confirmation": payment.confirmation_number,
        },
    )


def next_waiting_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment that is held, and so will not be debited when its member was told."""
    waiting = turn.payments_to_tell(state).waiting
    shown = int(state.slots.get("waiting_shown", 0))
    if shown >= len(waiting):
        return Outcome("none")
    payment = waiting[shown]
    return Outcome(
        "payment",
        {
            "waiting_shown": shown + 1,
            "waiting_amount": payment.amount_cents,
            "waiting_plan": payment.plan,
            "waiting_date": turn.services.local(payment.authorized_at).date().isoformat(),
            "waiting_confirmation": payment.confirmation_number,
        },
    )


def next_returned_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment that came back and is still owed; of some reasons only a person speaks."""
    returned = turn.payments_to_tell(state).returned
    shown = int(state.slots.get("returned_shown", 0))
    if shown >= len(returned):
        return Outcome("none")
    if any(payment.return_code in FOR_A_PERSON for payment in returned):
        return Outcome("call_us", {"returned_shown": len(returned)})
    payment = returned[shown]
    return Outcome(
        "returned",
        {
            "returned_shown": shown + 1,
            "returned_amount": payment.amount_cents,
            "returned_plan": payment.plan,
            "returned_date": turn.services.local(payment.authorized_at).date().isoformat(),
            "returned_reason": return_rule(payment.return_code).reason,
        },
    )
