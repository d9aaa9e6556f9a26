"""The plans that are billed and paid, in the order in which they are told."""

from __future__ import annotations

from typing import Final

PLANS: Final = ("health", "dental")
