"""A member made up to fit a recorded call: bills, earlier payments and keyed amounts with the same shapes.

What the domain answered in the call says which bucket each amount is in and how the amounts stand to each
other (a payment in full, one above the balance, the same amount twice in a day). Amounts are drawn inside
their buckets until the whole call comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ivr.ach.return_codes import RETURN_RULES
from ivr.base.clock import hours_after
from ivr.base.money import format_amount
from ivr.base.plans import PLANS
from ivr.base.randomness import Randomness, SeededRandomness
from ivr.billing.coverage import clock_of, months_later
from ivr.dialog.events import DigitsKeyed
from ivr.payments.day_limit import PAYMENTS_PER_DAY
from ivr.topics.amount.words import amount_outcome
from ivr.topics.balance.words import OFF, balance_outcome, payable_outcome
from ivr.topics.earlier_payments.words import FOR_AN_AGENT
from ivr.topics.masks import ORDINARY_MONEY, bucket_cents, money_shape

if TYPE_CHECKING:
    from ivr.billing.coverage import Assistance
    from ivr.calls.history import Asked, Recipe, RecordedTurn
    from ivr.dialog.events import Heard
    from ivr.topics.masks import Since

TRIES: Final = 4000
DUE_DAYS: Final = 5  # where the call does not say when a bill is due
PAST_DUE_DAYS: Final = -25
ENDED_DAYS: Final = -70  # where the call says no more than that the coverage is over
UNTOLD_HOURS: Final = -30  # where a payment is on its way that is too old to be told by itself
CALL_US_DAYS: Final = 4  # where the call does not say when the payment was made that came back
ROUND_CENTS: Final = 25
AGENT_CODE: Final = "R16"  # an agent speaks about it; it closes its account, as most returns do
MONEY_END: Final = 10_000_000  # an amount has seven digits at most


@dataclass(slots=True)
class Owed:
    """What one plan owes, in cents."""

    past_due_cents: int = 0
    current_cents: int = 0

    @property
    def total_cents(self) -> int:
        """Past due and current together."""
        return self.past_due_cents + self.current_cents

    def pay(self, amount_cents: int) -> None:
        """Take a payment off, the oldest debt first."""
        of_past = min(amount_cents, self.past_due_cents)
        self.past_due_cents -= of_past
        self.current_cents -= amount_cents - of_past


@dataclass(slots=True)
class Earlier:
    """A payment made before the call; `hours` (negative) as its shape has them, rounded down.

    One that is held is told with its day instead: `held_days` (0 or negative) from the call's. One that is
    `settled` has been paid by its bank.
    """

    plan: str
    shape: str
    hours: int
    amount_cents: int = 0
    held_days: int | None = None
    settled: bool = False


@dataclass(slots=True)
class MadeUpReturn:
    """A payment that the bank returned; `days` (negative) are those since it was made.

    `account_digits` is the length of the account number that it closed and that is keyed in the call, or 0.
    """

    plan: str
    shape: str
    days: int
    code: str
    amount_cents: int = 0
    account_digits: int = 0

    @property
    def closes_account(self) -> bool:
        """Whether its account is not debited any more."""
        return RETURN_RULES[self.code].block == "account"


@dataclass(slots=True)
class MadeUp:
    """What fits the call. Days count from the call's date.

    `keyed_cents` are the amounts keyed that were held against the balance, in order, `paid_cents` those
    authorized, `elsewhere` the turns before which the bills were paid by other means, `limit_elsewhere` those
    before which another call made the day's last payments.
    """

    owed: dict[str, Owed] = field(default_factory=dict)
    due_days: dict[str, int] = field(default_factory=dict)
    past_due_days: dict[str, int] = field(default_factory=dict)
    first_payment: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)  # plan -> what its header says
    earlier: list[Earlier] = field(default_factory=list)
    returned: list[MadeUpReturn] = field(default_factory=list)
    keyed_cents: list[int] = field(default_factory=list)
    paid_cents: list[int] = field(default_factory=list)
    elsewhere: set[int] = field(default_factory=set)
    limit_elsewhere: set[int] = field(default_factory=set)

    def bills(self, call_date: date) -> Iterator[tuple[str, int, date]]:
        """Yield plan, amount in cents and due date of every bill there must have been before the payments."""
        for plan, owed in self.owed.items():
            before_cents = sum(each.amount_cents for each in self.earlier if each.plan == plan)
            if owed.past_due_cents:
                past = call_date + timedelta(days=self.past_due_days.get(plan, PAST_DUE_DAYS))
                yield plan, owed.past_due_cents + before_cents, past
                before_cents = 0
            if owed.current_cents or not owed.past_due_cents:
                due = call_date + timedelta(days=self.due_days.get(plan, DUE_DAYS))
                yield plan, owed.current_cents + before_cents, due


def make_up(recipe: Recipe, since: Since) -> MadeUp | None:
    """Return a member who fits the call, the same one each time, or None when none is found.

    `since` is what the shapes of the call count from.
    """
    asked = [(turn, each) for turn in recipe.turns for each in turn.asked]
    randomness = SeededRandomness(len(recipe.turns))
    for number in range(TRIES):
        attempt = _Attempt(asked, randomness, since, middle=number == 0)
        if attempt.fits():
            return attempt.made_up
    return None


class _Attempt:
    """One draw of all amounts, and the call's questions answered with them."""

    def __init__(
        self,
        asked: Sequence[tuple[RecordedTurn, Asked]],
        randomness: Randomness,
        since: Since,
        *,
        middle: bool,
    ) -> None:
        self.made_up = MadeUp()
        self._asked = asked
        self._randomness = randomness
        self._since = since
        self._middle = middle
        self._owed: dict[str, Owed] = {}
        self._turn = asked[0][0] if asked else None
        self._plan = ""
        self._amount_cents = 0
        self._today: list[tuple[str, int]] = []  # paid in this call
        self._not_before: set[tuple[str, int]] = set()  # not paid on this day before it
        self._told: set[str] = set()
        self._paid_seq = -1  # the turn of the newest payment: nothing can come between it and what follows

    def fits(self) -> bool:
        """Return whether every answer comes out as recorded."""
        self._draw()
        handlers: Mapping[str, Callable[[Asked], bool]] = {
            "bill_balance": self._bill_balance,
            "choose_bill": self._choose_bill,
            "select_bill": self._select_bill,
            "set_amount": self._set_amount,
            "check_amount": self._check_amount,
            "check_day_limit": self._check_day_limit,
            "check_same_today": self._check_same_today,
            "authorize_payment": self._authorize,
            "authorize_with_code": self._authorize,
        }
        for turn, asked in self._asked:
            self._turn = turn
            handler = handlers.get(asked.action)
            if (handler is not None and not handler(asked)) or self._paid_seq in self.made_up.elsewhere:
                return False
        for earlier in self.made_up.earlier:
            earlier.amount_cents = earlier.amount_cents or self._drawn(earlier.shape)
            if self._is_today(earlier) and (earlier.plan, earlier.amount_cents) in self._not_before:
                return False
        return all(map(self._fits_a_bill, self.made_up.returned)) and self._close_accounts()

    # What there was before the call.

    def _draw(self) -> None:
        """Draw what is owed from the first time each balance was told, and the payments told before."""
        made_up = self.made_up
        for plan in self._plans():
            made_up.owed[plan] = Owed(0, self._drawn(ORDINARY_MONEY))
        for _, asked in self._asked:
            self._draw_for(asked)
        if any(asked.outcome == "call_us" for _, asked in self._asked):
            made_up.returned.append(MadeUpReturn("", "", -CALL_US_DAYS, AGENT_CODE))
        self._owed = {
            plan: Owed(owed.past_due_cents, owed.current_cents) for plan, owed in made_up.owed.items()
        }

    def _draw_for(self, asked: Asked) -> None:
        """Draw what must have been there before the call for one question to be answered as it was."""
        made_up = self.made_up
        match asked.action, asked.outcome:
            case "bill_balance", _ if asked.args["plan"] not in self._told:
                self._told.add(asked.args["plan"])
                self._draw_balance(asked.args["plan"], asked)
            case "select_bill", "first_payment":
                made_up.first_payment.add(asked.given["plan"])
            case "bill_coverage", "said":
                self._draw_coverage(asked.args["plan"], asked.slots["coverage"], asked.slots)
            case "next_recent_payment", "payment":
                made_up.earlier.append(_recent(asked.slots))
            case "next_waiting_payment", "payment":
                made_up.earlier.append(_held(asked.slots))
            case "next_returned_payment", "returned":
                made_up.returned.append(_returned(asked.slots))

    def _draw_coverage(self, plan: str, outcome: str, shapes: Mapping[str, str]) -> None:
        """Let the oldest unpaid bill be so old, and such help be given, that the coverage stands so."""
        made_up, today = self.made_up, self._since.call_date
        if outcome == "first":
            made_up.first_payment.add(plan)
        elif outcome in {"keep", "keep_longer"}:
            last, ends = (today + timedelta(days=_days(shapes[name])) for name in ("keep_last", "plan_ends"))
            # Without help the coverage ends in the month of the missed due date.
            is_helped = ends.replace(day=1) != months_later(last.replace(day=1), -1)
            assistance: Assistance = "tax_credit" if is_helped else "none"
            missed = months_later(last, -clock_of(assistance).due_dates)
            made_up.accounts[plan] = assistance
            made_up.past_due_days.setdefault(plan, (missed - today).days)
        elif outcome in {"reinstate", "ended"}:
            made_up.past_due_days.setdefault(plan, ENDED_DAYS)
        if outcome == "reinstate":
            cents = format_amount(self._drawn(shapes["reinstate_cents"]))
            by = today + timedelta(days=_days(shapes["reinstate_by"]))
            made_up.accounts[plan] = f"none reinstate {cents} by {by}"

    def _fits_a_bill(self, returned: MadeUpReturn) -> bool:
        """Let a returned payment have been one of what is owed; return whether it can have been."""
        owed = self.made_up.owed
        if not returned.plan:  # nobody told which it was
            returned.plan = next((plan for plan, each in owed.items() if each.total_cents), "")
            returned.amount_cents = owed[returned.plan].total_cents if returned.plan else 0
            return bool(returned.plan)
        if returned.plan not in owed:
            return False
        limit_cents = owed[returned.plan].total_cents
        if returned.plan not in self._told:  # the call was over before: as much as it takes
            limit_cents = max(limit_cents, bucket_cents(returned.shape).stop - 1)
            owed[returned.plan].current_cents = limit_cents
        returned.amount_cents = self._drawn(returned.shape, below_cents=limit_cents + 1)
        return returned.amount_cents <= limit_cents

    def _close_accounts(self) -> bool:
        """Let returned payments have closed the accounts that were refused in the call."""
        refused = {
            digits_keyed(turn.heard)
            for turn, asked in self._asked
            if (asked.action, asked.outcome) == ("compare_account", "blocked")
        }
        closing = [each for each in self.made_up.returned if each.closes_account]
        for returned, digits in zip(closing, sorted(refused), strict=False):
            returned.account_digits = digits
        return len(refused) <= len(closing)

    def _plans(self) -> list[str]:
        """Return the plans the member has; who is never verified has one, to key its number."""
        verified = next(
            (each for _, each in self._asked if each.outcome.startswith("verified") and each.slots), None
        )
        if verified is None:
            return [*PLANS][:1]
        return [plan for plan in PLANS if verified.slots.get(f"{plan}_account") == "given"]

    def _draw_balance(self, plan: str, asked: Asked) -> None:
        slots = asked.slots
        if asked.outcome == "none":
            self.made_up.owed.pop(plan, None)
            return
        past_due = self._drawn(slots["past_due"]) if "past_due" in slots else 0
        current = slots.get("current", slots.get("total") if asked.outcome == "current" else None)
        self.made_up.owed[plan] = Owed(past_due, self._drawn(current) if current else 0)
        for name, days in (
            ("due_date", self.made_up.due_days),
            ("past_due_date", self.made_up.past_due_days),
        ):
            if slots.get(name, "").endswith("d"):
                days[plan] = _days(slots[name])

    def _drawn(self, shape: str, *, below_cents: int | None = None) -> int:
        bucket = bucket_cents(shape)
        stop = bucket.stop if below_cents is None else min(bucket.stop, below_cents)
        if stop <= bucket.start:
            return bucket.start
        width = stop - bucket.start
        cents = bucket.start + (width // 2 if self._middle else self._randomness.below(width))
        return max(bucket.start, cents - cents % ROUND_CENTS)  # a round amount looks made up

    # What the domain answered in it.

    def _of(self, plan: str) -> Owed:
        return self._owed.get(plan, Owed())

    def _has_shapes(self, asked: Asked, amounts: Mapping[str, int]) -> bool:
        shapes = {name: money_shape(cents, self._since) for name, cents in amounts.items()}
        return all(asked.slots[name] == shape for name, shape in shapes.items() if name in asked.slots)

    def _paid_elsewhere(self) -> None:
        """Nothing is owed any more, for a reason outside the call."""
        if self._turn is not None:
            self.made_up.elsewhere.add(self._turn.seq)
        self._owed = {plan: Owed() for plan in self._owed}

    def _bill_balance(self, asked: Asked) -> bool:
        plan = asked.args["plan"]
        if asked.outcome in {"paid", "on_its_way", "waiting"} and self._of(plan).total_cents:
            self._paid_elsewhere()
        owed = self._of(plan)
        known = plan in self._owed
        earlier = [each for each in self.made_up.earlier if each.plan == plan]
        is_held = any(each.held_days is not None for each in earlier)
        is_pending = any(each == plan for each, _ in self._today)
        if asked.outcome == "paid":
            for each in earlier:
                each.settled = True
        elif asked.outcome == "on_its_way" and not is_pending and not earlier:
            self.made_up.earlier.append(Earlier(plan, ORDINARY_MONEY, UNTOLD_HOURS))
            is_pending = True
        is_pending = is_pending or any(not each.settled for each in earlier)
        outcome = balance_outcome(
            owed.past_due_cents, owed.current_cents, is_held=is_held, is_pending=is_pending
        )
        return asked.outcome == (outcome if known else "none") and self._has_shapes(asked, _amounts(owed))

    def _choose_bill(self, asked: Asked) -> bool:
        if asked.outcome == OFF:
            return any(owed.total_cents for owed in self._owed.values())
        told = set() if asked.outcome == "nothing" else set(asked.outcome.split("_and_"))
        if any(self._of(plan).total_cents for plan in self._owed if plan not in told):
            self._paid_elsewhere()
        return told == {plan for plan, owed in self._owed.items() if owed.total_cents}

    def _select_bill(self, asked: Asked) -> bool:
        self._plan = asked.given["plan"]
        if asked.outcome == "nothing" and self._of(self._plan).total_cents:
            self._paid_elsewhere()
        owed = self._of(self._plan)
        outcome = payable_outcome(
            owed.past_due_cents, owed.current_cents, is_first_payment=self._plan in self.made_up.first_payment
        )
        return asked.outcome == outcome and self._has_shapes(asked, _amounts(owed))

    def _set_amount(self, asked: Asked) -> bool:
        owed = self._of(self._plan)
        self._amount_cents = owed.total_cents if asked.args["amount"] == "full" else owed.past_due_cents
        return self._has_shapes(asked, {"amount": self._amount_cents})

    def _check_amount(self, asked: Asked) -> bool:
        total = self._of(self._plan).total_cents
        keyed = self._keyed_amount(asked, total)
        self.made_up.keyed_cents.append(keyed)
        self._amount_cents = keyed
        recorded = asked.outcome, asked.given["keyed_amount"]
        return recorded == (amount_outcome(keyed, total), money_shape(keyed, self._since))

    def _keyed_amount(self, asked: Asked, total: int) -> int:
        """Draw an amount that may have been keyed: sometimes one paid before, or all that is owed."""
        shape = asked.given["keyed_amount"]
        entered = None if self._turn is None else self._turn.heard
        limit = 10**entered.length if isinstance(entered, DigitsKeyed) else MONEY_END
        paid = [cents for plan, cents in self._today if plan == self._plan]
        if paid and not self._middle and self._randomness.below(3) == 0:
            return paid[-1]
        if shape == money_shape(total, self._since) and total < limit and self._randomness.below(4) == 0:
            return total
        return self._drawn(shape, below_cents=min(limit, total + 1) if asked.outcome == "ok" else limit)

    def _check_day_limit(self, asked: Asked) -> bool:
        is_reached = self._is_limit_reached()
        if asked.outcome == "limit_reached" and not is_reached:
            self._reach_limit()
        return asked.outcome == "limit_reached" or not is_reached

    def _is_limit_reached(self) -> bool:
        """Return whether as many payments were made on the day of the call as one day may have."""
        before = sum(map(self._is_today, self.made_up.earlier))
        returned = sum(not each.days for each in self.made_up.returned)
        counted = before + returned + len(self._today)
        return counted >= PAYMENTS_PER_DAY or bool(self.made_up.limit_elsewhere)

    def _reach_limit(self) -> None:
        """Let the last payments of the day be made in another call."""
        if self._turn is not None:
            self.made_up.limit_elsewhere.add(self._turn.seq)

    def _check_same_today(self, asked: Asked) -> bool:
        same = (self._plan, self._amount_cents) in self._today
        if asked.outcome == "ok":
            self._not_before.add((self._plan, self._amount_cents))
            return not same
        return same or self._same_before()

    def _same_before(self) -> bool:
        """Let a payment earlier on the day of the call have been of this amount."""
        shape = money_shape(self._amount_cents, self._since)
        for earlier in self.made_up.earlier:
            if self._is_today(earlier) and (earlier.plan, earlier.shape) == (self._plan, shape):
                earlier.amount_cents = self._amount_cents
                return True
        return False

    def _is_today(self, earlier: Earlier) -> bool:
        if earlier.held_days is not None:
            return earlier.held_days == 0
        at = hours_after(self._since.started_at, earlier.hours + 0.5)
        return at.date() == self._since.call_date

    def _authorize(self, asked: Asked) -> bool:
        if asked.outcome == "limit_reached" and not self._is_limit_reached():
            self._reach_limit()
        if asked.outcome == "changed" and self._amount_cents <= self._of(self._plan).total_cents:
            self._paid_elsewhere()
        if asked.outcome == "authorized":
            if self._amount_cents > self._of(self._plan).total_cents:
                return False
            self._of(self._plan).pay(self._amount_cents)
            self._today.append((self._plan, self._amount_cents))
            self._paid_seq = -1 if self._turn is None else self._turn.seq
            self.made_up.paid_cents.append(self._amount_cents)
        return True


def digits_keyed(heard: Heard) -> int:
    """Return how many digits an entry had; none where there was no entry."""
    return heard.length if isinstance(heard, DigitsKeyed) else 0


def _days(shape: str) -> int:
    return int(shape.removesuffix("d"))


def _recent(slots: Mapping[str, str]) -> Earlier:
    return Earlier(slots["recent_plan"], slots["recent_amount"], int(slots["recent_at"].removesuffix("h")))


def _held(slots: Mapping[str, str]) -> Earlier:
    days = _days(slots["waiting_date"])
    return Earlier(slots["waiting_plan"], slots["waiting_amount"], 0, held_days=days)


def _returned(slots: Mapping[str, str]) -> MadeUpReturn:
    """Return a payment told to have come back. Of the codes with its reason one that closes an account."""
    rules = [
        rule
        for rule in RETURN_RULES.values()
        if rule.reason == slots["returned_reason"]
        and rule.code not in FOR_AN_AGENT
        and rule.block != "routing"
    ]
    code = max(rules, key=lambda rule: rule.block == "account").code
    days = _days(slots["returned_date"])
    return MadeUpReturn(slots["returned_plan"], slots["returned_amount"], days, code)


def _amounts(owed: Owed) -> dict[str, int]:
    return {"total": owed.total_cents, "past_due": owed.past_due_cents, "current": owed.current_cents}
