"""What is owed: what the domain answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.billing.coverage import keeping, start_after
from ivr.billing.ledger import Balance
from ivr.dialog.engine import Outcome
from ivr.dialog.state import State
from ivr.dialog.vocabulary import Value
from ivr.topics.amount.words import amount_outcome
from ivr.topics.balance.words import COVERAGE_SLOTS, OFF, balance_outcome, owed_outcome, payable_outcome
from ivr.topics.services import TurnServices, filled


def balance_as_of(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell as of when the bills are true."""
    told = [each.as_of_at for each in turn.balances(state) if each.as_of_at is not None]
    if not told:
        return Outcome("nothing")
    # The older of two: what is said must be true of both bills.
    return Outcome("bills", {"as_of": turn.services.local(min(told)).isoformat()})


def bill_balance(turn: TurnServices, state: State, args: Mapping[str, str]) -> Outcome:
    """Tell what one plan owes."""
    balance = turn.balance(state, args["plan"])
    if balance is None or balance.as_of_at is None:
        return Outcome("none")
    slots: dict[str, Value] = {
        "plan": balance.plan,
        "total": balance.balance_cents,
        "past_due": balance.past_due_cents,
        "current": balance.current_cents,
        "due_date": _iso(balance.due_date),
        "due_when": "today" if balance.due_date == _today(turn) else "later",
        "past_due_date": _iso(balance.past_due_date),
    }
    is_owed = balance.past_due_cents or balance.current_cents
    is_held = not is_owed and any(
        payment.plan == balance.plan for payment in turn.payments_to_tell(state).waiting
    )
    outcome = balance_outcome(
        balance.past_due_cents,
        balance.current_cents,
        is_held=is_held,
        is_pending=balance.pending_cents > 0,
    )
    return filled("bill_balance", outcome, slots)


def bill_coverage(turn: TurnServices, state: State, args: Mapping[str, str]) -> Outcome:
    """Tell what one plan's bill means for the coverage: never that there is any."""
    balance, today = turn.balance(state, args["plan"]), _today(turn)
    if balance is None or not balance.balance_cents:
        return Outcome("nothing")
    if balance.first_payment:
        return _coverage(today, "first", plan_starts=start_after(today).isoformat())
    if not balance.past_due_cents:
        counts = {"authorized": "counts_today", "settled": "late_today"}.get(turn.services.on_time)
        return _coverage(today, counts) if counts and balance.due_date == today else Outcome("nothing")
    keep = keeping(balance, today)
    if keep is not None:
        return _coverage(
            today,
            "keep" if keep.pay_by == keep.last_day else "keep_longer",
            keep_cents=keep.amount_cents,
            keep_by=keep.pay_by.isoformat(),
            keep_last=keep.last_day.isoformat(),
            plan_ends=keep.ends.isoformat(),
        )
    by, cents = balance.reinstate_by_date, balance.reinstate_cents
    if by is None or cents is None or by < today:
        return _coverage(today, "ended")
    return _coverage(today, "reinstate", reinstate_cents=cents, reinstate_by=by.isoformat())


def _coverage(today: date, coverage: str, **values: Value) -> Outcome:
    """Say one thing of the coverage; what its sentence does not need is nothing, or today."""
    unsaid: dict[str, Value] = {
        slot: 0 if slot.endswith("_cents") else today.isoformat() for slot in COVERAGE_SLOTS
    }
    return Outcome("said", unsaid | values | {"coverage": coverage})


def choose_bill(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Tell which plans owe something, and whether that can be paid by phone."""
    owed = [each.plan for each in turn.balances(state) if each.balance_cents > 0]
    return Outcome(owed_outcome(owed) if turn.services.takes_payments or not owed else OFF)


def select_bill(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Take the chosen plan's bill, and tell how it can be paid."""
    balance = turn.balance(state, str(state.slots["plan"]))
    if balance is None or balance.balance_cents <= 0:
        return Outcome("nothing")
    outcome = payable_outcome(
        balance.past_due_cents, balance.current_cents, is_first_payment=balance.first_payment
    )
    return filled("select_bill", outcome, _chosen(balance))


def last_call(turn: TurnServices, state: State, _args: Mapping[str, str]) -> Outcome:
    """Take up the payment that was not made when the last call dropped, where it still can be."""
    left = turn.payments_to_tell(state).unfinished if turn.services.takes_payments else None
    balance = turn.balance(state, left.plan) if left else None
    if left is None or balance is None or balance.billing_account != left.billing_account:
        return Outcome("none")
    is_first_in_part = balance.first_payment and left.amount_cents != balance.balance_cents
    if is_first_in_part or amount_outcome(left.amount_cents, balance.balance_cents) != "ok":
        return Outcome("none")
    chosen = _chosen(balance) | {"plan": left.plan, "next_plan": "none", "pay_day": left.pay_day}
    return filled("last_call", "dropped", {**chosen, "amount": left.amount_cents})


def _chosen(balance: Balance) -> dict[str, Value]:
    """Return the slots that tell of the bill that is to be paid."""
    return {
        "billing_account": balance.billing_account,
        "total": balance.balance_cents,
        "past_due": balance.past_due_cents,
        "pay_by": _iso(balance.due_date),
        "is_first": "yes" if balance.first_payment else "no",
        "pay_day": "",  # as soon as can be, until a day is chosen
    }


def _today(turn: TurnServices) -> date:
    return turn.services.local(turn.now).date()


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()
