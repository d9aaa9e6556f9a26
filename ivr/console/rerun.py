"""What would this caller hear today? A recorded call on another version, and kept as a test of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from flask import Response
from flask import render_template as render
from sqlalchemy import select

from ivr.base.errors import NotFoundError, OperatorError
from ivr.calls.histories import load_recipes
from ivr.console.calls import calls
from ivr.console.visit import Answer, StaffVisit
from ivr.payments.cutoffs import cutoff_rule
from ivr.replay.call_report import heard_words
from ivr.replay.compare import Comparer, Difference
from ivr.replay.export import WHY, call_text
from ivr.replay.rerun import CallRerunner, Rerun, RunTurn, Script, disagreement
from ivr.replay.synthetic import UnknownShapeError
from ivr.storage.tables import FlowVersion

if TYPE_CHECKING:
    from ivr.calls.history import Recipe
    from ivr.topics.line import Line

__all__ = ["calls"]  # its pages are theirs
_VERSIONS_SHOWN: Final = 20
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{2,40}", re.ASCII)
_FOLDER: Final = "kept-calls"
Said = tuple[str, str]  # the node where the line stands then, and its words


@calls.page("/<call_sid>/rerun")
def rerun(visit: StaffVisit, call_sid: str) -> Answer:
    """Run a call again, on the line of today or on the version that is asked for, and show what differs."""
    recipe = _recipe(visit, call_sid)
    asked = visit.asked("version")["version"]
    lines, db = visit.console.lines, visit.db
    recorded_on = lines.of(db, recipe.flow_version)
    other = lines.of(db, asked) if asked else lines.current(db)
    before, after, differences = _both(visit, recipe, recorded_on, other)
    versions = select(FlowVersion.version, FlowVersion.first_seen_at)
    visit.record("console.rerun_call", call_sid, version=other.flow.version)
    return render(
        "rerun.html",
        call=recipe,
        asked=asked,
        versions=db.execute(versions.order_by(FlowVersion.first_seen_at.desc()).limit(_VERSIONS_SHOWN)).all(),
        before=before,
        after=after,
        differences=differences,
        turns=[*_side_by_side(before, after)],
        same=recorded_on.flow.version == other.flow.version,
    )


def _recipe(visit: StaffVisit, call_sid: str) -> Recipe:
    recipe = next(load_recipes(visit.db, call_sids=[call_sid]), None)
    if recipe is None:
        raise NotFoundError(f"No call is recorded as {call_sid}.")
    return recipe


def _both(
    visit: StaffVisit, recipe: Recipe, recorded_on: Line, other: Line
) -> tuple[Rerun, Rerun, list[Difference]]:
    """Run a call on its own version and on another. Raises `OperatorError` for one that cannot be run."""
    zone = visit.console.settings.ivr_timezone
    try:
        script = Script.of(recipe, recorded_on.flow)
    except UnknownShapeError as error:
        raise OperatorError(f"This call cannot be run again: {error}.") from None
    before = CallRerunner(recorded_on, zone).run(script)
    differs = disagreement(recipe, before)
    if differs:
        raise OperatorError(f"This call does not come out as recorded on its own version: {differs}.")
    after = CallRerunner(other, zone).run(script.timed(before))
    return before, after, Comparer(recorded_on.flow, other.flow).compare(before, after)


def _side_by_side(before: Rerun, after: Rerun) -> Iterator[tuple[str, Said, Said]]:
    """Yield for each turn what the caller did, what the line said then, and what it would say."""
    for then, now in zip_longest(before.turns, after.turns):
        did = heard_words((then or now).heard)
        yield did, _said(then), _said(now)


def _said(turn: RunTurn | None) -> Said:
    if turn is None:
        return "", ""
    return turn.node, " ".join(" ".join(prompt.words) for prompt in turn.prompts)


@calls.page("/<call_sid>/keep", right="calls.keep", methods=("POST",))
def keep(visit: StaffVisit, call_sid: str) -> Answer:
    """Write a call as a call file with made-up values: to download, and into a folder for the next commit."""
    name = visit.given("name", "The name")
    sentence = " ".join(visit.given("why", "The sentence").split())
    owner = " ".join(visit.given("owner", "The owner").split())
    if _NAME.fullmatch(name) is None:
        raise OperatorError("The name is wrong: 3 to 41 small letters, digits and _, a letter first.")
    recipe = _recipe(visit, call_sid)
    line = visit.console.lines.of(visit.db, recipe.flow_version)
    text = call_text(recipe, line, cutoff_rule(visit.console.settings))
    text = text.replace(WHY, f"# {sentence}\n# Kept by {owner}.")
    folder = visit.console.settings.ivr_var / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (folder / f"{name}.call").open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OperatorError(f"A call is kept as {name} already: give another name.") from None
    visit.record("console.keep_call", call_sid, name=name, owner=owner)
    headers = {"Content-Disposition": f'attachment; filename="{name}.call"'}
    return Response(text, mimetype="text/plain", headers=headers)
