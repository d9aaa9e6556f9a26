"""`ivr flow reviewed`: who has read the words of a language, and writing down that somebody did."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ivr.base.errors import EXIT_NO, OperatorError
from ivr.base.project import project_folder
from ivr.cli.files import FOLDER, write_file
from ivr.flowmap.picture import wordings
from ivr.flowmap.reviews import REVIEWS, WordingReview, digest, read_reviews, standing, written
from ivr.topics.line import prompt_files, read_line_files


@click.command()
@click.argument("language")
@click.argument("prompts", nargs=-1)
@click.option("--by", metavar="NAME", help="Write down that this person has read them.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day on which they did; --by needs it.")
@click.option("--folder", type=FOLDER, help="A folder with flows/ and prompts/.  [default: the project's]")
def reviewed(
    language: str, prompts: tuple[str, ...], by: str | None, on: datetime | None, folder: Path | None
) -> int:
    """Print how each wording of LANGUAGE, or of the PROMPTS that are named, stands: reviewed or not.

    With --by and --on it writes that down, in prompts/reviews/LANGUAGE.toml, for the next commit. The answer
    is no while a wording is not reviewed, or has changed since.
    """
    if (by is None) != (on is None) or (by is not None and not by.strip()):
        raise click.UsageError("Say who read them and on which day: --by NAME --on YYYY-MM-DD.")
    folder = folder or project_folder()
    said = wordings(prompt_files(read_line_files(folder, [language]))[language])
    reviews = read_reviews(folder).get(language, {})
    unknown = set(prompts) - {name.partition(".")[0] for name in said}
    if unknown:
        raise OperatorError(
            *(f"{language} has no prompt {name}: see prompts/{language}.ftl" for name in unknown)
        )
    asked = {name: said[name] for name in said if not prompts or name.partition(".")[0] in prompts}
    if by is not None and on is not None:
        reviews |= {name: WordingReview(by.strip(), on.date(), digest(said)) for name, said in asked.items()}
        target = folder / REVIEWS / f"{language}.toml"
        target.parent.mkdir(exist_ok=True)
        write_file(target, written(reviews).encode())
    stands = {name: standing(reviews.get(name), sentences) for name, sentences in asked.items()}
    for name, how in stands.items():
        review = reviews.get(name)
        click.echo(f"{name:<40}  {how}" + (f"  {review.by}, {review.on}" if review else ""))
    return 0 if set(stands.values()) == {"reviewed"} else EXIT_NO
