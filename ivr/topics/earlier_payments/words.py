"""Payments made: those that are told unasked, and the last twelve months', of which one can be cancelled."""

from __future__ import annotations

from ivr.base.plans import PLANS
from ivr.dialog.vocabulary import Action
from ivr.topics.masks import as_it_is
from ivr.topics.topic import Slot, Topic

# Deaths, frozen accounts, sanctions: nothing that a machine should explain.
FOR_AN_AGENT = frozenset({"R14", "R15", "R16", "R90"})

# Made by a guest: its member hears neither of whom nor of whose bank.
FOR_YOU = "for_you"

_REASONS = ("not_authorized", "insufficient_funds", "account_closed", "stopped", "other")


def _told(payment: str, *more: Slot) -> tuple[Slot, ...]:
    return (
        Slot(f"{payment}_shown", "count", samples=(1,)),
        Slot(f"{payment}_amount", "money"),
        Slot(f"{payment}_plan", "choice", as_it_is, tuple(PLANS)),
        *more,
    )


_RECENT = _told("recent", Slot("recent_at", "moment"), Slot("recent_confirmation", "confirmation"))
_WAITING = _told("waiting", Slot("waiting_date", "date"), Slot("waiting_confirmation", "confirmation"))
_RETURNED = _told(
    "returned",
    Slot("returned_date", "date"),
    Slot("returned_reason", "choice", as_it_is, (*_REASONS, FOR_YOU)),
)
# As `ivr.payments.history.Stands` has them.
STANDS = ("planned", "on_hold", "at_bank", "went_through", "given_back", "came_back", "cancelled")
_MADE = _told(
    "made",
    Slot("made_stands", "choice", as_it_is, STANDS),
    Slot("made_date", "date"),
    Slot("made_debit_date", "date"),
    Slot("made_number", "confirmation"),
)
_MADE_FOR_YOU = tuple(slot for slot in _MADE if slot.name not in {"made_debit_date", "made_number"})
_MADE_REASON = Slot("made_reason", "choice", as_it_is, _REASONS)


def _names(slots: tuple[Slot, ...]) -> tuple[str, ...]:
    return tuple(slot.name for slot in slots)


EARLIER_PAYMENTS = Topic(
    slots=(*_RECENT, *_WAITING, *_RETURNED, *_MADE, _MADE_REASON),
    actions=(
        Action(
            "next_recent_payment",
            {"payment": _names(_RECENT), "none": ()},
            needs=("member_id",),
            ordinary="none",
        ),
        Action(
            "next_waiting_payment",
            {"payment": _names(_WAITING), "none": ()},
            needs=("member_id",),
            ordinary="none",
        ),
        Action(
            "next_returned_payment",
            {"returned": _names(_RETURNED), "call_us": ("returned_shown",), "none": ()},
            needs=("member_id",),
            ordinary="none",
        ),
        Action(
            "list_payments_made",
            {"some": ("made_shown",), "none": ()},
            needs=("member_id",),
        ),
        Action(
            "next_payment_made",
            {
                "waits": _names(_MADE),
                "done": _names(_MADE),
                "came_back": (*_names(_MADE), _MADE_REASON.name),
                FOR_YOU: _names(_MADE_FOR_YOU),
                "call_us": ("made_shown",),
                "no_more": (),
            },
            needs=("member_id", "made_shown"),
        ),
        Action(
            "cancel_payment",
            {"cancelled": (), "too_late": ()},
            needs=("member_id", "made_number"),
            faults={"too_late": "cutoff_passes"},
        ),
    ),
)
