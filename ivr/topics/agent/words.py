"""Reaching an agent: the number and the hours of support, and whether somebody answers now."""

from __future__ import annotations

from ivr.dialog.vocabulary import Action
from ivr.topics.topic import Slot, Topic

AGENT = Topic(
    slots=(Slot("support_phone", "phone", is_given=True), Slot("support_hours", "hours", is_given=True)),
    actions=(Action("reach_person", {"open": (), "closed": ()}, ordinary="closed"),),
)
