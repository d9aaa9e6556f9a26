"""The plans that are billed and paid: a new one is a record here, its words in the prompts, its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """What has a bill of its own, and debits of its own.

    `key` names it in bills, flows and call files, in the wording of prompts (`$plan`) and in settings;
    `description` is what the bank's entries call it in the demo, and the example that an operator is shown.
    """

    key: str
    description: str

    @property
    def setting(self) -> str:
        """The setting that says what the bank's entries call it."""
        return f"ivr_company_{self.key}"

    @property
    def account_slot(self) -> str:
        """The slot with the member's billing account."""
        return f"{self.key}_account"


PLANS: Final[Mapping[str, Plan]] = MappingProxyType(
    {plan.key: plan for plan in (Plan("health", "HLTH PREM"), Plan("dental", "DNTL PREM"))}
)
"""By key, in the order in which they are told and debited."""
