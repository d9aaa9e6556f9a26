"""`ivr flow`: what the line does and says, checked, counted and drawn."""

from __future__ import annotations

from typing import Final

import click

from ivr.cli.lazy import LazyGroup

COMMANDS: Final = {
    "check": (
        "ivr.cli.flow_check:check",
        "Prove the flows and prompts in FOLDER (the project's by default) sound; name every fault.",
    ),
    "coverage": (
        "ivr.cli.flow_calls:coverage",
        "Play the call files at PATH (tests/calls by default) and count what they visit of the flows.",
    ),
    "draw": (
        "ivr.cli.flow_calls:draw",
        "Draw the line: a frame a dialog, a box a node, an arrow a branch with the caller's words on it.",
    ),
    "phrases": (
        "ivr.cli.flow_phrases:phrases",
        "Print what counts as a yes, as a no, and as what else; of WORDS, a phrase each, how each is taken.",
    ),
    "reviewed": (
        "ivr.cli.flow_reviewed:reviewed",
        "Print how each wording of LANGUAGE, or of the PROMPTS that are named, stands: reviewed or not.",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def flow() -> None:
    """Check the flows and prompts, count what calls visit of them, and draw them."""
