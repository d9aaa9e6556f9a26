"""The authorization: the terms, the yes or the code, the payment, and whether it is in time."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialog.definition import KEY_AGENT, KEY_REPEAT
from ivr.dialog.vocabulary import Action, Consent, Field, Judge, Match, Meant, NoMatch, Slots
from ivr.languages.answers import AGENT, ALMOST, MIXED, NO, NOT_OWN, REPEAT, UNCLEAR, YES
from ivr.languages.registry import SPOKEN
from ivr.topics.masks import given_shape
from ivr.topics.topic import Slot, Topic

CODE_DIGITS = (4, 12)
CONFIDENCE_MIN = 0.5

TERMS = ("today", "debit_date", "cutoff")
AUTHORIZED = ("confirmation_number", "effective_date")
_PAYING = (
    "member_id",
    "billing_account",
    "plan",
    "amount",
    "account_type",
    "routing_number",
    "account_number",
)
# What is asked of a payment: what the caller's word must have been given about, and what is told then.
CONSENTED = ("amount", "plan", "account_type", "account_last4", "debit_date")
RECEIPT = ("confirmation_number",)
FAULTS = {"changed": "paid_elsewhere", "limit_reached": "limit_elsewhere"}
_CODE = "408215#"
CODE = "code"


_KEYS = {REPEAT: KEY_REPEAT, AGENT: KEY_AGENT}


def hear_authorization(
    words: str, confidence: float | None, language: str, pace: str
) -> Match | NoMatch | Meant:
    """Judge a spoken answer: yes, no, the account of another, a word that means a key, or none of them.

    `confidence` is the recognizer's, 0 to 1, None where it gave none.
    """
    if confidence is not None and confidence < CONFIDENCE_MIN:
        return NoMatch(UNCLEAR)
    meaning = SPOKEN[language].answers.means(words, pace)
    if meaning == YES:
        told = "" if confidence is None else f"{confidence:.3f}"
        return Match({"words_heard": words.strip(), "confidence": told}, YES)
    if meaning in {NO, NOT_OWN}:
        return Match(result=meaning)
    if meaning in _KEYS:
        return Meant(_KEYS[meaning], meaning)
    return NoMatch(meaning, counted=meaning != MIXED)


def _key_is_not_speech(_digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> NoMatch:
    return NoMatch("key-pressed")


def _code_instead(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    """1 asks for the code on the bill instead of a voice."""
    return Match(result=CODE) if digits == "1" else NoMatch("not-a-choice")


def _ready(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    return Match() if digits == "1" else NoMatch("not-a-choice")


def _authorization_code(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    shortest, longest = CODE_DIGITS
    return Match({"authorization_code": digits}) if shortest <= len(digits) <= longest else NoMatch("code")


def _payment_made(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    """Return whether a payment was made in this call: its number came with it, in the same transaction."""
    return "made" if "confirmation_number" in slots else "none", {}


def _first_payment(slots: Slots, _args: Mapping[str, str]) -> tuple[str, Slots]:
    return "first" if slots.get("is_first") == "yes" else "other", {}


def _spoken(name: str, judge: Judge, samples: Mapping[str, str]) -> Field:
    """Return a field that hears the yes; `samples` are the keys that it judges, by result or reason."""
    phrases = (
        words
        for spoken in SPOKEN.values()
        for words in (*spoken.answers.samples.values(), spoken.answers.says_yes)
    )
    return Field(
        name,
        judge,
        ("words_heard", "confidence"),
        (UNCLEAR, ALMOST, MIXED, *(each for each in samples if each != CODE)),
        num_digits=1,
        results=(YES, NO, NOT_OWN, *(each for each in samples if each == CODE)),
        hear=hear_authorization,
        hints={tag: ",".join(spoken.answers.phrases) for tag, spoken in SPOKEN.items()},
        samples=samples,
        said=tuple(dict.fromkeys(phrases)),
    )


AUTHORIZATION = Topic(
    slots=(
        Slot("today", "date_year"),
        Slot("debit_date", "date_year"),
        Slot("cutoff", "moment"),
        Slot("words_heard", "choice", given_shape, ("I authorize",)),
        Slot("confidence", "choice", given_shape, ("",)),
        Slot("authorization_code", "secret"),
        Slot("confirmation_number", "confirmation"),
        Slot("effective_date", "date_year"),
    ),
    fields=(
        # Calls that began on a version of before still ask it.
        Field(
            "ready",
            _ready,
            (),
            ("not-a-choice",),
            "fetch",
            num_digits=1,
            samples={"": "1", "not-a-choice": "2"},
        ),
        _spoken("spoken_authorization", _key_is_not_speech, {"key-pressed": "1"}),
        _spoken("spoken_or_coded_authorization", _code_instead, {CODE: "1", "not-a-choice": "2"}),
        Field(
            "authorization_code",
            _authorization_code,
            ("authorization_code",),
            ("code",),
            "lookup",
            secret=True,
            samples={"": "86753091", "code": "86"},
        ),
    ),
    actions=(
        Action(
            "prepare_authorization",
            {"spoken": TERMS, "bill_code": TERMS, "either": TERMS},
            needs=(*_PAYING, "channel", "pay_day"),
        ),
        Action(
            "authorize_payment",
            {"authorized": AUTHORIZED, "changed": (), "limit_reached": ()},
            needs=(*_PAYING, "total", "debit_date", "channel", "words_heard", "confidence"),
            consent=Consent(("words_heard", "confidence"), CONSENTED, RECEIPT),
            faults=FAULTS,
        ),
        Action(
            "authorize_with_code",
            {"authorized": AUTHORIZED, "changed": (), "limit_reached": (), "wrong_code": ()},
            needs=(*_PAYING, "total", "debit_date", "channel", "authorization_code"),
            drops=("authorization_code",),
            consent=Consent(("authorization_code",), CONSENTED, RECEIPT),
            keyed={"authorized": _CODE, "changed": _CODE, "limit_reached": _CODE, "wrong_code": "408216#"},
            faults=FAULTS,
        ),
        Action("payment_made", {"made": (), "none": ()}, answer=_payment_made),
        Action("tell_first_payment", {"other": (), "first": ()}, needs=("is_first",), answer=_first_payment),
        Action("tell_receipt", {"texted": (), "nothing": ()}, faults={"texted": "text_accepted"}),
        Action(
            "tell_on_time",
            {"nothing": (), "in_time": (), "late": ()},
            needs=("amount", "total", "pay_by", "pay_day", "effective_date"),
        ),
    ),
)
