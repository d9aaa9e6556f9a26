"""What looking at a number or a line found."""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["good", "look", "bad"]


class Observation(NamedTuple):
    """One thing that was looked at, how it stands, and what to do where it is not good.

    `look`: nobody can tell from here, or it works and should be better.
    """

    what: str
    verdict: Verdict
    told: str
