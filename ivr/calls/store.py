"""A call's row and its turns: locked first and alone, then read; written once, with the reply, before COMMIT.

Statements of the turn's own path are built once, here. Nothing below commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql

from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import Call, FlowVersion, Turn


class LockedCall(NamedTuple):
    """A call as its row has it, while this transaction holds the row's lock."""

    call_sid: str
    status: str
    started_at: datetime
    answered_at: datetime
    flow_version: str
    language: str
    pace: str
    seq: int
    state: str
    secrets: bytes | None

    @property
    def open(self) -> bool:
        """Return whether the call may still go on."""
        return self.status == "open"


class StoredTurn(NamedTuple):
    """What was answered at one seq; `reply` is None once it has been purged."""

    seq: int
    node: str
    prompts: str
    reply: bytes | None


class NewTurn(NamedTuple):
    """Everything a turn leaves behind, written in one statement."""

    call_sid: str
    seq: int
    at: datetime
    node: str
    prompts: str
    events: str
    reply: bytes
    state: str
    secrets: bytes | None
    language: str
    pace: str
    member_id: str | None
    end: str | None


_LOCK = PreparedStatement(
    select(*[Call.__table__.c[name] for name in LockedCall._fields])
    .where(Call.call_sid == bindparam("sid"))
    .with_for_update()
)

_OPEN = PreparedStatement(
    postgresql.insert(Call)
    .values(
        call_sid=bindparam("sid"),
        status="open",
        caller_kind=bindparam("caller_kind"),
        caller_hash=bindparam("caller_hash"),
        started_at=bindparam("at"),
        answered_at=bindparam("at"),
        flow_version=bindparam("flow_version"),
        language=bindparam("language"),
        pace="voice",
        seq=-1,
        node="",
        state="{}",
        purged=False,
    )
    .on_conflict_do_nothing()
    .returning(Call.call_sid)
)

_STORED = PreparedStatement(
    select(*[Turn.__table__.c[name] for name in StoredTurn._fields]).where(
        Turn.call_sid == bindparam("sid"), Turn.seq == bindparam("turn_seq")
    )
)


_MOVED = ("node", "state", "secrets", "language", "pace", "end", "status", "ended_at")


def _record_statement() -> Any:
    """Build one statement that moves the call on and stores the turn."""
    moved = (
        update(Call)
        .where(Call.call_sid == bindparam("sid"))
        .values(
            {name: bindparam(name) for name in _MOVED}
            | {
                "seq": bindparam("turn_seq"),
                "answered_at": bindparam("at"),
                "member_id": func.coalesce(bindparam("member_id"), Call.member_id),  # once known, known
            }
        )
        .returning(Call.call_sid)
        .cte("moved")
    )
    columns = ("seq", "at", "node", "prompts", "events", "reply")
    values = [
        bindparam("turn_seq" if name == "seq" else name, type_=Turn.__table__.c[name].type)
        for name in columns
    ]
    return insert(Turn).from_select(["call_sid", *columns], select(moved.c.call_sid, *values)).add_cte(moved)


_RECORD = PreparedStatement(_record_statement())

_CLOSE = (
    update(Call)
    .where(Call.call_sid == bindparam("sid"), Call.status == "open")
    .values(status="closed", end=bindparam("end"), ended_at=bindparam("at"), secrets=None)
)


def lock_call(db: Connection, call_sid: str) -> LockedCall | None:
    """Lock the call's row and return it; None for a call this line never answered."""
    rows = _LOCK.rows(db, {"sid": call_sid})
    return LockedCall(*rows[0]) if rows else None


def open_call(
    db: Connection,
    call_sid: str,
    *,
    caller_kind: str,
    caller_hash: bytes | None,
    at: datetime,
    flow_version: str,
    language: str,
) -> bool:
    """Make the row of a call that begins, holding its lock; False when it exists already.

    A second request at the same instant waits here until the first has committed.
    """
    made = _OPEN.rows(
        db,
        {
            "sid": call_sid,
            "caller_kind": caller_kind,
            "caller_hash": caller_hash,
            "at": at,
            "flow_version": flow_version,
            "language": language,
        },
    )
    return bool(made)


def stored_turn(db: Connection, call_sid: str, seq: int) -> StoredTurn | None:
    """Return what was answered at `seq`, if it was."""
    rows = _STORED.rows(db, {"sid": call_sid, "turn_seq": seq})
    return StoredTurn(*rows[0]) if rows else None


def record_turn(db: Connection, turn: NewTurn) -> None:
    """Store a turn and move the call on to it; `end` closes the call. One statement.

    Not waited for: what the transaction does next, its commit at best, raises the error that it met.
    """
    _RECORD.send(
        db,
        {
            **turn._asdict(),
            "sid": turn.call_sid,
            "turn_seq": turn.seq,
            "status": "open" if turn.end is None else "closed",
            "ended_at": None if turn.end is None else turn.at,
        },
    )


def close_call(db: Connection, call_sid: str, end: str, at: datetime) -> bool:
    """Close an open call and forget its keyed digits; False when there was none open."""
    return db.execute(_CLOSE, {"sid": call_sid, "end": end, "at": at}).rowcount > 0


def keep_flow_version(db: Connection, version: str, files: dict[str, Any], at: datetime) -> None:
    """Keep a flow version's text, once."""
    db.execute(
        postgresql.insert(FlowVersion)
        .values(version=version, files=files, first_seen_at=at)
        .on_conflict_do_nothing()
    )


def flow_version_files(db: Connection, version: str) -> dict[str, str] | None:
    """Return the text of a flow version (file name -> text), if it was ever kept."""
    files: dict[str, str] | None = db.execute(
        select(FlowVersion.files).where(FlowVersion.version == version)
    ).scalar_one_or_none()
    return files
