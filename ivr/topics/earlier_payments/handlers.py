"""Payments made: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ivr.ach.return_codes import return_rule
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.payments.cancel import TooLateError, cancel
from ivr.payments.history import PaymentMade, RecentPayment, ReturnedPayment, payment_made
from ivr.topics.earlier_payments.words import FOR_AN_AGENT, FOR_YOU
from ivr.topics.services import TurnServices

LISTED: Final = timedelta(days=365)
CALLER: Final = "caller"  # who cancelled, for the audit trail


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
    if any(payment.return_code in FOR_AN_AGENT and not payment.is_guests for payment in returned):
        return Outcome("call_us", {"returned_shown": len(returned)})
    payment = returned[shown]
    day = turn.services.local(payment.authorized_at).date().isoformat()
    reason = FOR_YOU if payment.is_guests else return_rule(payment.return_code).reason
    more = {"returned_date": day, "returned_reason": reason}
    return Outcome("returned", _told("returned", shown, payment) | more)


def list_payments_made(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Begin the list of the last twelve months at the newest payment, where there is any."""
    return Outcome("some", {"made_shown": 0}) if _payment_made(turn, state, 0) else Outcome("none")


def next_payment_made(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell the next payment of the last twelve months; of some that came back only an agent speaks."""
    shown = _shown("made", state)
    payment = _payment_made(turn, state, shown)
    if payment is None:
        return Outcome("no_more")
    if payment.is_guests:
        made, stands = turn.services.local(payment.authorized_at).date().isoformat(), payment.stands
        return Outcome(FOR_YOU, _told("made", shown, payment) | {"made_stands": stands, "made_date": made})
    if payment.stands == "came_back" and payment.return_code in FOR_AN_AGENT:
        return Outcome("call_us", {"made_shown": shown + 1})
    told = _told("made", shown, payment) | {
        "made_stands": payment.stands,
        "made_date": turn.services.local(payment.authorized_at).date().isoformat(),
        "made_debit_date": payment.debit_date.isoformat(),
        "made_number": payment.confirmation_number,
    }
    if payment.stands == "came_back":
        return Outcome("came_back", told | {"made_reason": return_rule(str(payment.return_code)).reason})
    return Outcome("waits" if payment.stands in {"planned", "on_hold"} else "done", told)


def cancel_payment(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Cancel the payment that was told last. A second time it is cancelled already, which is as true."""
    turn.forget()
    try:
        cancel(
            turn.db,
            turn.services.randomness,
            confirmation_number=str(state.slots["made_number"]),
            actor=CALLER,
            now=turn.now,
        )
    except TooLateError as error:
        return Outcome("cancelled" if error.state == "cancelled" else "too_late")
    return Outcome("cancelled")


def _payment_made(turn: TurnServices, state: State, place: int) -> PaymentMade | None:
    return payment_made(turn.db, str(state.slots["member_id"]), since=turn.now - LISTED, place=place)


def _shown(name: str, state: State) -> int:
    """Return how many payments of a kind were told in this call."""
    return int(state.slots.get(f"{name}_shown", 0))


def _told(name: str, shown: int, payment: RecentPayment | ReturnedPayment | PaymentMade) -> dict[str, Value]:
    """Return the slots that tell of any payment, one more of its kind being told by them."""
    return {
        f"{name}_shown": shown + 1,
        f"{name}_amount": payment.amount_cents,
        f"{name}_plan": payment.plan,
    }
