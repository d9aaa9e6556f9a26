"""All topics as one: the vocabulary of flows, the masks of records, and what proofs, reruns and tests try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.dialog.vocabulary import Answer, Value, Vocabulary
from ivr.languages.registry import KEYS
from ivr.topics.agent.words import AGENT
from ivr.topics.amount.words import AMOUNT
from ivr.topics.authorization.words import AUTHORIZATION
from ivr.topics.balance.words import BALANCE
from ivr.topics.bank.words import BANK
from ivr.topics.earlier_payments.words import EARLIER_PAYMENTS
from ivr.topics.guest.words import GUEST
from ivr.topics.help.words import HELP
from ivr.topics.masks import UNKNOWN, Mask, Since, as_it_is
from ivr.topics.topic import MASK_OF_KIND, Alike, Slot, Topic
from ivr.topics.verification.words import VERIFICATION

TOPICS: tuple[Topic, ...] = (
    AGENT,
    HELP,
    VERIFICATION,
    EARLIER_PAYMENTS,
    BALANCE,
    AMOUNT,
    BANK,
    AUTHORIZATION,
    GUEST,
)

SLOTS: Mapping[str, Slot] = {slot.name: slot for topic in TOPICS for slot in topic.slots}
VOCABULARY = Vocabulary(
    slots={name: slot.kind for name, slot in SLOTS.items()},
    given=tuple(name for name, slot in SLOTS.items() if slot.is_given),
    fields={field.name: field for topic in TOPICS for field in topic.fields},
    actions={action.name: action for topic in TOPICS for action in topic.actions},
    language_keys=KEYS,
)
MASKS: Mapping[str, Mask] = {name: slot.mask or MASK_OF_KIND[slot.kind] for name, slot in SLOTS.items()}
# What each choice may be, where it is one of few: a wording that depends on it has words for all of them.
CHOICES: Mapping[str, tuple[str, ...]] = {
    name: tuple(map(str, slot.samples))
    for name, slot in SLOTS.items()
    if slot.kind == "choice" and slot.mask is as_it_is
}
ALIKE: Mapping[str, Alike] = {name: alike for topic in TOPICS for name, alike in topic.alike.items()}
_OPEN = {
    entry for field in VOCABULARY.fields.values() if not field.secret for entry in field.samples.values()
}
_SEALED = {entry for field in VOCABULARY.fields.values() if field.secret for entry in field.samples.values()}
# The entries that only secret fields have: found anywhere outside the sealed slots, they show a leak.
CANARIES = frozenset(entry for entry in _SEALED - _OPEN if len(entry) > 2)


def shapes_of(values: Mapping[str, Value], since: Since) -> dict[str, str]:
    """Return the shape of each slot's value; `?` for a slot that no topic knows."""
    return {slot: MASKS[slot](value, since) if slot in MASKS else UNKNOWN for slot, value in values.items()}


def possible(answered: Sequence[Answer], action: str, outcome: str) -> bool:
    """Return whether an action can answer so after what was `answered` in the same turn."""
    return all(topic.possible(answered, action, outcome) for topic in TOPICS if topic.possible)


def decisive(answer: Answer) -> Answer | None:
    """Return what of an answer decides how others can answer later in the turn; None where nothing does."""
    kept = (topic.decisive(answer) for topic in TOPICS if topic.decisive)
    return next((each for each in kept if each is not None), None)
