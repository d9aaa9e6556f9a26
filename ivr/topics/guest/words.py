"""Paying for somebody else: whose bill, who pays, the terms by text message, cancelling such a payment."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Final

from ivr.base.plans import PLANS
from ivr.dialog.definition import KEY_AGENT, KEY_REPEAT
from ivr.dialog.vocabulary import Action, Consent, Field, Match, Meant, NoMatch, Slots
from ivr.languages.answers import AGENT, REPEAT
from ivr.languages.registry import SPOKEN
from ivr.members.facts import phone_on_file
from ivr.topics.authorization.words import AUTHORIZED, CONFIDENCE_MIN, CONSENTED, FAULTS, RECEIPT, TERMS
from ivr.topics.masks import as_it_is, given_shape
from ivr.topics.topic import Slot, Topic
from ivr.topics.verification.words import OWN_BILL, born

HOUSE_DIGITS_MAX: Final = 6
NUMBER_DIGITS: Final = 11  # of a confirmation number
NAME_LETTERS_MAX: Final = 44  # a record holds 22 and is cut there; the name that was said is kept whole
WORDS_MAX: Final = 5
NOTHING_TOLD: Final = "nothing"  # no bill was told yet

_SAMPLE_NAME: Final = "Joanna Quillfeather"
_MOBILE: Final = "6175559753"
_OTHER_MOBILE: Final = "6175559754"
# What people say before their name and after it, as the spelling below has it.
_BEFORE: Final = re.compile(
    r"\A(?:MY NAME IS|THE NAME IS|THIS IS|IT IS|ITS|I AM|IM|MI NOMBRE ES|ME LLAMO|SOY) "
)
_AFTER: Final = re.compile(r" (?:PLEASE|GA|SK|POR FAVOR)\Z")
_NAME: Final = re.compile(r"[A-Z]+(?: [A-Z]+)+")

_FACTS = ("keyed_id", "member_birth", "keyed_zip", "keyed_house")
_PAYER = ("payer_name", "payer_mobile")
_BILL = ("plan", "total", "guest_due", "guest_account")


def spoken_name(words: str) -> str:
    """Return a name as the bank's file and its spelling have it: capitals A to Z, single blanks.

    Empty for what is no first and last name, or is longer than names are.
    """
    letters = unicodedata.normalize("NFKD", words.replace("'", "").replace("\u2019", "")).upper()
    marked = "".join(each for each in letters if unicodedata.category(each) != "Mn")
    name = " ".join("".join(each if each.isalnum() else " " for each in marked).split())
    name = _AFTER.sub("", _BEFORE.sub("", name))
    parts = name.split()
    fits = len(name) <= NAME_LETTERS_MAX
    is_name = _NAME.fullmatch(name) and len(parts) <= WORDS_MAX and any(len(part) > 1 for part in parts)
    return name if fits and is_name else ""


def hear_name(words: str, confidence: float | None, language: str, pace: str) -> Match | NoMatch | Meant:
    """Judge what was said for a name; `confidence` is the recognizer's, None where it gave none."""
    meaning = SPOKEN[language].answers.means(words, pace)
    if meaning in {REPEAT, AGENT}:
        return Meant(KEY_REPEAT if meaning == REPEAT else KEY_AGENT, meaning)
    name = "" if confidence is not None and confidence < CONFIDENCE_MIN else spoken_name(words)
    return Match({"payer_name": name}, "heard") if name else NoMatch("name")


def _key_is_no_name(_digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> NoMatch:
    return NoMatch("name")


def _member_birth(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return born(digits, slots) or Match({"member_birth": digits})


def _house(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if 0 < len(digits) <= HOUSE_DIGITS_MAX and digits.strip("0"):
        return Match({"keyed_house": digits})
    return NoMatch("house")


def _mobile(slot: str, digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    number = phone_on_file(digits)
    return Match({slot: number}) if number else NoMatch("phone")


def _payment_number(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match({"cancel_number": digits}) if len(digits) == NUMBER_DIGITS else NoMatch("length")


def _compare_mobile(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    return "same" if slots["payer_mobile"] == slots["payer_mobile_again"] else "different", {}


GUEST = Topic(
    slots=(
        Slot("member_birth", "secret"),
        Slot("keyed_house", "secret"),
        Slot("guest_member_id", "choice", given_shape, ("408600000101",)),
        Slot("guest_last4", "last4"),
        Slot("guest_told", "choice", as_it_is, (NOTHING_TOLD, *PLANS)),
        Slot("guest_due", "date"),
        Slot("guest_account", "choice", given_shape, (OWN_BILL,)),
        Slot("payer_name", "spelled"),
        Slot("payer_mobile", "secret", samples=("+1" + _MOBILE,)),
        Slot("payer_mobile_again", "secret", samples=("+1" + _MOBILE,)),
        Slot("cancel_number", "secret"),
    ),
    fields=(
        Field(
            "member_birth",
            _member_birth,
            ("member_birth",),
            ("length", "date"),
            num_digits=8,
            secret=True,
            samples={"": "12301958", "length": "1230", "date": "13301958"},
        ),
        Field(
            "house_number",
            _house,
            ("keyed_house",),
            ("house",),
            "lookup",
            secret=True,
            samples={"": "97531", "house": "9753186"},
        ),
        Field(
            "payer_name",
            _key_is_no_name,
            ("payer_name",),
            ("name",),
            num_digits=1,
            results=("heard",),
            hear=hear_name,
            samples={"name": "1"},
            said=(_SAMPLE_NAME,),
        ),
        *(
            Field(
                name,
                partial(_mobile, f"payer_{name}"),
                (f"payer_{name}",),
                ("phone",),
                num_digits=10,
                secret=True,
                samples={"": _MOBILE, "phone": "1175559753"},
            )
            for name in ("mobile", "mobile_again")
        ),
        Field(
            "payment_number",
            _payment_number,
            ("cancel_number",),
            ("length",),
            "lookup",
            num_digits=NUMBER_DIGITS,
            secret=True,
            samples={"": "86753097531", "length": "97530"},
        ),
    ),
    actions=(
        Action("texts_go_out", {"yes": (), "no": ()}, ordinary="yes"),
        Action(
            "find_member",
            {"found": ("guest_member_id", "guest_last4", "guest_told"), "rejected": ()},
            needs=_FACTS,
            drops=_FACTS,
            ordinary="found",
            keyed={"rejected": "97530#"},
        ),
        Action(
            "next_guest_bill",
            {"bill": ("guest_told", *_BILL), "first_payment": ("guest_told", *_BILL), "no_more": ()},
            needs=("guest_member_id", "guest_told"),
        ),
        Action("name_again", {"again": ()}, answer=lambda _slots, _args: ("again", {})),
        Action(
            "compare_mobile",
            {"same": (), "different": ()},
            needs=("payer_mobile", "payer_mobile_again"),
            drops=("payer_mobile_again",),
            answer=_compare_mobile,
            keyed={"different": _OTHER_MOBILE},
        ),
        Action("prepare_guest", {"ready": TERMS}, needs=("guest_member_id", "guest_account", *_PAYER)),
        Action(
            "authorize_guest",
            {"authorized": AUTHORIZED, "changed": (), "limit_reached": ()},
            needs=(
                "guest_member_id",
                "guest_account",
                *_PAYER,
                "plan",
                "total",
                "amount",
                "account_type",
                "routing_number",
                "account_number",
                "debit_date",
                "words_heard",
                "confidence",
            ),
            drops=("account_number", *_PAYER),
            consent=Consent(("words_heard", "confidence"), CONSENTED, RECEIPT),
            faults=FAULTS,
        ),
        Action(
            "cancel_guest_payment",
            {"cancelled": (), "rejected": (), "too_late": ()},
            needs=("cancel_number", "payer_mobile"),
            drops=("cancel_number", "payer_mobile"),
        ),
    ),
)
