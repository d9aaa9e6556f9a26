"""The bank account: routing number, account number keyed twice, the account used before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ivr.ach.account_numbers import account_number_fault, card_number_like
from ivr.ach.routing_numbers import routing_number_fault
from ivr.base.plans import PLANS
from ivr.base.words import last4
from ivr.calls.history import Asked
from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Slots
from ivr.topics.balance.words import LAST
from ivr.topics.masks import as_it_is
from ivr.topics.topic import Slot, Topic
from ivr.topics.verification.words import OWN_BILL

_ACCOUNT = "8675309246813579"
SAMPLE_ROUTING_NUMBER = "021000021"  # a real bank's, printed on every sample of a check
OTHER_ROUTING_NUMBER = "011000015"
_KNOWN = ("account_type", "account_last4", "routing_number", "account_number")


def _is_own_bill(digits: str, slots: Slots) -> bool:
    return any(digits == slots.get(plan.account_slot) for plan in PLANS.values())


def _routing_number(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if _is_own_bill(digits, slots):
        return NoMatch("billing-account")
    fault = routing_number_fault(digits)
    return NoMatch(fault.replace("_", "-")) if fault else Match({"routing_number": digits})


def _account_number(digits: str, slots: Slots, reasons: tuple[str, ...]) -> Match | NoMatch:
    """Judge an account number; one like a card's is asked for once more, then taken: some do look so."""
    if account_number_fault(digits):
        return NoMatch("account-length")
    if digits == slots.get("routing_number"):
        return NoMatch("account-is-routing")
    if _is_own_bill(digits, slots):
        return NoMatch("account-is-billing-account")
    if card_number_like(digits) and "card" not in reasons:
        return NoMatch("card")
    return Match({"account_number": digits})


def _account_number_again(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """Judge the second entry by its length only; it is compared silently afterwards."""
    fault = account_number_fault(digits)
    return NoMatch("account-length") if fault else Match({"account_number_again": digits})


def _again(_length: int, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield the first entry backwards where the two were different, else the first entry."""
    first = str(slots.get("account_number", ""))
    different = any((each.action, each.outcome) == ("compare_account", "different") for each in asked)
    yield first[::-1] if different else first


def _keyed_before(slots: Slots, _args: Mapping[str, str]) -> Slots:
    return {slot: slots[slot] for slot in _KNOWN if slot in slots}


def _bank_known(slots: Slots, args: Mapping[str, str]) -> tuple[str, Slots]:
    """Return whether bank details were keyed in this call already."""
    known = _keyed_before(slots, args)
    return ("known", known) if len(known) == len(_KNOWN) else ("unknown", {})


def _paying_both(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    """Return whether this is the second of two bills that the caller pays from one account."""
    return "both" if slots.get("next_plan") == LAST else "one", {}


def _last4(slots: Slots, _args: Mapping[str, str]) -> Slots:
    return {"account_last4": last4(str(slots["account_number"]))}


BANK = Topic(
    slots=(
        Slot("account_type", "choice", as_it_is, ("checking", "savings")),
        Slot("routing_number", "routing"),
        Slot("bank_name", "bank"),
        Slot("account_number", "secret"),
        Slot("account_number_again", "secret"),
        Slot("account_last4", "last4"),
    ),
    fields=(
        Field(
            "routing_number",
            _routing_number,
            ("routing_number",),
            ("length", "check-digit", "prefix", "deposit-slip", "billing-account"),
            "lookup",
            num_digits=9,
            samples={
                "": SAMPLE_ROUTING_NUMBER,
                "length": "0210",
                "check-digit": "021000020",
                "prefix": "130000006",
                "deposit-slip": "512345678",
                "billing-account": OWN_BILL,
            },
        ),
        Field(
            "account_number",
            _account_number,
            ("account_number",),
            ("account-length", "card", "account-is-routing", "account-is-billing-account"),
            "lookup",
            secret=True,
            samples={
                "": _ACCOUNT,
                "account-length": "86",
                "card": "4111111111111111",
                "account-is-routing": SAMPLE_ROUTING_NUMBER,
                "account-is-billing-account": OWN_BILL,
            },
        ),
        Field(
            "account_number_again",
            _account_number_again,
            ("account_number_again",),
            ("account-length",),
            "lookup",
            secret=True,
            samples={"": _ACCOUNT, "account-length": "86"},
        ),
    ),
    actions=(
        Action(
            "bank_known",
            {"known": _KNOWN, "unknown": ()},
            recalls="known",
            answer=_bank_known,
            stand_ins={"known": _keyed_before},
        ),
        Action("paying_both", {"both": (), "one": ()}, answer=_paying_both, ordinary="one"),
        Action(
            "name_bank",
            {"named": ("bank_name",), "unnamed": (), "unknown": ()},
            needs=("routing_number",),
            ordinary="named",
        ),
        Action(
            "compare_account",
            {"same": ("account_last4",), "different": (), "blocked": ()},
            needs=("account_number", "account_number_again", "routing_number"),
            drops=("account_number_again",),
            stand_ins={"same": _last4},
            keyed={"different": "123456789#"},
        ),
    ),
    alike={"account_number_again": _again},
)
