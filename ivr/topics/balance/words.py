"""What is owed, plan by plan, and the bill that is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from ivr.base.plans import PLANS
from ivr.dialog.vocabulary import Action, Answer, Slots
from ivr.topics.amount.words import MINIMUM_CENTS
from ivr.topics.masks import as_it_is, given_shape
from ivr.topics.topic import Slot, Topic
from ivr.topics.verification.words import OWN_BILL

# What a bill means for the coverage, one sentence each: all its slots are filled, needed or not.
COVERAGE = ("keep_longer", "keep", "reinstate", "ended", "first", "counts_today", "late_today")
COVERAGE_SLOTS = (
    "coverage",
    "keep_cents",
    "keep_by",
    "keep_last",
    "plan_ends",
    "plan_starts",
    "reinstate_cents",
    "reinstate_by",
)
LAST = "last"  # of several bills that are paid one after the other, this is the last
OFF = "off"  # something is owed, and no payments are taken
_OWES_NOTHING = frozenset({"none", "paid", "on_its_way", "waiting"})


def balance_outcome(past_due_cents: int, current_cents: int, *, is_held: bool, is_pending: bool) -> str:
    """Return how a plan's bill stands.

    `is_held`: a payment of it is held; `is_pending`: its bank has not paid all of it yet, so it is not paid.
    """
    if past_due_cents:
        return "past_due_and_current" if current_cents else "past_due"
    if current_cents:
        return "current"
    if is_held:
        return "waiting"
    return "on_its_way" if is_pending else "paid"


def payable_outcome(past_due_cents: int, current_cents: int, *, is_first_payment: bool) -> str:
    """Return how a bill can be paid. Less than the minimum is only taken where it pays the bill in full."""
    if past_due_cents + current_cents <= 0:
        return "nothing"
    if is_first_payment:
        return "first_payment"
    return "two_amounts" if past_due_cents >= MINIMUM_CENTS and current_cents else "one_amount"


def owed_outcome(plans: Sequence[str]) -> str:
    """Return which of the plans owe something, as one word."""
    return "_and_".join(plan for plan in PLANS if plan in plans) or "nothing"


def _next_bill(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    """Go on with the bill that is to be paid after this one, where the caller chose both."""
    return ("bill", _going_on(slots, _args)) if slots.get("next_plan") in PLANS else ("none", {})


def _going_on(slots: Slots, _args: Mapping[str, str]) -> Slots:
    return {"plan": slots["next_plan"], "next_plan": LAST}


def possible(answered: Sequence[Answer], action: str, outcome: str) -> bool:
    """Balances are read once a turn, so what is said of the bills and what can be chosen agree."""
    bills = {each.args["plan"]: each.outcome for each in answered if each.action == "bill_balance"}
    known = {(each.action, each.outcome) for each in answered}
    if action == "bill_balance":
        return outcome != "none" or "none" not in bills.values()
    if action == "bill_coverage":
        # Answered for the plan that was told just before it: of what is past due something is always said.
        return outcome == "said" or not next(reversed(bills.values()), "").startswith("past_due")
    if action == "select_bill":
        return outcome != "nothing" or not bills  # the bill was just told, and chosen because it is owed
    if action == "choose_bill":
        if ("balance_as_of", "nothing") in known:
            return outcome == "nothing"
        if outcome == OFF:
            return any(each not in _OWES_NOTHING for each in bills.values()) or not bills
        if len(bills) == len(PLANS):
            return outcome == owed_outcome([plan for plan in bills if bills[plan] not in _OWES_NOTHING])
    return True


def decisive(answer: Answer) -> Answer | None:
    """Of a bill it matters whether there is one, and whether it owes anything."""
    if answer.action == "bill_balance" and answer.outcome != "none":
        return answer._replace(outcome="paid" if answer.outcome in _OWES_NOTHING else "current")
    return answer if answer.action in {"balance_as_of", "bill_balance"} else None


BALANCE = Topic(
    slots=(
        Slot("as_of", "moment"),
        Slot("plan", "choice", as_it_is, tuple(PLANS)),
        Slot("next_plan", "choice", as_it_is, ("none", LAST, *PLANS)),
        Slot("billing_account", "choice", given_shape, (OWN_BILL,)),
        Slot("total", "money"),
        Slot("past_due", "money"),
        Slot("current", "money"),
        Slot("due_date", "date"),
        Slot("past_due_date", "date"),
        Slot("pay_by", "date"),
        Slot("is_first", "choice", as_it_is, ("no", "yes")),
        Slot("due_when", "choice", as_it_is, ("later", "today")),
        Slot("coverage", "choice", as_it_is, COVERAGE),
        Slot("keep_cents", "money"),
        Slot("keep_by", "date"),
        Slot("keep_last", "date"),
        Slot("plan_ends", "date"),
        Slot("plan_starts", "date"),
        Slot("reinstate_cents", "money"),
        Slot("reinstate_by", "date"),
    ),
    actions=(
        Action("balance_as_of", {"bills": ("as_of",), "nothing": ()}, needs=("member_id",)),
        Action(
            "bill_balance",
            {
                "none": (),
                "paid": ("plan",),
                "on_its_way": ("plan",),
                "waiting": ("plan",),
                "current": ("plan", "total", "due_date", "due_when"),
                "past_due": ("plan", "past_due", "past_due_date"),
                "past_due_and_current": ("plan", "total", "past_due", "current", "due_date", "due_when"),
            },
            needs=("member_id",),
            args={"plan": tuple(PLANS)},
            ordinary="current",
        ),
        Action(
            "bill_coverage",
            {"nothing": (), "said": COVERAGE_SLOTS},
            needs=("member_id",),
            args={"plan": tuple(PLANS)},
            ordinary="nothing",
        ),
        Action(
            "choose_bill",
            {
                owed_outcome(plans): ()
                for number in range(len(PLANS), -1, -1)
                for plans in combinations(PLANS, number)
            }
            | {OFF: ()},
            needs=("member_id",),
        ),
        Action(
            "select_bill",
            {
                "one_amount": ("billing_account", "total", "pay_by", "pay_day", "is_first"),
                "two_amounts": ("billing_account", "total", "past_due", "pay_by", "pay_day", "is_first"),
                "first_payment": ("billing_account", "total", "pay_by", "pay_day", "is_first"),
                "nothing": (),
            },
            needs=("member_id", "plan"),
        ),
        Action(
            "last_call",
            {
                "none": (),
                "dropped": (
                    *("plan", "next_plan", "amount"),
                    *("billing_account", "total", "pay_by", "pay_day", "is_first"),
                ),
            },
            needs=("member_id",),
            ordinary="none",
        ),
        Action(
            "next_bill",
            {"none": (), "bill": ("plan", "next_plan")},
            answer=_next_bill,
            stand_ins={"bill": _going_on},
        ),
    ),
    possible=possible,
    decisive=decisive,
)
