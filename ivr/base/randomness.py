"""Randomness as a value: `secrets` in production, a seed in tests and replay."""

from __future__ import annotations

import random
import secrets
from typing import Protocol


class Randomness(Protocol):
    """Draws numbers."""

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit` - 1."""
        ...


class SecretRandomness:
    """Unpredictable, for what an outsider could guess."""

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit` - 1."""
        return secrets.randbelow(limit)


class SeededRandomness:
    """The same draws each time, for tests and replay."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (never used where an outsider could guess)

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit` - 1."""
        return self._random.randrange(limit)
