"""Help beside a payment by phone: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.topics.help.words import PLACE_SLOTS
from ivr.topics.services import TurnServices


def tell_place(turn: TurnServices, _state: State, args: Mapping[str, str]) -> Outcome:
    """Return what the file of facts says of a place; `call` once that must be read again, or says nothing."""
    said = turn.services.facts.place(args["place"], turn.services.local(turn.now).date())
    if said is None:
        return Outcome("call")
    return Outcome("known", {slot: said.get(slot.removeprefix("place_"), "") for slot in PLACE_SLOTS})
