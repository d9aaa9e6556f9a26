"""Headers of a written call that make up its world: a member who does not exist, and what surrounds the call.

After `member made_up` come `bill health 298.00 due 2026-11-23` (`first_payment`, `code 408215` may follow),
`paid health 12.00 at 2026-12-18T09:00-05:00` (`at_bank`, `went_through`, `given_back` or `cancelled` may
follow: what became of it by now), `held health 12.00 at 2026-12-17T09:00-05:00` (its cutoff was
missed, so that it waits for staff), `returned health 12.00 R01 at 2026-12-14T09:00-05:00` (made
then, and back from the bank by now; `account 40812345` may follow the code), `notices sms`, `extra_time`,
`no_ssn`.
`account health tax_credit` tells which help there is with a premium (`reinstate 620.30 by 2026-12-30` may
follow). Any file may say `support closed`, `consent bill_code`, `payments off` and `on_time settled`, and how
the line is set on which it is played: `cutoff 16:00`, `closings 2026-12-24`, `timezone America/Denver`,
`speaks es-US`. With
`bank 021000021 FIRST EXAMPLE BANK` there is a directory, which knows the banks that are named and no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final, Literal, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.ach.routing_numbers import routing_number_fault
from ivr.base.money import format_amount, parse_amount
from ivr.base.plans import PLANS
from ivr.billing.coverage import Assistance

Notices = Literal["sms", "email", "letter"]
SupportOpen = Literal["open", "closed"]
ConsentMode = Literal["spoken", "bill_code", "either"]
Payments = Literal["on", "off"]
OnTime = Literal["unset", "authorized", "settled"]
Texts = Literal["off"]

MADE_UP: Final = "made_up"
_OF_A_MEMBER: Final = ("bill", "account", "paid", "held", "returned", "notices", "extra_time", "no_ssn")
_OF_THE_LINE: Final = (
    "support",
    "consent",
    "payments",
    "on_time",
    "texts",
    "cutoff",
    "closings",
    "timezone",
    "speaks",
    "bank",
)
WORDS: Final = (*_OF_A_MEMBER, *_OF_THE_LINE)
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "notices": get_args(Notices),
    "support": get_args(SupportOpen),
    "consent": get_args(ConsentMode),
    "payments": get_args(Payments),
    "on_time": get_args(OnTime),
    "texts": get_args(Texts),
}
_FLAGS: Final = ("extra_time", "no_ssn")
_PLAN: Final = f"({'|'.join(PLANS)})"
_BILL: Final = re.compile(
    _PLAN + r"\s+(\S+)\s+due\s+(\S+)(\s+first_payment)?(?:\s+code\s+([0-9]{4,12}))?", re.ASCII
)
BECAME: Final = ("at_bank", "went_through", "given_back", "cancelled")
_PAID: Final = re.compile(_PLAN + rf"\s+(\S+)\s+at\s+(\S+)(?:\s+({'|'.join(BECAME)}))?")
_RETURNED: Final = re.compile(
    _PLAN + r"\s+(\S+)\s+(R[0-9]{2})(?:\s+account\s+([0-9]{4,17}))?\s+at\s+(\S+)", re.ASCII
)
_ACCOUNT: Final = re.compile(
    _PLAN + rf"\s+({'|'.join(get_args(Assistance))})(?:\s+reinstate\s+(\S+)\s+by\s+(\S+))?", re.ASCII
)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}-[A-Z]{2}")
Wrong = tuple[str, str]  # a rule's id and what is wrong
_BILL_CURE: Final = "write bill health 310.15 due 2026-12-23, then first_payment or code 408215 if it has one"
_ACCOUNT_CURE: Final = "write account health tax_credit, then reinstate 620.30 by 2026-12-30 if it can be"
_PAID_CURE: Final = (
    f"write paid health 12.00 at 2026-12-18T09:00-05:00, then perhaps one of {', '.join(BECAME)}"
)
_HELD_CURE: Final = "write held health 12.00 at 2026-12-17T09:00-05:00"
_RETURNED_CURE: Final = "write returned health 12.00 R01 at 2026-12-14T09:00-05:00"


@dataclass(frozen=True, slots=True)
class MadeUpBill:
    """One bill of the member who is made up. `line` is where it stands in the file, `code` may be empty."""

    line: int
    plan: str
    amount_cents: int
    due_date: date
    first_payment: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class MadeUpAccount:
    """What the accounts file says of one plan; the last two are None where it says nothing."""

    plan: str
    assistance: Assistance
    reinstate_cents: int | None = None
    reinstate_by_date: date | None = None


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """A payment made on this line before the call; `at` is aware.

    With a `return_code` it has come back from the bank since; one that `is_held` has not gone there.
    `account_number` may be empty: any. `became` is one of `BECAME`, or empty: it waits for its cutoff.
    """

    line: int
    plan: str
    amount_cents: int
    at: datetime
    return_code: str = ""
    account_number: str = ""
    is_held: bool = False
    became: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a file says of the world around its call.

    Bills, payments, notices, extra time and a missing SSN are those of a `member made_up`. `support` tells
    whether an agent can be reached, None: by the hours of the settings. `consent`, `payments` and `on_time`
    None: as the settings say; `texts` is `off` where no text message goes out. So too the bank's `cutoff`,
    its `closings` beyond its holidays, its `timezone`, and which languages the line `speaks`. `bank` has the
    routing numbers and names of the directory; where it has none, there is no directory.
    """

    bills: tuple[MadeUpBill, ...] = ()
    accounts: tuple[MadeUpAccount, ...] = ()
    paid: tuple[PaidBefore, ...] = ()
    notices: Notices = "letter"
    extra_time: bool = False
    no_ssn: bool = False
    support: SupportOpen | None = None
    consent: ConsentMode | None = None
    payments: Payments | None = None
    on_time: OnTime | None = None
    texts: Texts | None = None
    cutoff: time | None = None
    closings: tuple[date, ...] = ()
    timezone: ZoneInfo | None = None
    speaks: tuple[str, ...] = ()
    bank: tuple[tuple[str, str], ...] = ()

    def around(self, later: Circumstances, *, same_member: bool) -> Circumstances:
        """Return what counts in a file that comes after this one's: its own words, else these."""
        member = self if same_member else later
        own = {word: getattr(later, word) or getattr(self, word) for word in _OF_THE_LINE}
        return replace(member, **own)


NO_CIRCUMSTANCES: Final = Circumstances()


class CircumstancesReader:
    """Reads these headers one after another; `read` returns a problem to tell, or None."""

    def __init__(self) -> None:
        self.circumstances = Circumstances()
        self._lines: dict[str, int] = {}
        self._readers: Mapping[str, Callable[[int, str], Wrong | None]] = {
            "bill": self._bill,
            "account": self._account,
            "paid": self._paid,
            "held": self._held,
            "returned": self._returned,
            "cutoff": self._cutoff,
            "closings": self._closings,
            "timezone": self._timezone,
            "speaks": self._speaks,
            "bank": self._bank,
        }

    def read(self, line: int, word: str, value: str) -> Wrong | None:
        """Take one header, of which `word` is the first word."""
        first = self._lines.setdefault(word, line)
        if first != line and word not in {"bill", "account", "paid", "held", "returned", "bank"}:
            return "call.header-twice", f"{word} stands here twice: keep one (the first is line {first})"
        if word in _CHOICES:
            return self._choice(word, value)
        if word in _FLAGS:
            return self._flag(word, value)
        return self._readers[word](line, value)

    def faults(self, member: str | None, now: datetime | None) -> list[tuple[int, str, str]]:
        """Return what is wrong with all of them together: line, rule and what is wrong."""
        found = []
        if member != MADE_UP:
            found += [
                (
                    line,
                    "call.made-up-only",
                    f"{word} is for a member who is made up: write member made_up, or take it out",
                )
                for word, line in self._lines.items()
                if word in _OF_A_MEMBER
            ]
        due: dict[tuple[str, date], int] = {}
        for bill in self.circumstances.bills:
            other = due.setdefault((bill.plan, bill.due_date), bill.line)
            if other != bill.line:
                message = f"line {other} is the same plan's bill of that day: make them one"
                found.append((bill.line, "call.bill-twice", message))
        billed_cents, paid_cents = Counter[str](), Counter[str]()
        for bill in self.circumstances.bills:
            billed_cents[bill.plan] += bill.amount_cents
        for paid in sorted(self.circumstances.paid, key=lambda each: each.at):
            before_cents = paid_cents[paid.plan]
            if not paid.return_code and paid.became not in {"given_back", "cancelled"}:  # that is owed again
                paid_cents[paid.plan] += paid.amount_cents
            if before_cents + paid.amount_cents > billed_cents[paid.plan]:
                billed = f"{paid.plan} bills are ({format_amount(billed_cents[paid.plan])})"
                message = f"more is paid than the {billed}: make them larger"
                found.append((paid.line, "call.paid-too-much", message))
            if now is not None and paid.at > now:
                message = "this is after the call: write an instant before `now`"
                found.append((paid.line, "call.paid-later", message))
        return found

    def _choice(self, word: str, value: str) -> Wrong | None:
        if value not in _CHOICES[word]:
            known = " or ".join((", ".join(_CHOICES[word][:-1]), _CHOICES[word][-1]))
            return "call.header-value", f"there is no {word} {value!r}: write {word} {known}"
        self.circumstances = replace(self.circumstances, **{word: value})  # type: ignore[arg-type]
        return None

    def _flag(self, word: str, value: str) -> Wrong | None:
        if value:
            return "call.stands-alone", f"{word} stands alone: take the rest of the line out"
        self.circumstances = replace(self.circumstances, **{word: True})  # type: ignore[arg-type]
        return None

    def _cutoff(self, _line: int, value: str) -> Wrong | None:
        try:
            self.circumstances = replace(self.circumstances, cutoff=time.fromisoformat(value))
        except ValueError:
            return "call.header-value", f"{value!r} is no time of day: write cutoff 16:00"
        return None

    def _closings(self, _line: int, value: str) -> Wrong | None:
        try:
            closings = tuple(date.fromisoformat(day.strip()) for day in value.split(","))
        except ValueError:
            return "call.header-value", f"{value!r} are no days: write closings 2026-12-24, 2026-12-31"
        self.circumstances = replace(self.circumstances, closings=closings)
        return None

    def _timezone(self, _line: int, value: str) -> Wrong | None:
        try:
            self.circumstances = replace(self.circumstances, timezone=ZoneInfo(value))
        except (ZoneInfoNotFoundError, ValueError):
            return "call.header-value", f"{value!r} is no time zone: write timezone America/Denver"
        return None

    def _speaks(self, _line: int, value: str) -> Wrong | None:
        languages = tuple(tag.strip() for tag in value.split(","))
        if not all(map(_LANGUAGE.fullmatch, languages)):
            return "call.header-value", f"{value!r} are no languages: write speaks en-US, es-US"
        self.circumstances = replace(self.circumstances, speaks=languages)
        return None

    def _bank(self, _line: int, value: str) -> Wrong | None:
        number, _, name = value.partition(" ")
        if routing_number_fault(number) or not name.strip():
            return "call.header-value", f"{value!r} is no bank: write bank 021000021 FIRST EXAMPLE BANK"
        banks = (*self.circumstances.bank, (number, name.strip()))
        self.circumstances = replace(self.circumstances, bank=banks)
        return None

    def _bill(self, line: int, value: str) -> Wrong | None:
        parts = _BILL.fullmatch(value)
        wrong = "call.header-value", f"{value!r} is no bill: {_BILL_CURE}"
        if parts is None:
            return wrong
        try:
            amount_cents, due_date = parse_amount(parts[2]), date.fromisoformat(parts[3])
        except ValueError:
            return wrong
        bill = MadeUpBill(line, parts[1], amount_cents, due_date, bool(parts[4]), parts[5] or "")
        self.circumstances = replace(self.circumstances, bills=(*self.circumstances.bills, bill))
        return None

    def _account(self, _line: int, value: str) -> Wrong | None:
        parts = _ACCOUNT.fullmatch(value)
        wrong = "call.header-value", f"{value!r} is no account: {_ACCOUNT_CURE}"
        if parts is None:
            return wrong
        try:
            cents = parse_amount(parts[3]) if parts[3] else None
            by = date.fromisoformat(parts[4]) if parts[4] else None
        except ValueError:
            return wrong
        account = MadeUpAccount(parts[1], cast("Assistance", parts[2]), cents, by)
        self.circumstances = replace(self.circumstances, accounts=(*self.circumstances.accounts, account))
        return None

    def _paid(self, line: int, value: str, *, is_held: bool = False) -> Wrong | None:
        parts = _PAID.fullmatch(value)
        problem = f"{value!r} is no payment: {_HELD_CURE if is_held else _PAID_CURE}"
        if parts is None or (is_held and parts[4]):
            return "call.header-value", problem
        payment = parts[1], parts[2], "", "", parts[3]
        return self._payment(line, payment, problem, is_held=is_held, became=parts[4] or "")

    def _held(self, line: int, value: str) -> Wrong | None:
        return self._paid(line, value, is_held=True)

    def _returned(self, line: int, value: str) -> Wrong | None:
        parts = _RETURNED.fullmatch(value)
        problem = f"{value!r} is no payment that came back: {_RETURNED_CURE}"
        if parts is None:
            return "call.header-value", problem
        return self._payment(line, parts.groups(""), problem)

    def _payment(
        self, line: int, parts: Sequence[str], problem: str, *, is_held: bool = False, became: str = ""
    ) -> Wrong | None:
        """Take a payment: plan, amount, return code or nothing, account number or nothing, instant."""
        plan, amount, return_code, account_number, instant = parts
        try:
            at = datetime.fromisoformat(instant)
            cents = parse_amount(amount)
            paid = PaidBefore(line, plan, cents, at, return_code, account_number, is_held, became)
        except ValueError:
            return "call.header-value", problem
        if paid.at.tzinfo is None or not paid.amount_cents:
            return "call.header-value", f"{problem}, an amount and an offset in it"
        self.circumstances = replace(self.circumstances, paid=(*self.circumstances.paid, paid))
        return None
