"""`ivr flow phrases`: what is understood of an answer to the terms, by language and pace."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from ivr.languages.answers import MIXED, UNCLEAR, Answers
from ivr.languages.language import WORDED
from ivr.languages.registry import SPOKEN


@click.command()
@click.argument("words", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def phrases(words: tuple[str, ...], *, as_json: bool) -> int:
    """Print what counts as a yes, as a no, and as what else; of WORDS, a phrase each, how each is taken.

    A no may be guessed, a yes may not: courtesies and words said twice aside, a yes is one of the list.
    """
    rows = [
        {"language": language, "pace": pace, "taken_as": spoken.answers.means(said, pace), "words": said}
        for language, spoken in SPOKEN.items()
        for pace in WORDED
        for said in words or _told(spoken.answers)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        click.echo("  ".join((row["language"], f"{row['pace']:<5}", f"{row['taken_as']:<13}", row["words"])))
    return 0


def _told(answers: Answers) -> Iterator[str]:
    """Yield each phrase of a language's lists, and what stands for those that nobody can list."""
    yield from sorted(answers.yes, key=len)
    for listed in (
        answers.not_own,
        answers.no,
        answers.doubt,
        answers.almost,
        answers.repeat,
        answers.person,
    ):
        yield from sorted(listed)
    yield from (answers.samples[meaning] for meaning in (MIXED, UNCLEAR))
