"""Calls: found by what a complaint tells, and read turn by turn, masked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import render_template as render
from flask import request
from sqlalchemy import select

from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.times import WrittenTimeError, span
from ivr.calls.histories import calls_before, load_recipes
from ivr.calls.history import ENDS
from ivr.console.paging import ROWS, Stop, paged, stop_of
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.console.written import member_of_number, plain_number, telephone
from ivr.languages.language import PACES
from ivr.languages.registry import LANGUAGES
from ivr.replay.call_report import handed_over, told_turns
from ivr.storage.tables import Call, Payment

if TYPE_CHECKING:
    from ivr.calls.histories import RecordedCall

ASKED: Final = ("on", "around", "caller", "member", "confirmation", "last_node", "end", "language", "pace")
_BY_INDEX: Final = ("since", "confirmation", "caller_hash", "member_id")
calls = Pages("calls", "Calls", "calls.see")


@calls.page("/")
def index(visit: StaffVisit) -> Answer:
    """List the calls that fit what is asked, newest first."""
    asked = visit.asked(*ASKED)
    problems: list[str] = []
    rows: list[RecordedCall] = []
    stop: Stop | None = None
    try:
        filters = _filters(visit, asked)
    except OperatorError as error:
        problems += error.problems
    else:
        if asked["caller"] or asked["member"]:
            visit.record("console.find_calls", asked["member"] or "by a caller's number")
        after = _after()
        if any(filters.values()) and not any(filters.get(name) for name in _BY_INDEX):
            stop = stop_of(visit, Call.started_at, Call.started_at, after and after[0])
            filters["since"] = stop and stop.at
        rows = calls_before(visit.db, after, ROWS + 1, **filters)
    return render(
        "calls.html",
        asked=asked,
        problems=problems,
        page=paged(rows, lambda call: f"{call.started_at.isoformat()} {call.call_sid}", stop),
        ends=ENDS,
        languages=LANGUAGES,
        paces=PACES,
    )


def _filters(visit: StaffVisit, asked: dict[str, str]) -> dict[str, Any]:
    """Return what is asked for as `calls_before` takes it. Raises `OperatorError` with every problem."""
    problems: list[str] = []
    found: dict[str, Any] = {name: asked[name] or None for name in ("last_node", "end", "language", "pace")}
    found["confirmation"] = plain_number(asked["confirmation"]) or None
    try:
        zone = visit.console.settings.ivr_timezone
        found["since"], found["until"] = span(
            zone, visit.now, on=asked["on"] or None, around=asked["around"] or None
        )
    except WrittenTimeError as error:
        problems.append(str(error))
    if asked["caller"]:
        number = telephone(asked["caller"])
        if number is None:
            problems.append("The caller's number is no telephone number: write (617) 555-0123.")
        else:
            found["caller_hash"] = visit.console.hashes.digest("caller", number)
    if asked["member"]:
        found["member_id"] = member_of_number(visit.db, asked["member"])
    if problems:
        raise OperatorError(*problems)
    return found


def _after() -> tuple[datetime, str] | None:
    """Return the last call of the page before; one without a CallSid is before all others of its instant."""
    at, _, call_sid = request.args.get("after", "").partition(" ")
    try:
        return (datetime.fromisoformat(at), call_sid) if at else None
    except ValueError:
        return None


@calls.page("/<call_sid>")
def show(visit: StaffVisit, call_sid: str) -> Answer:
    """Show every turn of a call, in words and as bars of time."""
    recipe = next(load_recipes(visit.db, call_sids=[call_sid]), None)
    if recipe is None:
        raise NotFoundError(f"No call is recorded as {call_sid}.")
    member_id = visit.db.scalar(select(Call.member_id).where(Call.call_sid == call_sid))
    visit.record("console.see_call", call_sid)
    paid = select(Payment.confirmation_number, Payment.amount_cents, Payment.plan, Payment.state)
    line = visit.console.lines.of(visit.db, recipe.flow_version)
    turns = told_turns(recipe, line)
    last = turns[-1]
    ended_at = recipe.ended_at or recipe.turns[-1].at
    seconds = max(
        (ended_at - recipe.started_at).total_seconds(), last.at_seconds + (last.spoken_seconds or 0), 1.0
    )
    return render(
        "one_call.html",
        call=recipe,
        member_id=member_id,
        turns=turns,
        handover=handed_over(recipe, line),
        lasted=None if recipe.ended_at is None else (recipe.ended_at - recipe.started_at).total_seconds(),
        seconds=seconds,
        payments=visit.db.execute(paid.where(Payment.call_sid == call_sid).order_by(Payment.id)).all(),
    )
