"""The words of the flows of this line: every slot with its kind of speech, every field, every action."""

from __future__ import annotations

from ivr.actions.fields import FIELDS
from ivr.dialog.vocabulary import Action, Vocabulary
from ivr.languages.registry import KEYS

# Kinds of speech are those of `ivr.speech.values`; `secret` slots are kept sealed and never spoken.
SLOTS = {
    "call_date": "date",
    "support_phone": "phone",
    "support_hours": "hours",
    "keyed_id": "secret",
    "ssn_last4": "secret",
    "date_of_birth": "secret",
    "account_number": "secret",
    "account_number_again": "secret",
    "authorization_code": "secret",
    "member_id": "choice",
    "member_last4": "last4",
    "health_account": "choice",
    "dental_account": "choice",
    "channel": "choice",
    "recent_shown": "count",
    "recent_amount": "money",
    "recent_plan": "choice",
    "recent_at": "moment",
    "recent_confirmation": "confirmation",
    "waiting_shown": "count",
    "waiting_amount": "money",
    "waiting_plan": "choice",
    "waiting_date": "date",
    "waiting_confirmation": "confirmation",
    "returned_shown": "count",
    "returned_amount": "money",
    "returned_plan": "choice",
    "returned_date": "date",
    "returned_reason": "choice",
    "as_of": "moment",
    "plan": "choice",
    "billing_account": "choice",
    "total": "money",
    "past_due": "money",
    "current": "money",
    "due_date": "date",
    "past_due_date": "date",
    "keyed_amount": "money",
    "amount": "money",
    "account_type": "choice",
    "account_last4": "last4",
    "routing_number": "routing",
    "today": "date_year",
    "debit_date": "date_year",
    "cutoff": "moment",
    "words_heard": "choice",
    "confidence": "choice",
    "confirmation_number": "confirmation",
    "effective_date": "date_year",
    "pay_by": "date",
}

_VERIFIED = ("member_id", "member_last4", "health_account", "dental_account", "channel")
_TERMS = ("today", "debit_date", "cutoff")
_AUTHORIZED = ("confirmation_number", "effective_date")
_PAYING = (
    "member_id",
    "billing_account",
    "plan",
    "amount",
    "account_type",
    "routing_number",
    "account_number",
)

ACTIONS = {
    action.name: action
    for action in (
        Action("reach_person", {"open": (), "closed": ()}),
        Action(
            "verify_member",
            {"verified": _VERIFIED, "verified_more_time": _VERIFIED, "rejected": ()},
            needs=("keyed_id", "ssn_last4", "date_of_birth"),
            drops=("keyed_id", "ssn_last4", "date_of_birth"),
        ),
        Action(
            "next_recent_payment",
            {
                "payment": (
                    "recent_shown",
                    "recent_amount",
                    "recent_plan",
                    "recent_at",
                    "recent_confirmation",
                ),
                "none": (),
            },
            needs=("member_id",),
        ),
        Action(
            "next_waiting_payment",
            {
                "payment": (
                    "waiting_shown",
                    "waiting_amount",
                    "waiting_plan",
                    "waiting_date",
                    "waiting_confirmation",
                ),
                "none": (),
            },
            needs=("member_id",),
        ),
        Action(
            "next_returned_payment",
            {
                "returned": (
                    "returned_shown",
                    "returned_amount",
                    "returned_plan",
                    "returned_date",
                    "returned_reason",
                ),
                "call_us": ("returned_shown",),
                "none": (),
            },
            needs=("member_id",),
        ),
        Action("balance_as_of", {"bills": ("as_of",), "nothing": ()}, needs=("member_id",)),
        Action(
            "bill_balance",
            {
                "none": (),
                "paid": ("plan",),
                "waiting": ("plan",),
                "current": ("plan", "total", "due_date"),
                "past_due": ("plan", "past_due", "past_due_date"),
                "past_due_and_current": ("plan", "total", "past_due", "current", "due_date"),
            },
            needs=("member_id",),
            args={"plan": ("health", "dental")},
        ),
        Action(
            "choose_bill",
            {"health_and_dental": (), "health": (), "dental": (), "nothing": ()},
            needs=("member_id",),
        ),
        Action(
            "select_bill",
            {
                "one_amount": ("billing_account", "total", "pay_by"),
                "two_amounts": ("billing_account", "total", "past_due", "pay_by"),
                "first_payment": ("billing_account", "total", "pay_by"),
                "nothing": (),
            },
            needs=("member_id", "plan"),
        ),
        Action(
            "set_amount",
            {"ok": ("amount",)},
            needs=("total",),
            args={"amount": ("full", "past_due")},
            speaks={"full": "total", "past_due": "past_due"},
        ),
        Action(
            "check_amount",
            {"ok": ("amount",), "above_balance": (), "below_minimum": ()},
            needs=("keyed_amount", "total"),
        ),
        Action("check_day_limit", {"ok": (), "limit_reached": ()}, needs=("member_id",)),
        Action("check_same_today", {"ok": (), "same_today": ()}, needs=("billing_account", "amount")),
        Action(
            "bank_known",
            {"known": ("account_type", "account_last4", "routing_number", "account_number"), "unknown": ()},
        ),
        Action(
            "compare_account",
            {"same": ("account_last4",), "different": (), "blocked": ()},
            needs=("account_number", "account_number_again", "routing_number"),
            drops=("account_number_again",),
        ),
        Action("prepare_authorization", {"spoken": _TERMS, "bill_code": _TERMS}, needs=_PAYING),
        Action(
            "authorize_payment",
            {"authorized": _AUTHORIZED, "changed": (), "limit_reached": ()},
            needs=(*_PAYING, "total", "debit_date", "channel", "words_heard", "confidence"),
        ),
        Action(
            "authorize_with_code",
            {"authorized": _AUTHORIZED, "changed": (), "limit_reached": (), "wrong_code": ()},
            needs=(*_PAYING, "total", "debit_date", "channel", "authorization_code"),
            drops=("authorization_code",),
        ),
        Action(
            "tell_on_time",
            {"nothing": (), "in_time": (), "late": ()},
            needs=("amount", "total", "pay_by", "effective_date"),
        ),
    )
}

VOCABULARY = Vocabulary(
    slots=SLOTS,
    given=("call_date", "support_phone", "support_hours"),
    fields=FIELDS,
    actions=ACTIONS,
    language_keys=KEYS,
)
