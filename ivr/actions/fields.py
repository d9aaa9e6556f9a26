"""The fields a caller can be asked for, and how each judges an entry: digits and slots in, verdict out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date

from ivr.ach.account_numbers import account_number_fault, card_number_like
from ivr.ach.routing_numbers import routing_number_fault
from ivr.dialog.vocabulary import WITHOUT_POUND, Field, Match, NoMatch, Slots
from ivr.languages.language import NO, YES
from ivr.languages.registry import SPOKEN
from ivr.members.births import BIRTH_YEAR_MIN

MEMBER_ID_DIGITS = 12
BILLING_ACCOUNT_DIGITS = 9
AMOUNT_DIGITS_MAX = 7
ACCOUNT_DIGITS_MAX = 17
CODE_DIGITS = (4, 12)
CONFIDENCE_MIN = 0.5


def normalized(words: str) -> str:
    """Return what was heard in lower case, without punctuation, single-spaced."""
    folded = unicodedata.normalize("NFC", words).casefold()
    letters = "".join(" " if unicodedata.category(each)[0] in "PZC" else each for each in folded)
    return " ".join(letters.split())


def hear_authorization(words: str, confidence: float | None, language: str, pace: str) -> Match | NoMatch:
    """Judge a spoken answer: a yes, a no, or neither.

    `confidence` is the recognizer's, 0 to 1, None where it gave none.
    """
    heard = normalized(words)
    answers = SPOKEN[language].answers
    if confidence is not None and confidence < CONFIDENCE_MIN:
        return NoMatch("not-yes-or-no")
    if heard in answers.no:
        return Match(result=NO)
    if heard in answers.yes and (pace != "relay" or answers.relay_word in heard.split()):
        return Match(
            {"words_heard": words.strip(), "confidence": "" if confidence is None else f"{confidence:.3f}"},
            YES,
        )
    return NoMatch("not-yes-or-no")


def _key_is_not_speech(_digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> NoMatch:
    return NoMatch("key-pressed")


def _member_id(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    is_billing_account = len(digits) == BILLING_ACCOUNT_DIGITS and digits[0] == "7"
    if len(digits) == MEMBER_ID_DIGITS or is_billing_account:
        return Match({"keyed_id": digits})
    return NoMatch("member-id")


def _ssn_last4(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match({"ssn_last4": digits}) if len(digits) == 4 else NoMatch("length")


def _date_of_birth(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """MMDDYYYY, a day of the calendar, not after today."""
    if len(digits) != 8:
        return NoMatch("length")
    try:
        born = date(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
    except ValueError:
        return NoMatch("date")
    if born.year < BIRTH_YEAR_MIN or born > date.fromisoformat(str(slots["call_date"])):
        return NoMatch("date")
    return Match({"date_of_birth": digits})


def _amount(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if len(digits) > AMOUNT_DIGITS_MAX or not digits or int(digits) == 0:
        return NoMatch("amount")
    return Match({"keyed_amount": int(digits)})


def _own_billing_account(digits: str, slots: Slots) -> bool:
    return digits in {slots.get("health_account"), slots.get("dental_account")}


def _routing_number(digits: str, slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    if _own_billing_account(digits, slots):
        return NoMatch("billing-account")
    fault = routing_number_fault(digits)
    return NoMatch(fault.replace("_", "-")) if fault else Match({"routing_number": digits})


def _account_number(digits: str, slots: Slots, reasons: tuple[str, ...]) -> Match | NoMatch:
    """Judge an account number; one like a card's is asked for once more, then taken: some do look so."""
    if account_number_fault(digits):
        return NoMatch("account-length")
    if digits == slots.get("routing_number"):
        return NoMatch("account-is-routing")
    if _own_billing_account(digits, slots):
        return NoMatch("account-is-billing-account")
    if card_number_like(digits) and "card" not in reasons:
        return NoMatch("card")
    return Match({"account_number": digits})


def _account_number_again(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """Judge the second entry by its length only; it is compared silently afterwards."""
    fault = account_number_fault(digits)
    return NoMatch("account-length") if fault else Match({"account_number_again": digits})


def _ready(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match() if digits == "1" else NoMatch("not-a-choice")


def _authorization_code(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    shortest, longest = CODE_DIGITS
    return Match({"authorization_code": digits}) if shortest <= len(digits) <= longest else NoMatch("code")


FIELDS: Mapping[str, Field] = {
    entry.name: entry
    for entry in (
        Field(
            "member_id",
            _member_id,
            ("keyed_id",),
            ("member-id", WITHOUT_POUND),
            "lookup",
            num_digits=MEMBER_ID_DIGITS,
            secret=True,
        ),
        Field("ssn_last4", _ssn_last4, ("ssn_last4",), ("length",), num_digits=4, secret=True),
        Field(
            "date_of_birth", _date_of_birth, ("date_of_birth",), ("length", "date"), num_digits=8, secret=True
        ),
        Field("amount", _amount, ("keyed_amount",), ("amount",)),
        Field(
            "routing_number",
            _routing_number,
            ("routing_number",),
            ("length", "check-digit", "prefix", "deposit-slip", "billing-account"),
            "lookup",
            num_digits=9,
        ),
        Field(
            "account_number",
            _account_number,
            ("account_number",),
            ("account-length", "card", "account-is-routing", "account-is-billing-account"),
            "lookup",
            secret=True,
        ),
        Field(
            "account_number_again",
            _account_number_again,
            ("account_number_again",),
            ("account-length",),
            "lookup",
            secret=True,
        ),
        Field("ready", _ready, (), ("not-a-choice",), "fetch", num_digits=1),
        Field(
            "spoken_authorization",
            _key_is_not_speech,
            ("words_heard", "confidence"),
            ("not-yes-or-no", "key-pressed"),
            results=(YES, NO),
            hear=hear_authorization,
            hints={tag: ",".join(spoken.answers.phrases) for tag, spoken in SPOKEN.items()},
        ),
        Field(
            "authorization_code",
            _authorization_code,
            ("authorization_code",),
            ("code",),
            "lookup",
            secret=True,
        ),
    )
}
