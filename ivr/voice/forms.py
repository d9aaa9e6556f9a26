"""From Twilio's form to what the dialog understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from ivr.dialog.engine import Input, Keys, Silence, Speech, TransferEnded

DIGITS_MAX = 64
WORDS_MAX = 500
CALLERS_KEPT_MAX = 512
CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ().-]*")
_NO_KEY = re.compile(r"[^0-9*]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")

# What carriers send when a number is withheld, as words and as the words spelled on a keypad. They are looked
# up before anything parses them: some would pass for numbers in Lesotho or China.
WITHHELD = frozenset(
    {
        "anonymous",
        "unknown",
        "restricted",
        "unavailable",
        "blocked",
        "private",
        "+266696687",  # ANONYMOUS
        "+86282452253",  # UNAVAILABLE
        "+8656696",  # UNKNOWN
        "+2562533",  # BLOCKED
        "+7378742833",  # RESTRICTED
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose number the call shows: `number` with E.164, `withheld`, or `other` (SIP, client, unreadable).

    Never an identity: relay centres, shelters and clinics share one number among thousands.
    """

    kind: str
    number: str = ""


@lru_cache(CALLERS_KEPT_MAX)
def read_caller(shown: str) -> Caller:
    """Read the `From` parameter; every turn of a call brings it again."""
    bare = shown.strip().lower()
    if not bare or bare in WITHHELD or f"+{bare}" in WITHHELD:
        return Caller("withheld")
    if _TELEPHONE.fullmatch(bare) is None:
        return Caller("other")  # the digits of client:1234567890 are nobody's number
    try:
        number = phonenumbers.parse(bare, "US")
    except phonenumbers.NumberParseException:
        return Caller("other")
    if not phonenumbers.is_possible_number(number):
        return Caller("other")
    return Caller("number", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def agent_answered(form: Mapping[str, str]) -> bool:
    """Tell from the parameters of a Dial's action whether the agent called has answered."""
    return form.get("DialCallStatus") in {"completed", "answered"}


def read_input(form: Mapping[str, str], *, transferring: bool) -> Input:
    """Read what the caller did from the parameters of a Gather's action.

    `transferring`: of a Dial's, or of the Gather before it, which has digits or makes no request.
    """
    if transferring and ("DialCallStatus" in form or not form.get("Digits")):
        return TransferEnded("completed" if agent_answered(form) else "failed")
    words = _CONTROLS.sub(" ", form.get("SpeechResult", "")).strip()
    if words:
        return Speech(words[:WORDS_MAX], _confidence(form.get("Confidence", "")))
    digits = form.get("Digits", "")
    finished = form.get("FinishedOnKey") == "#"
    if not digits and not finished:
        return Silence()
    # A, B, C and D are tones too; like a star they spoil the entry they stand in.
    return Keys(_NO_KEY.sub("*", digits[:DIGITS_MAX]), finished)


def _confidence(text: str) -> float | None:
    """Read how sure the recognizer is, 0 to 1; None where it does not say.

    Google's recognizers send 0 where they set none (its reference says so of `confidence`), and Twilio passes
    it on.
    """
    try:
        confidence = float(text)
    except ValueError:
        return None
    return confidence if 0.0 < confidence <= 1.0 else None
