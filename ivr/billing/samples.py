"""Invented members and bills, the same each time for the same day: a demo, a test and a page agree."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ivr.base.money import format_amount
from ivr.billing.coverage import DUE_DAY, Assistance

SAMPLE_ZIP_CODE: Final = "02108"


@dataclass(frozen=True, slots=True)
class SampleBill:
    """One month's bill of one plan."""

    plan: str
    coverage_month: str
    amount_cents: int
    due_date: date
    first_payment: bool = False
    authorization_code: str = ""


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """What the accounts file says of one plan; the last two are None where it says nothing."""

    assistance: Assistance
    paid_through_month: str
    reinstate_by_date: date | None = None
    reinstate_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMember:
    """Someone who does not exist. `name` is what written calls say (`demo.health_and_dental`).

    `billing_accounts` maps plan to nine digits; `ssn_last4`, `phone` and `email` may be empty.
    `accounts` has by plan what the accounts file says, where it says anything.
    """

    name: str
    member_id: str
    first_name: str
    last_name: str
    date_of_birth: date
    ssn_last4: str
    billing_accounts: Mapping[str, str]
    bills: Sequence[SampleBill]
    phone: str
    email: str
    language: str = "en-US"
    extra_time: bool = False
    sms_ok: bool = False
    accounts: Mapping[str, SampleAccount] = field(default_factory=dict)

    @property
    def house_number(self) -> str:
        """The number of the house that the bill is mailed to."""
        return self.member_id[-3:].lstrip("0") or "1"

    @property
    def date_of_birth_keyed(self) -> str:
        """The date of birth as a caller keys it, MMDDYYYY."""
        return self.date_of_birth.strftime("%m%d%Y")

    def owed_cents(self, plan: str) -> int:
        """Return what the member owes for a plan before any payment, in cents."""
        return sum(bill.amount_cents for bill in self.bills if bill.plan == plan)


@dataclass(frozen=True, slots=True)
class _Story:
    """What makes one named sample different; amounts are in cents."""

    name: str
    first_name: str
    health_cents: int | None = 31015
    dental_cents: int | None = None
    past_due_cents: int = 0
    dental_past_due_cents: int = 0
    language: str = "en-US"
    extra_time: bool = False
    first_payment: bool = False
    has_ssn: bool = True
    reached_by: str = "letter"
    authorization_code: str = ""
    assistance: Assistance | None = None


_STORIES: Final = (
    _Story("demo.health_and_dental", "Amber", dental_cents=4230, reached_by="sms"),
    _Story("demo.extra_time", "Basil", health_cents=18450, extra_time=True),
    _Story("demo.spanish", "Clavel", health_cents=22575, language="es-US", reached_by="email"),
    _Story("demo.past_due", "Dahlia", past_due_cents=29800, dental_cents=3875, reached_by="email"),
    _Story("demo.first_payment", "Elder", health_cents=27640, first_payment=True, reached_by="sms"),
    _Story("demo.paid", "Fern", health_cents=0),
    _Story("demo.small_balance", "Ginger", health_cents=75),
    _Story("demo.no_ssn", "Heather", health_cents=20120, has_ssn=False),
    _Story("demo.email", "Iris", health_cents=15505, reached_by="email"),
    _Story("demo.sms", "Jasmine", health_cents=16610, reached_by="sms"),
    _Story("demo.letter", "Kale", health_cents=17715),
    _Story("demo.bill_code", "Laurel", health_cents=19999, authorization_code="408215"),
    _Story(
        "demo.past_due_only",
        "Moss",
        health_cents=0,
        past_due_cents=29800,
        dental_cents=0,
        dental_past_due_cents=3875,
    ),
    _Story("demo.dental_only", "Nettle", health_cents=None, dental_cents=3875, dental_past_due_cents=3650),
    _Story("demo.dental_paid", "Olive", health_cents=12050, dental_cents=0),
    _Story("demo.no_bill", "Poppy", health_cents=None),
    _Story("demo.tax_credit", "Quince", past_due_cents=31015, assistance="tax_credit"),
    _Story("demo.connectorcare", "Rowan", 8800, past_due_cents=8800, assistance="connectorcare"),
)
_LAST_NAME: Final = "Sample"


def demo_members(today: date) -> tuple[SampleMember, ...]:
    """Return the named samples, with bills due around `today`; the first three are what the demo shows."""
    return tuple(_from_story(index, story, today) for index, story in enumerate(_STORIES, start=1))


def demo_member(name: str, today: date) -> SampleMember:
    """Return the sample called `name` (`demo.spanish`). Raises `LookupError`."""
    for member in demo_members(today):
        if member.name == name:
            return member
    known = ", ".join(story.name for story in _STORIES)
    raise LookupError(f"no sample member {name!r}; there are: {known}")


def generate(count: int, today: date) -> Iterator[SampleMember]:
    """Yield `count` more members, each with health, every third with dental, for loads and measurements."""
    for index in range(count):
        amounts = {"health": 10000 + index * 37 % 40000}
        if index % 3 == 0:
            amounts["dental"] = 2000 + index * 13 % 4000
        yield SampleMember(
            name=f"load.{index}",
            member_id=f"{500_000_000_000 + index}",
            first_name="Load",
            last_name=f"Number {index}",
            date_of_birth=date(1940 + index % 65, 1 + index % 12, 1 + index % 28),
            ssn_last4=f"{1 + index % 9999:04d}",
            billing_accounts={
                plan: f"{base + index}"
                for plan, base in (("health", 760_000_000), ("dental", 780_000_000))
                if plan in amounts
            },
            bills=[_bill(plan, cents, today) for plan, cents in amounts.items()],
            phone=f"+1617555{100 + index % 100:04d}" if index % 4 else "",
            email=f"load{index}@example.com" if index % 2 else "",
            language="es-US" if index % 7 == 0 else "en-US",
            extra_time=index % 50 == 0,
            sms_ok=index % 4 == 1,
        )


def members_csv(members: Iterable[SampleMember]) -> str:
    """Return a members file for `members`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "member_id",
            "first_name",
            "last_name",
            "date_of_birth",
            "ssn_last4",
            "phone",
            "address",
            "city",
            "state",
            "postal_code",
            "email",
            "language",
            "extra_time",
            "sms_ok",
        ]
    )
    writer.writerows(
        (
            member.member_id,
            member.first_name,
            member.last_name,
            member.date_of_birth.isoformat(),
            member.ssn_last4,
            member.phone,
            f"{member.house_number} Example Street",
            "Boston",
            "MA",
            SAMPLE_ZIP_CODE,
            member.email,
            member.language,
            _yes_no(member.extra_time),
            _yes_no(member.sms_ok),
        )
        for member in members
    )
    return out.getvalue()


def bills_csv(members: Iterable[SampleMember]) -> str:
    """Return a bills file for `members`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "billing_account",
            "member_id",
            "plan",
            "coverage_month",
            "amount",
            "due_date",
            "first_payment",
            "authorization_code",
        ]
    )
    writer.writerows(
        (
            member.billing_accounts[bill.plan],
            member.member_id,
            bill.plan,
            bill.coverage_month,
            format_amount(bill.amount_cents),
            bill.due_date.isoformat(),
            _yes_no(bill.first_payment),
            bill.authorization_code,
        )
        for member in members
        for bill in member.bills
    )
    return out.getvalue()


def accounts_csv(members: Iterable[SampleMember]) -> str:
    """Return an accounts file for those of `members` who have such facts."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["billing_account", "assistance", "paid_through_month", "reinstate_by_date", "reinstate_amount"]
    )
    writer.writerows(
        (
            member.billing_accounts[plan],
            account.assistance,
            account.paid_through_month,
            account.reinstate_by_date or "",
            "" if account.reinstate_cents is None else format_amount(account.reinstate_cents),
        )
        for member in members
        for plan, account in member.accounts.items()
    )
    return out.getvalue()


def _from_story(index: int, story: _Story, today: date) -> SampleMember:
    accounts: dict[str, str] = {}
    bills: list[SampleBill] = []
    owed = (
        ("health", 740_000_100, story.health_cents, story.past_due_cents),
        ("dental", 750_000_100, story.dental_cents, story.dental_past_due_cents),
    )
    for plan, first_account, current_cents, past_due_cents in owed:
        if current_cents is None:
            continue
        accounts[plan] = f"{first_account + index}"
        if past_due_cents:
            bills.append(_bill(plan, past_due_cents, today, months_ago=1))
        first_payment = story.first_payment and plan == "health"
        code = story.authorization_code if plan == "health" else ""
        bills.append(_bill(plan, current_cents, today, first_payment=first_payment, authorization_code=code))
    return SampleMember(
        name=story.name,
        member_id=f"{400_000_000_100 + index}",
        first_name=story.first_name,
        last_name=_LAST_NAME,
        date_of_birth=date(1950 + 3 * index, 1 + (index - 1) % 12, 10 + index),
        ssn_last4=f"{(3210 + 1111 * index) % 10000:04d}" if story.has_ssn else "",
        billing_accounts=accounts,
        bills=bills,
        phone=f"+1617555{100 + index:04d}" if story.reached_by == "sms" else "",
        email=f"{story.first_name.lower()}@example.com" if story.reached_by in ("email", "sms") else "",
        language=story.language,
        extra_time=story.extra_time,
        sms_ok=story.reached_by == "sms",
        accounts={
            bill.plan: SampleAccount(story.assistance, f"{bill.due_date:%Y-%m}")
            for bill in bills[:1]
            if story.assistance
        },
    )


def _bill(
    plan: str,
    amount_cents: int,
    today: date,
    *,
    months_ago: int = 0,
    first_payment: bool = False,
    authorization_code: str = "",
) -> SampleBill:
    """Return the bill due on the next 23rd from `today`, or `months_ago` months before that one."""
    due = (today.year * 12 + today.month - 1) + (today.day > DUE_DAY) - months_ago
    covered = due + 1
    return SampleBill(
        plan=plan,
        coverage_month=f"{covered // 12:04d}-{covered % 12 + 1:02d}",
        amount_cents=amount_cents,
        due_date=date(due // 12, due % 12 + 1, DUE_DAY),
        first_payment=first_payment,
        authorization_code=authorization_code,
    )


def _yes_no(value: bool) -> str:  # noqa: FBT001 (a formatter of a yes or no)
    return "yes" if value else "no"
