"""How much is paid: all that is owed, what is past due of it, or an amount that is keyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ivr.calls.history import Asked
from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Slots
from ivr.topics.masks import money_bounds
from ivr.topics.topic import Slot, Topic

MINIMUM_CENTS = 100
AMOUNT_DIGITS_MAX = 7

_PAID_WITH: Mapping[str, str] = {"full": "total", "past_due": "past_due"}


def _amount(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if len(digits) > AMOUNT_DIGITS_MAX or not digits or int(digits) == 0:
        return NoMatch("amount")
    return Match({"keyed_amount": int(digits)})


def amount_outcome(keyed_cents: int, total_cents: int) -> str:
    """Compare a keyed amount with the balance."""
    if keyed_cents > total_cents:
        return "above_balance"
    return "below_minimum" if keyed_cents < MINIMUM_CENTS and keyed_cents != total_cents else "ok"


def _set_amount(slots: Slots, args: Mapping[str, str]) -> tuple[str, Slots]:
    """Take the whole balance, or what is past due of it."""
    return "ok", {"amount": slots[_PAID_WITH[args["amount"]]]}


def _check_amount(slots: Slots, args: Mapping[str, str]) -> tuple[str, Slots]:
    outcome = amount_outcome(int(slots["keyed_amount"]), int(slots["total"]))
    return outcome, _keyed_amount(slots, args) if outcome == "ok" else {}


def _keyed_amount(slots: Slots, _args: Mapping[str, str]) -> Slots:
    return {"amount": slots["keyed_amount"]}


def _amounts(length: int, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield an amount that gets the recorded answer: too much, too little, or one of its bucket."""
    checked = next((each for each in asked if each.action == "check_amount"), None)
    total, highest = int(slots.get("total", 0)), 10**length - 1
    if checked is not None and checked.outcome == "above_balance":
        amounts = [max(total + 1, min(2 * total, highest))]
    elif checked is not None and checked.outcome == "below_minimum":
        amounts = [min(MINIMUM_CENTS - 1, highest)]
    else:
        low, high = money_bounds(checked.slots.get("amount", "") if checked else "")
        # no more than is owed, no more digits than were keyed, and no more zeros before it than must be
        most = min(high - 1, highest, total if total > low else highest)
        least = max(low, 1, 10 ** (length - 1) if 10 ** (length - 1) <= most else 0)
        amounts = [least + (most - least) * 2 // 5 if most > least else most, least]
    yield from (f"{cents:0{length}d}" for cents in amounts)
    yield "0" * length


AMOUNT = Topic(
    slots=(Slot("keyed_amount", "money"), Slot("amount", "money")),
    fields=(
        Field("amount", _amount, ("keyed_amount",), ("amount",), samples={"": "4050", "amount": "12345678"}),
    ),
    actions=(
        Action(
            "set_amount",
            {"ok": ("amount",)},
            needs=("total",),
            args={"amount": tuple(_PAID_WITH)},
            speaks=_PAID_WITH,
            answer=_set_amount,
        ),
        Action(
            "check_amount",
            {"ok": ("amount",), "above_balance": (), "below_minimum": ()},
            needs=("keyed_amount", "total"),
            answer=_check_amount,
            stand_ins={"ok": _keyed_amount},
            keyed={"above_balance": "9999999#", "below_minimum": "99#"},
        ),
        Action(
            "check_day_limit",
            {"ok": (), "limit_reached": ()},
            needs=("member_id",),
            faults={"limit_reached": "limit_elsewhere"},
        ),
        Action("check_same_today", {"ok": (), "same_today": ()}, needs=("billing_account", "amount")),
    ),
    alike={"amount": _amounts},
)
