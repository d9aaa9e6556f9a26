"""How much is paid and when: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.ach.banking_days import is_banking_day
from ivr.billing.coverage import last_day_to_pay
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.payments.day_limit import day_start, may_pay
from ivr.payments.history import same_payment_today
from ivr.topics.services import TurnServices


def check_payment_day(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Take the day that was keyed, or the next one that can be, where coverage goes on until then.

    Money is never taken before the terms are in writing, nor on a day on which banks are closed.
    """
    rule, by_letter = turn.services.cutoff, state.slots["channel"] == "letter"
    keyed = date.fromisoformat(str(state.slots["keyed_day"]))
    first = rule.debit_dates(turn.now, by_letter=by_letter).effective_entry_date
    taken = rule.debit_dates(turn.now, keyed, by_letter=by_letter).effective_entry_date
    last = _last_day(turn, state)
    if last is not None and first > last:
        return Outcome("none")
    last = last or keyed
    if taken > last:
        return Outcome("out_of_range", {"first_day": first.isoformat(), "last_day": last.isoformat()})
    pay_by = str(state.slots["pay_by"])
    slots: dict[str, Value] = {"pay_day": taken.isoformat()}
    is_moved, is_late = taken != keyed, pay_by != "" and taken.isoformat() > pay_by
    if is_moved:
        slots["moved_why"] = "too_soon" if is_banking_day(keyed, rule.closings) else "closed"
    outcome = "_and_".join([*(["moved"] if is_moved else []), *(["late"] if is_late else [])]) or "ok"
    return Outcome(outcome, slots)


def _last_day(turn: TurnServices, state: State) -> date | None:
    """Return the last day on which a payment of the chosen bill keeps the coverage; None without a bill."""
    balance = turn.balance(state, str(state.slots["plan"]))
    oldest = balance and (balance.past_due_date or balance.due_date)
    return last_day_to_pay(oldest, balance.assistance) if balance and oldest else None


def check_day_limit(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether the member may make one more payment by phone today."""
    since = day_start(turn.now, turn.services.cutoff.zone)
    return Outcome("ok" if may_pay(turn.db, str(state.slots["member_id"]), since) else "limit_reached")


def check_same_today(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Return whether this bill was paid with this amount today already."""
    since = day_start(turn.now, turn.services.cutoff.zone)
    paid = same_payment_today(turn.db, str(state.slots["billing_account"]), int(state.slots["amount"]), since)
    return Outcome("same_today" if paid else "ok")
