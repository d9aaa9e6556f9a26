"""Recorded calls, read from the database as recipes, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from sqlalchemy import ColumnElement, Row, func, select, tuple_

from ivr.base.errors import OperatorError
from ivr.calls.history import OPEN, Recipe, RecordedTurn
from ivr.calls.notation import NotationError, read_turn
from ivr.storage.tables import Call, Payment, Turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

BATCH_CALLS: Final = 100

_CALLS = select(
    Call.call_sid,
    Call.started_at,
    Call.ended_at,
    Call.flow_version,
    Call.language,
    Call.pace,
    Call.caller_kind,
    Call.end,
).order_by(Call.started_at, Call.call_sid)
_TURNS = select(Turn.call_sid, Turn.seq, Turn.at, Turn.node, Turn.prompts, Turn.events)


class RecipeError(OperatorError):
    """A recorded call cannot be read as a recipe."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call found, without its turns: enough for a list. `seq` is that of its newest turn."""

    call_sid: str
    started_at: datetime
    ended_at: datetime | None
    language: str
    pace: str
    end: str | None
    seq: int
    node: str


class Filters(TypedDict, total=False):
    """Which calls; each filter given narrows it.

    `since` and `until` (aware; `until` itself is left out) are when the call began, `end` how it ended
    (goodbye, agent, hangup, fallback, or open), `last_node` a text in the node where the line stood last,
    `confirmation` the number of a payment authorized in it, `caller_hash` the keyed hash of the number that
    called, `member_id` who was verified. Language and pace are those it ended in.
    """

    since: datetime | None
    until: datetime | None
    language: str | None
    pace: str | None
    end: str | None
    last_node: str | None
    call_sids: Sequence[str] | None
    confirmation: str | None
    caller_hash: bytes | None
    member_id: str | None


def find_calls(db: Connection, **filters: Unpack[Filters]) -> list[RecordedCall]:
    """Return the calls that fit every filter given, oldest first, without their turns."""
    columns = [Call.__table__.c[name] for name in RecordedCall.__slots__]
    rows = db.execute(_filtered(_CALLS, filters).with_only_columns(*columns))
    return [RecordedCall(*row) for row in rows]


def calls_before(
    db: Connection, before: tuple[datetime, str] | None, count: int, **filters: Unpack[Filters]
) -> list[RecordedCall]:
    """Return up to `count` calls that fit every filter given, newest first, from before one of them on.

    `before` is when that one began and its CallSid; None begins with the newest.
    """
    columns = [Call.__table__.c[name] for name in RecordedCall.__slots__]
    key = tuple_(Call.started_at, Call.call_sid)
    newest = _filtered(_CALLS, filters).with_only_columns(*columns).order_by(None)
    if before is not None:
        newest = newest.where(key < tuple_(*before))
    rows = db.execute(newest.order_by(Call.started_at.desc(), Call.call_sid.desc()).limit(count))
    return [RecordedCall(*row) for row in rows]


def load_recipes(
    db: Connection, *, problems: list[str] | None = None, **filters: Unpack[Filters]
) -> Iterator[Recipe]:
    """Yield the calls that fit every filter given, oldest first; of their turns a batch is in memory.

    A call that cannot be read becomes a sentence in `problems`, and the rest is loaded; without `problems` it
    raises `RecipeError`. The transaction stays open until the last one is taken: who works long on each of
    them needs an engine without limits.
    """
    calls = db.execute(_filtered(_CALLS, filters)).all()
    for first in range(0, len(calls), BATCH_CALLS):
        batch = calls[first : first + BATCH_CALLS]
        turns = _turns_of(db, [call.call_sid for call in batch])
        for call in batch:
            try:
                yield recipe_of(call, turns.get(call.call_sid, []))
            except RecipeError as error:
                if problems is None:
                    raise
                problems += error.problems


def recipe_of(call: Row[Any], turns: Iterable[Row[Any]]) -> Recipe:
    """Build a recipe from a row of `calls` and its rows of `turns`, in their order.

    Raises `RecipeError` naming call and turn when a turn is not of today's format.
    """
    read = tuple(_turn(call.call_sid, turn) for turn in turns)
    if not read:
        raise RecipeError(f"call {call.call_sid}: no turn of it was kept: leave it out")
    if [turn.seq for turn in read] != list(range(read[0].seq, read[0].seq + len(read))):
        raise RecipeError(f"call {call.call_sid}: a turn of it is missing: leave it out")
    return Recipe(
        call_sid=call.call_sid,
        started_at=call.started_at,
        ended_at=call.ended_at,
        flow_version=call.flow_version,
        language=call.language,
        pace=call.pace,
        caller_kind=call.caller_kind,
        end=call.end,
        turns=read,
    )


def _filtered(statement: Any, filters: Filters) -> Any:
    wanted = {name: value for name, value in filters.items() if value is not None}
    conditions: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
        "since": lambda since: Call.started_at >= since,
        "until": lambda until: Call.started_at < until,
        "language": lambda language: Call.language == language,
        "pace": lambda pace: Call.pace == pace,
        "end": lambda end: Call.status == OPEN if end == OPEN else Call.end == end,
        "last_node": lambda text: Call.node.contains(text, autoescape=True),
        "call_sids": lambda call_sids: Call.call_sid == func.any(list(call_sids)),
        "confirmation": lambda number: Call.call_sid.in_(
            select(Payment.call_sid).where(Payment.confirmation_number == number)
        ),
        "caller_hash": lambda caller_hash: Call.caller_hash == caller_hash,
        "member_id": lambda member_id: Call.member_id == member_id,
    }
    # A call that was over before its first turn has none that could be looked at.
    return statement.where(Call.seq >= 0, *(conditions[name](value) for name, value in wanted.items()))


def _turns_of(db: Connection, call_sids: Sequence[str]) -> dict[str, list[Any]]:
    rows = db.execute(
        _TURNS.where(Turn.call_sid == func.any(list(call_sids))).order_by(Turn.call_sid, Turn.seq)
    ).all()
    return {call_sid: list(turns) for call_sid, turns in groupby(rows, key=lambda row: str(row[0]))}


def _turn(call_sid: str, row: Iterable[Any]) -> RecordedTurn:
    _, seq, at, node, prompts, text = row
    try:
        heard, events, asked, values, milliseconds = read_turn(text)
    except NotationError as error:
        raise RecipeError(f"call {call_sid}, turn {seq}: {error}: leave the call out") from None
    said = tuple(prompts.split(",")) if prompts else ()
    return RecordedTurn(seq, at, heard, events, asked, node, said, milliseconds, values)
