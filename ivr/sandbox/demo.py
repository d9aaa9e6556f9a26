"""What a demo tells whoever tries it: who three sample members are, what they owe, and what to key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.base.clock import Clock
from ivr.base.money import format_amount
from ivr.base.settings import Settings
from ivr.billing.ledger import balances
from ivr.billing.samples import SAMPLE_ZIP_CODE, SampleMember, demo_member
from ivr.languages.answers import YES
from ivr.languages.registry import LANGUAGES, SPOKEN
from ivr.start import ready_database
from ivr.topics.bank.words import SAMPLE_ROUTING_NUMBER

SHOWN: Final = ("demo.health_and_dental", "demo.extra_time", "demo.spanish")
SAMPLE_ACCOUNT_NUMBER: Final = "1234567890"

_WIDTHS: Final = (28, 17)


def describe(settings: Settings, clock: Clock) -> str:
    """Return what is printed: who the three sample members are, what they owe now, and what to key."""
    today = clock.now().astimezone(settings.ivr_timezone).date()
    members = [demo_member(name, today) for name in SHOWN]
    with ready_database(settings) as engine, engine.connect() as db:
        owed = [
            {each.plan: each.balance_cents for each in balances(db, member.member_id, today)}
            for member in members
        ]
    lines = ["", "Three sample members:", ""]
    lines += [f"  {_about(member, cents)}" for member, cents in zip(members, owed, strict=True)]
    lines += ["", _row("The line asks", [member.first_name for member in members]), ""]
    columns = [steps(member) for member in members]
    lines += [_row(question, [column[question] for column in columns]) for question in columns[0]]
    return "\n".join([*lines, "", _guest(members[0], settings.demo_texts), ""])


def _guest(member: SampleMember, texts: Path) -> str:
    """Say what somebody keys who pays for a member, and where the demo's text messages are."""
    bill = (member.member_id, member.date_of_birth_keyed, SAMPLE_ZIP_CODE, f"{member.house_number}#")
    return (
        f"Who pays for {member.first_name} keys 3 and 1, then what is on the bill: {', '.join(bill)}."
        f"\nThe demo's text messages are files in {texts}."
    )


def steps(member: SampleMember) -> Mapping[str, str]:
    """Return what a sample member who owes something does to pay in full: what the line asks -> the answer.

    Digits, `#` included, are keyed; "say yes" is spoken; nothing means that the member is not asked.
    """
    owing = {bill.plan for bill in member.bills if bill.amount_cents}
    return {
        "language": LANGUAGES[member.language].key,
        "main menu: hear, pay": "1",
        "member ID": member.member_id,
        "last four of the SSN": member.ssn_last4,
        "date of birth": member.date_of_birth_keyed,
        "which bill: health": "2" if len(owing) > 1 else "",
        "how much: all of it": "1",
        "a checking account": "1",
        "routing number": SAMPLE_ROUTING_NUMBER,
        "read back: it is right": "1",
        "account number": f"{SAMPLE_ACCOUNT_NUMBER}#",
        "account number again": f"{SAMPLE_ACCOUNT_NUMBER}#",
        "do you authorize it?": f"say {SPOKEN[member.language].answers.says(YES, 'voice')}",
    }


def _row(question: str, answers: Sequence[str]) -> str:
    first, others = _WIDTHS
    return f"  {question:<{first}}{''.join(f'{answer:<{others}}' for answer in answers)}".rstrip()


def _about(member: SampleMember, owed_cents: Mapping[str, int]) -> str:
    parts = [f"${format_amount(cents)} for {plan}" for plan, cents in owed_cents.items() if cents]
    sentence = f"{member.first_name} {member.last_name} owes {' and '.join(parts) or 'nothing any more'}."
    if member.extra_time:
        sentence += " Has more time: the line waits longer."
    if member.language == "es-US":
        sentence += " Speaks Spanish."
    return sentence
