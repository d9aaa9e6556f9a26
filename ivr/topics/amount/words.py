"""How much is paid and when: all that is owed, or less; as soon as can be, or on a day that is keyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from ivr.calls.history import Asked
from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Slots
from ivr.topics.masks import as_it_is, money_bounds
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


def _payment_day(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """MMDD, the next such day from the day of the call on."""
    if len(digits) != 4:
        return NoMatch("length")
    today = date.fromisoformat(str(slots["call_date"]))
    try:
        day = date(today.year, int(digits[:2]), int(digits[2:]))
        day = day if day >= today else day.replace(year=today.year + 1)
    except ValueError:
        return NoMatch("day")
    return Match({"keyed_day": day.isoformat()})


def _days(length: int, slots: Slots, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield the day that was taken, where one was."""
    today = date.fromisoformat(str(slots["call_date"]))
    days = [each.slots["pay_day"] for each in asked if each.slots.get("pay_day", "").endswith("d")]
    yield from (f"{today + timedelta(days=int(day.removesuffix('d'))):%m%d}"[:length] for day in days)


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
    slots=(
        Slot("keyed_amount", "money"),
        Slot("amount", "money"),
        Slot("keyed_day", "date"),
        Slot("pay_day", "date"),
        Slot("first_day", "date"),
        Slot("last_day", "date"),
        Slot("moved_why", "choice", as_it_is, ("closed", "too_soon")),
    ),
    fields=(
        Field(
            "payment_day",
            _payment_day,
            ("keyed_day",),
            ("length", "day"),
            "lookup",
            num_digits=4,
            samples={"": "1229", "length": "122", "day": "1332"},
        ),
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
            "check_payment_day",
            {
                "ok": ("pay_day",),
                "moved": ("pay_day", "moved_why"),
                "late": ("pay_day",),
                "moved_and_late": ("pay_day", "moved_why"),
                "out_of_range": ("first_day", "last_day"),
                "none": (),
            },
            needs=("member_id", "plan", "keyed_day", "pay_by", "channel"),
        ),
        Action(
            "check_day_limit",
            {"ok": (), "limit_reached": ()},
            needs=("member_id",),
            faults={"limit_reached": "limit_elsewhere"},
        ),
        Action("check_same_today", {"ok": (), "same_today": ()}, needs=("billing_account", "amount")),
    ),
    alike={"amount": _amounts, "payment_day": _days},
)
