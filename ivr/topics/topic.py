"""What a topic is made of: everything a flow may name about one matter, and what stands in for the domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr.calls.history import Asked
from ivr.dialog.vocabulary import Action, Answer, Field, Slots, Value
from ivr.speech.values import KINDS
from ivr.topics.masks import Mask, as_it_is, date_shape, digits_shape, given_shape, moment_shape, money_shape

# What a call keeps of a value of each kind of speech. A choice may name somebody: each says its own.
MASK_OF_KIND: Final[Mapping[str, Mask]] = {
    "secret": given_shape,
    "phone": given_shape,
    "hours": given_shape,
    "bank": given_shape,
    "date": date_shape,
    "date_year": date_shape,
    "moment": moment_shape,
    "money": money_shape,
    "count": as_it_is,
    "last4": digits_shape,
    "routing": digits_shape,
    "confirmation": digits_shape,
    "digits": digits_shape,
    "billing_account": given_shape,
    "place": as_it_is,
    "spelled": given_shape,
}
# Made-up values, where a slot names none of its own.
_SAMPLE_OF_KIND: Final[Mapping[str, str]] = {
    "last4": "0101",
    "routing": "021000021",
    "confirmation": "90210042197",
    "phone": "+18005550100",
    "bank": "FIRST EXAMPLE BANK",
    "hours": "Mon-Fri 08:00-18:00",
    "secret": "4815162342",
}
Alike = Callable[[int, Slots, Sequence[Asked]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that flows may name.

    `kind` is one of `ivr.speech.values`, or `secret`: kept sealed and never spoken. `mask` tells what a
    record keeps of it, where its kind does not say. `samples` are values it may have, the usual one first;
    `is_given`: it is filled from the start of a call.
    """

    name: str
    kind: str
    mask: Mask | None = None
    samples: tuple[Value, ...] = ()
    is_given: bool = False

    @property
    def sample(self) -> Value:
        """A made-up value."""
        return self.samples[0] if self.samples else _SAMPLE_OF_KIND.get(self.kind) or KINDS[self.kind]

    @property
    def longest(self) -> Value:
        """The value that takes the longest to say."""
        return self.samples[0] if self.samples or self.kind == "secret" else KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything about one matter.

    `alike` yields by field entries of a length that are likely to get what the domain answered then, where
    the samples are not enough. `possible` tells whether an action can answer so after what was answered in
    the same turn; of each answer `decisive` keeps what that hangs on, or None.
    """

    slots: tuple[Slot, ...] = ()
    fields: tuple[Field, ...] = ()
    actions: tuple[Action, ...] = ()
    alike: Mapping[str, Alike] = field(default_factory=dict)
    possible: Callable[[Sequence[Answer], str, str], bool] | None = None
    decisive: Callable[[Answer], Answer | None] | None = None
