"""Who is calling: the facts that a member keys, and what is known of the member who gave them."""

from __future__ import annotations

from datetime import date

from ivr.base.plans import PLANS
from ivr.dialog.vocabulary import WITHOUT_POUND, Action, Field, Match, NoMatch, Slots
from ivr.members.facts import BIRTH_YEAR_MIN, MEMBER_ID_DIGITS, ZIP_DIGITS, phone_on_file
from ivr.topics.masks import as_it_is, given_shape
from ivr.topics.topic import Slot, Topic

BILLING_ACCOUNT_DIGITS = 9
BORN, WHOLE_SSN = "born", "whole_ssn"
_LEFT_OF_AN_SSN = (4, 5)  # of nine, one is lost between two questions
OWN_BILL = "740086753"

_NEEDED = ("keyed_id", "date_of_birth")  # the rest is one way or the other
_FACTS = (*_NEEDED, "ssn_last4", "keyed_account", "keyed_zip")
_MONTHS = frozenset(f"{month:02d}" for month in range(1, 13))
_VERIFIED = ("member_id", "member_last4", *(plan.account_slot for plan in PLANS.values()), "channel")


def _member_id(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if len(digits) == MEMBER_ID_DIGITS or _is_billing_account(digits) or phone_on_file(digits):
        return Match({"keyed_id": digits})
    return NoMatch("member-id")


def _is_billing_account(digits: str) -> bool:
    return len(digits) == BILLING_ACCOUNT_DIGITS and digits[0] == "7"


def _own_account(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match({"keyed_account": digits}) if _is_billing_account(digits) else NoMatch("own-account")


def _zip(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match({"keyed_zip": digits}) if len(digits) == ZIP_DIGITS else NoMatch("length")


def _ssn_last4(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match({"ssn_last4": digits}) if len(digits) == 4 else NoMatch("length")


def _date_of_birth(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """MMDDYYYY, a day of the calendar, not after today.

    Whoever keys all nine digits of an SSN leaves the last of them here: the line took the first four.
    """
    if len(digits) in _LEFT_OF_AN_SSN and "ssn_last4" in slots and digits[:2] not in _MONTHS:
        return Match(result=WHOLE_SSN)
    judged = born(digits, slots)
    return judged or Match({"date_of_birth": digits}, BORN)


def born(digits: str, slots: Slots) -> NoMatch | None:
    """Return why digits (MMDDYYYY) cannot be a birth date, or None."""
    if len(digits) != 8:
        return NoMatch("length")
    try:
        born = date(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
    except ValueError:
        return NoMatch("date")
    if born.year < BIRTH_YEAR_MIN or born > date.fromisoformat(str(slots["call_date"])):
        return NoMatch("date")
    return None


VERIFICATION = Topic(
    slots=(
        Slot("call_date", "date", is_given=True),
        Slot("keyed_id", "secret"),
        Slot("ssn_last4", "secret"),
        Slot("date_of_birth", "secret"),
        Slot("keyed_account", "secret"),
        Slot("keyed_zip", "secret"),
        Slot("member_id", "choice", given_shape, ("408600000101",)),
        Slot("member_last4", "last4"),
        *(Slot(plan.account_slot, "choice", given_shape, (OWN_BILL,)) for plan in PLANS.values()),
        Slot("channel", "choice", as_it_is, ("sms", "email", "letter")),
    ),
    fields=(
        Field(
            "member_id",
            _member_id,
            ("keyed_id",),
            ("member-id", WITHOUT_POUND),
            "lookup",
            num_digits=MEMBER_ID_DIGITS,
            secret=True,
            samples={"": "400086753091", WITHOUT_POUND: "740086754", "member-id": "1357"},
            is_fact=True,
        ),
        Field(
            "ssn_last4",
            _ssn_last4,
            ("ssn_last4",),
            ("length",),
            num_digits=4,
            secret=True,
            samples={"": "8642", "length": "86"},
            is_fact=True,
        ),
        Field(
            "date_of_birth",
            _date_of_birth,
            ("date_of_birth",),
            ("length", "date"),
            num_digits=8,
            secret=True,
            results=(BORN, WHOLE_SSN),
            samples={"": "12311958", "length": "1231", "date": "13311958", WHOLE_SSN: "9753"},
            is_fact=True,
        ),
        Field(
            "own_account",
            _own_account,
            ("keyed_account",),
            ("own-account",),
            "lookup",
            num_digits=BILLING_ACCOUNT_DIGITS,
            secret=True,
            samples={"": "740086755", "own-account": "8642"},
        ),
        Field(
            "zip",
            _zip,
            ("keyed_zip",),
            ("length",),
            num_digits=ZIP_DIGITS,
            secret=True,
            samples={"": "02186", "length": "864"},
            is_fact=True,
        ),
    ),
    actions=(
        Action(
            "verify_member",
            {"verified": _VERIFIED, "verified_more_time": _VERIFIED, "rejected": ()},
            needs=_NEEDED,
            drops=_FACTS,
            keyed={"rejected": "01011901"},
        ),
        Action("keyed_whole_ssn", {"again": ()}, answer=lambda _slots, _args: ("again", {})),
    ),
)
