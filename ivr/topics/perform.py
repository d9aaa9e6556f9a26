"""Runs what a flow asks for, in the turn's own transaction, and answers with the names the flow knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.dialog.engine import Ask, Outcome
from ivr.dialog.state import State
from ivr.topics.agent import handlers as agent
from ivr.topics.amount import handlers as amount
from ivr.topics.authorization import handlers as authorization
from ivr.topics.balance import handlers as balance
from ivr.topics.bank import handlers as bank
from ivr.topics.earlier_payments import handlers as earlier_payments
from ivr.topics.guest import handlers as guest
from ivr.topics.help import handlers as help_
from ivr.topics.registry import VOCABULARY
from ivr.topics.services import TurnServices
from ivr.topics.verification import handlers as verification

Handler = Callable[[TurnServices, State, Mapping[str, str]], Outcome]

_MODULES = (agent, help_, verification, earlier_payments, balance, amount, bank, authorization, guest)


def _handler(action: str) -> Handler:
    """Return what is called like an action: nothing starts where nothing is, or two are."""
    handler: Handler
    [handler] = [vars(module)[action] for module in _MODULES if action in vars(module)]
    return handler


_HANDLERS: Mapping[str, Handler] = {
    name: _handler(name) for name, action in VOCABULARY.actions.items() if action.answer is None
}


def perform(turn: TurnServices, ask: Ask, state: State) -> Outcome:
    """Run one action and return its outcome with the slots it fills."""
    answer = VOCABULARY.actions[ask.action].answer
    if answer is not None:
        return Outcome(*answer({**state.slots, **state.secrets}, ask.args))
    return _HANDLERS[ask.action](turn, state, ask.args)
