"""Members who do not exist, loaded into a line of this machine: the samples, and who a call file makes up."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from ivr.base.clock import Clock
from ivr.base.errors import OperatorError
from ivr.base.plans import PLANS
from ivr.base.settings import MemberSettings
from ivr.billing.accounts import import_accounts
from ivr.billing.imports import import_bills
from ivr.billing.samples import (
    SAMPLE_ZIP_CODE,
    SampleAccount,
    SampleBill,
    SampleMember,
    accounts_csv,
    bills_csv,
    demo_members,
    members_csv,
)
from ivr.callfile.circumstances import MADE_UP, Circumstances, MadeUpBill
from ivr.callfile.host import Setup
from ivr.members.imports import import_members
from ivr.payments.banks import import_directory
from ivr.start import check_keys_of, command_engine
from ivr.storage.migrate import upgrade

SAMPLE_DIRECTORY: Final = Path(__file__).with_name("routing-directory.txt")
_BILLED_BEFORE: Final = timedelta(days=28)  # what the demo's month paid was owed by then
_MADE_UP_ACCOUNTS: Final = {plan: f"7{number}9000157" for number, plan in enumerate(PLANS, start=4)}


def facts_of(member: SampleMember) -> dict[str, str]:
    """Return what a caller keys for a sample member, by the names call files use."""
    return {
        "member_id": member.member_id,
        "phone": member.phone.removeprefix("+1"),
        "ssn_last4": member.ssn_last4,
        "zip": SAMPLE_ZIP_CODE,
        "house": member.house_number,
        "date_of_birth": member.date_of_birth_keyed,
        **{f"{plan}_account": number for plan, number in member.billing_accounts.items()},
    }


def load_members(
    db: Connection,
    settings: MemberSettings,
    members: Sequence[SampleMember],
    clock: Clock,
    *,
    billed_at: datetime | None = None,
) -> None:
    """Load sample members and their bills the way operators do: from CSV.

    The bills are true as of now and were there since `billed_at`, by default since now as well.
    """
    now = clock.now()
    read = import_members(
        db, settings.hashes, now, io.BytesIO(members_csv(members).encode()), file_name="members.csv"
    )
    billed = import_bills(
        db,
        settings.hashes,
        billed_at or now,
        io.BytesIO(bills_csv(members).encode()),
        as_of_at=now,
        file_name="bills.csv",
    )
    problems = [str(error) for error in (*read.errors, *billed.errors)]
    if any(member.accounts for member in members):
        accounts = import_accounts(db, io.BytesIO(accounts_csv(members).encode()), file_name="accounts.csv")
        problems += map(str, accounts.errors)
    if problems:
        raise OperatorError(*problems)


def _made_up_member(circumstances: Circumstances) -> SampleMember:
    """Return the member whom the headers of a call file make up; the facts are always the same."""
    plans = {bill.plan for bill in circumstances.bills}
    return SampleMember(
        name=MADE_UP,
        member_id="409000000157",
        first_name="Maple",
        last_name="Made-Up",
        date_of_birth=date(1961, 4, 17),
        ssn_last4="" if circumstances.no_ssn else "6283",
        billing_accounts={plan: number for plan, number in _MADE_UP_ACCOUNTS.items() if plan in plans},
        bills=[bill for plan in plans for bill in _made_up_bills(plan, circumstances.bills)],
        phone="+16175550157",
        email="maple@example.com" if circumstances.notices != "letter" else "",
        extra_time=circumstances.extra_time,
        sms_ok=circumstances.notices == "sms",
        accounts={
            each.plan: SampleAccount(
                each.assistance,
                _paid_through(circumstances.bills, each.plan),
                each.reinstate_by_date,
                each.reinstate_cents,
            )
            for each in circumstances.accounts
            if each.plan in plans
        },
    )


def _paid_through(bills: Sequence[MadeUpBill], plan: str) -> str:
    """Return the month before the first one billed: what is due in a month is for the next one."""
    return f"{min(bill.due_date for bill in bills if bill.plan == plan):%Y-%m}"


def _made_up_bills(plan: str, bills: Sequence[MadeUpBill]) -> Iterator[SampleBill]:
    """Yield one plan's bills, each for a month of its own: that after its due date, or an earlier one."""
    month = 12 * date.max.year
    for bill in sorted((each for each in bills if each.plan == plan), key=lambda each: each.due_date)[::-1]:
        month = min(bill.due_date.year * 12 + bill.due_date.month, month - 1)
        yield SampleBill(
            plan=plan,
            coverage_month=f"{month // 12:04d}-{month % 12 + 1:02d}",
            amount_cents=bill.amount_cents,
            due_date=bill.due_date,
            first_payment=bill.first_payment,
            authorization_code=bill.code,
        )


def member_of(setup: Setup, today: date) -> SampleMember | None:
    """Return who calls in a run, None for nobody known. Raises `OperatorError` for an unknown name."""
    if setup.member is None:
        return None
    if setup.member == MADE_UP:
        return _made_up_member(setup.circumstances)
    members = demo_members(today)
    for member in members:
        if member.name == setup.member:
            return member
    known = ", ".join(member.name for member in members)
    raise OperatorError(f"no sample member is called {setup.member!r}: use one of {known}, or {MADE_UP}")


def prepare_demo(settings: MemberSettings, clock: Clock) -> None:
    """Migrate the database, load the sample members and banks; what is there already stays as it is."""
    with command_engine(settings) as engine:
        upgrade(engine)
        check_keys_of(engine, settings)
        with engine.begin() as db:
            today = clock.now().astimezone(settings.ivr_timezone).date()
            billed_at = clock.now() - _BILLED_BEFORE
            load_members(db, settings, demo_members(today), clock, billed_at=billed_at)
            with SAMPLE_DIRECTORY.open("rb") as directory:
                import_directory(db, clock.now(), directory, file_name=SAMPLE_DIRECTORY.name)
