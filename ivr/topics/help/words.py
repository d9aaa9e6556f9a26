"""Help beside a payment by phone: other ways to pay, where they are, and a member's own account number."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.base.facts import PLACES
from ivr.base.plans import PLANS
from ivr.dialog.vocabulary import Action, Slots
from ivr.topics.masks import as_it_is
from ivr.topics.topic import Slot, Topic

PLACE_SLOTS = ("place_name", "place_street", "place_city")


def _is_verified(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    return "yes" if "member_id" in slots else "no", {}


def _tell_account(slots: Slots, args: Mapping[str, str]) -> tuple[str, Slots]:
    """Return the billing account number that a verified member has for a plan."""
    plan = args["account_plan"]
    number = slots.get(PLANS[plan].account_slot, "")
    return ("known", {"account_plan": plan, "told_account": number}) if number else ("none", {})


HELP = Topic(
    slots=(
        *(Slot(name, "place") for name in PLACE_SLOTS),
        Slot("account_plan", "choice", as_it_is, tuple(PLANS)),
        Slot("told_account", "billing_account"),
    ),
    actions=(
        Action(
            "tell_place",
            {"known": PLACE_SLOTS, "call": ()},
            args={"place": tuple(PLACES)},
            ordinary="known",
        ),
        Action("is_verified", {"yes": (), "no": ()}, answer=_is_verified),
        Action(
            "tell_account",
            {"known": ("account_plan", "told_account"), "none": ()},
            args={"account_plan": tuple(PLANS)},
            ordinary="known",
            answer=_tell_account,
        ),
    ),
)
