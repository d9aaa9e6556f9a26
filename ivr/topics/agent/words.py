"""Reaching an agent: whether somebody answers now, and being called back when nobody does."""

from __future__ import annotations

from ivr.dialog.vocabulary import Action, Field, Match, NoMatch, Slots
from ivr.members.facts import phone_on_file
from ivr.topics.masks import as_it_is
from ivr.topics.topic import Slot, Topic

PHONE_DIGITS = 10


def _phone(digits: str, _slots: Slots, _reasons: tuple[str, ...]) -> Match | NoMatch:
    number = phone_on_file(digits)
    return Match({"callback_phone": number}) if number else NoMatch("phone")


AGENT = Topic(
    slots=(
        Slot("support_phone", "phone", is_given=True),
        Slot("support_hours", "hours", is_given=True),
        Slot("told_closed", "choice", as_it_is, ("yes",)),
        Slot("callback_phone", "secret", samples=("+16175559864",)),
        Slot("callback_part", "choice", as_it_is, ("morning", "afternoon")),
        Slot("callback_date", "date"),
    ),
    fields=(
        Field(
            "phone",
            _phone,
            ("callback_phone",),
            ("phone",),
            num_digits=PHONE_DIGITS,
            secret=True,
            samples={"": "6175559864", "phone": "1175559864"},
        ),
    ),
    actions=(
        Action("reach_person", {"open": (), "closed": ("told_closed",), "callback": ()}, ordinary="closed"),
        Action("caller_number", {"shown": ("callback_phone",), "withheld": ()}),
        Action(
            "book_callback",
            {"booked": ("callback_date",)},
            needs=("callback_phone", "callback_part"),
            drops=("callback_phone",),
        ),
    ),
)
