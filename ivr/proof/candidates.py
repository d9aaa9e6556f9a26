"""What a proof of the flows tries: entries that bring out every verdict of every field, and what is possible.

Nothing here belongs to anyone. The entries of secret fields are canaries: found anywhere outside the sealed
slots, they show a leak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.actions.vocabulary import SLOTS
from ivr.dialog.vocabulary import Value
from ivr.languages.registry import SPOKEN
from ivr.proof.exploration import Answered, Consent
from ivr.speech.values import KINDS

_ACCOUNT = "8675309246813579"
_OWN_BILL = "740086753"

ENTRIES: Mapping[str, tuple[str, ...]] = {
    "member_id": ("400086753091", "740086754", "4000"),
    "ssn_last4": ("8642", "86"),
    "date_of_birth": ("12311958", "1231", "13311958"),
    "amount": ("4050", "00000000"),
    "routing_number": ("021000021", "0210", "021000020", "130000006", "512345678", _OWN_BILL),
    "account_number": (_ACCOUNT, "86", "4111111111111111", "021000021", _OWN_BILL),
    "account_number_again": (_ACCOUNT, "86"),
    "ready": ("1", "2"),
    "spoken_authorization": ("1",),
    "authorization_code": ("86753091", "86"),
}
OPEN_FIELDS = ("amount", "routing_number", "ready", "spoken_authorization")  # anybody may hear these
CANARIES = frozenset(
    entry
    for field, entries in ENTRIES.items()
    if field not in OPEN_FIELDS
    for entry in entries
    if len(entry) > 2 and entry not in {"021000021", _OWN_BILL}
)
WORDS: tuple[str, ...] = (
    "I authorize",
    *sorted({phrase for spoken in SPOKEN.values() for phrase in spoken.answers.phrases}),
    "perhaps later",
)
# The value of each slot that makes the longest speech.
VALUES: Mapping[str, Value] = {
    **{slot: KINDS[kind] for slot, kind in SLOTS.items() if kind != "secret"},
    "health_account": _OWN_BILL,
    "dental_account": _OWN_BILL,
    "plan": "health",
    "recent_plan": "health",
    "account_type": "checking",
    "channel": "sms",
    "words_heard": "I authorize",
    "confidence": "",
    "recent_shown": 1,
    "waiting_plan": "health",
    "waiting_shown": 1,
    "returned_plan": "health",
    "returned_reason": "not_authorized",
    "returned_shown": 1,
}
# What is asked of a payment: whose word it needs, what that word must have been given about, and what the
# caller takes away.
_TERMS = ("amount", "plan", "account_type", "account_last4", "debit_date")
_RECEIPT = ("confirmation_number",)
CONSENTS: Mapping[str, Consent] = {
    "authorize_payment": Consent(("words_heard", "confidence"), _TERMS, _RECEIPT),
    "authorize_with_code": Consent(("authorization_code",), _TERMS, _RECEIPT),
}
# Actions that give back what was keyed before, and cannot answer so when nothing was.
RECALLS: Mapping[str, str] = {"bank_known": "known"}
# The answer an ordinary call gets: what a shortest call shows where any would do.
ORDINARY: Mapping[str, str] = {
    "next_recent_payment": "none",
    "next_waiting_payment": "none",
    "next_returned_payment": "none",
    "bill_balance": "current",
    "reach_person": "closed",
}


def possible(answered: Sequence[Answered], action: str, outcome: str) -> bool:
    """Tell whether an action can answer so after what was `answered` in the same turn.

    Balances are read once a turn, so what is said of the bills and what can be chosen agree.
    """
    bills = {each.args["plan"]: each.outcome for each in answered if each.action == "bill_balance"}
    known = {(each.action, each.outcome) for each in answered}
    if action == "bill_balance":
        return outcome != "none" or "none" not in bills.values()
    if action == "choose_bill":
        if ("balance_as_of", "nothing") in known:
            return outcome == "nothing"
        if len(bills) == 2:
            owed = [plan for plan in ("health", "dental") if bills[plan] not in {"none", "paid", "waiting"}]
            return outcome == ("_and_".join(owed) or "nothing")
    return True
