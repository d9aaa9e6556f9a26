"""The line itself: its picture with what callers did of late, its words in each language, its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from flask import render_template as render
from flask import url_for
from markupsafe import Markup
from sqlalchemy import select

from ivr.base.errors import NotFoundError
from ivr.calls.days import Span
from ivr.calls.reports import report_heat
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.dialog.definition import MAIN
from ivr.flowmap.changes import changed_nodes, changed_wordings, told
from ivr.flowmap.drawing import svg_of
from ivr.flowmap.heat import Heat
from ivr.flowmap.picture import picture_of, wordings
from ivr.flowmap.reviews import Standing, WordingReview, standing
from ivr.storage.tables import FlowVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from ivr.topics.line import Line

_DRAWN_AGAIN: Final = timedelta(minutes=5)  # a picture takes over a second of a processor
_HEAT: Final = timedelta(days=7)
_VERSIONS_SHOWN: Final = 50
_EVERYWHERE: Final = "everywhere"  # stands for a dialog: what no dialog's own nodes say
the_line = Pages("line", "Line", "line.see")


@the_line.page("/")
def index(visit: StaffVisit) -> Answer:
    """Show which line answers calls, its versions, and where its picture, words and differences are."""
    line = visit.console.lines.current(visit.db)
    versions = _versions(visit)
    return render(
        "line.html",
        line=line,
        versions=versions,
        newest=versions[0].version if versions else "",
        everywhere=_EVERYWHERE,
    )


def _versions(visit: StaffVisit) -> Sequence[Row[str, datetime]]:
    kept = select(FlowVersion.version, FlowVersion.first_seen_at)
    return visit.db.execute(kept.order_by(FlowVersion.first_seen_at.desc()).limit(_VERSIONS_SHOWN)).all()


@the_line.page("/picture")
def picture(visit: StaffVisit) -> Answer:
    """Show the line on one page, with the calls of the last days; a node leads to those that ended there."""
    line = visit.console.lines.current(visit.db)
    drawn = visit.console.drawings.get(line.flow.version)
    if drawn is None or visit.now - drawn[0] >= _DRAWN_AGAIN:
        drawn = visit.now, _drawn(visit, line)
        visit.console.drawings.clear()
        visit.console.drawings[line.flow.version] = drawn
    counted_at, svg = drawn
    since = _shaded(visit, counted_at).since
    return render("picture.html", since=since, counted_at=counted_at, svg=Markup(svg))  # noqa: S704 (svg_of escapes all)


def _shaded(visit: StaffVisit, until: datetime) -> Span:
    """Return the time whose calls shade the picture: whole days, which are counted once, and today."""
    zone = visit.console.settings.ivr_timezone
    first = until.astimezone(zone).date() - _HEAT
    return Span(zone, datetime.combine(first, time(), zone), until, until)


def _drawn(visit: StaffVisit, line: Line) -> str:
    heat = Heat.of(*report_heat(visit.db, _shaded(visit, visit.now), visit.console.days))

    def link(node: str) -> str:
        return url_for("calls.index", last_node=node, end="hangup") if heat.hung_up(node) else ""

    return svg_of(picture_of(line), heat, link)


@the_line.page("/words")
def words(visit: StaffVisit) -> Answer:
    """Show one dialog: what each node does, and what it says in every language, side by side."""
    line = visit.console.lines.current(visit.db)
    asked = visit.asked("dialog")["dialog"] or MAIN
    dialog = line.flow.dialogs.get(asked)
    if dialog is None and asked != _EVERYWHERE:
        raise NotFoundError(f"The line has no dialog {asked}.")
    said = {language: wordings(text) for language, text in line.catalog.texts.items()}
    prompts = _prompts_of(line, asked)
    return render(
        "words.html",
        line=line,
        asked=asked,
        dialogs=[*line.flow.dialogs, _EVERYWHERE],
        nodes=[] if dialog is None else [(node, told(node)) for node in dialog.nodes.values()],
        rows=[*_side_by_side(said, prompts, visit.console.reviews)],
    )


def _prompts_of(line: Line, dialog: str) -> frozenset[str]:
    """Return the prompts that a dialog's own nodes say; for `everywhere`, those that none does."""
    if dialog != _EVERYWHERE:
        nodes = line.flow.dialogs[dialog].nodes.values()
        return frozenset(prompt for node in nodes for prompt in node.prompts)
    own = {prompt for node in line.flow.nodes.values() for prompt in node.prompts}
    every = {prompt for language in line.catalog.languages for prompt in line.catalog.prompt_ids(language)}
    return frozenset(every - own)


def _side_by_side(
    said: Mapping[str, Mapping[str, tuple[str, ...]]],
    prompts: frozenset[str],
    reviews: Mapping[str, Mapping[str, WordingReview]],
) -> Iterator[tuple[str, list[tuple[str, tuple[str, ...], Standing, WordingReview | None]]]]:
    """Yield each wording of these prompts, in the order of the file, with what each language says.

    That is the language, its sentences, how their review stands, and the review itself.
    """
    for wording in dict.fromkeys(name for each in said.values() for name in each):
        if wording.partition(".")[0] in prompts:
            cells = []
            for language, texts in said.items():
                sentences, review = texts.get(wording, ()), reviews.get(language, {}).get(wording)
                cells.append((language, sentences, standing(review, sentences), review))
            yield wording, cells


@the_line.page("/differences")
def differences(visit: StaffVisit) -> Answer:
    """Show what differs between two versions, as words: by default what this release changes."""
    asked = visit.asked("before", "after")
    lines, versions = visit.console.lines, _versions(visit)
    current = lines.current(visit.db)
    older = next((each.version for each in versions if each.version != current.flow.version), "")
    before = _kept(visit, asked["before"] or older) if asked["before"] or older else current
    after = _kept(visit, asked["after"]) if asked["after"] else current
    return render(
        "differences.html",
        asked=asked,
        versions=versions,
        before=before.flow.version,
        after=after.flow.version,
        nodes=changed_nodes(before, after),
        wordings=changed_wordings(before, after),
    )


def _kept(visit: StaffVisit, version: str) -> Line:
    """Return the line of a version that was kept. Raises `NotFoundError`."""
    line = visit.console.lines.of(visit.db, version)
    if line.flow.version != version:
        raise NotFoundError(f"The flow version {version[:12]} is not kept, or no longer loads.")
    return line
