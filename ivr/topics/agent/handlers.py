"""Whether an agent can be reached, and who wants to be called back: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ivr.base.hours import Part
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.payments.callbacks import ask_for_callback
from ivr.topics.services import TurnServices


def reach_person(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether an agent can be reached now; who was told already that none can wants to be called."""
    if turn.services.agent_available(turn.now):
        return Outcome("open")
    return Outcome("callback") if "told_closed" in state.slots else Outcome("closed", {"told_closed": "yes"})


def caller_number(turn: TurnServices, _state: State, _args: Mapping[str, str]) -> Outcome:
    """Return the number that the call shows."""
    number = turn.caller_number
    return Outcome("shown", {"callback_phone": number}) if number else Outcome("withheld")


def book_callback(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Put a call back before staff, on the next day on which they answer."""
    part = cast("Part", str(state.slots["callback_part"]))
    day = turn.services.opening.next_day(turn.services.local(turn.now), part)
    ask_for_callback(
        turn.db,
        turn.now,
        phone=str(state.secrets["callback_phone"]),
        day=day,
        part=part,
        language=state.language,
        member_id=str(state.slots.get("member_id", "")),
    )
    return Outcome("booked", {"callback_date": day.isoformat()})
