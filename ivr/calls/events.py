"""What is kept of a turn for good: a recipe, masked, as JSON text. `ivr.calls.histories` reads it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

RECIPE_FORMAT = 2


class AskedEvent(TypedDict):
    """One question to the domain: `args` are the flow's own, the rest shapes of what went in and out."""

    action: str
    args: Mapping[str, str]
    given: Mapping[str, str]
    outcome: str
    slots: Mapping[str, str]


def turn_events(
    *,
    heard: str,
    path: Sequence[str],
    asked: Sequence[AskedEvent],
    values: Sequence[Mapping[str, str]],
    milliseconds: float,
) -> str:
    """Return the JSON text of one turn.

    `heard` and `path` are the engine's (masked), `values` the shapes of each prompt's values, in the order of
    the prompts, `milliseconds` what the turn took until it was stored.
    """
    recipe = {
        "recipe": RECIPE_FORMAT,
        "heard": heard,
        "path": path,
        "asked": asked,
        "values": values if any(values) else [],
        "milliseconds": round(milliseconds, 1),
    }
    return json.dumps(recipe, separators=(",", ":"))
