from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ivr.calls.store import (
    NewTurn,
    StoredTurn,
    close_call,
    flow_version_files,
    keep_flow_version,
    lock_call,
    open_call,
    record_turn,
    stored_turn,
)
from ivr.storage.tables import Call, FlowVersion

SID, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
AT = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
LATER = AT + timedelta(seconds=20)
TURN = NewTurn(
    call_sid=SID,
    seq=0,
    at=LATER,
    node="main/language",
    prompts="welcome,language-option@en-US",
    events='{"heard":"","path":[]}',
    reply=b"\x00sealed\xff",
    state='{"node":"main/language"}',
    secrets=b"\x01keyed",
    language="es-US",
    pace="relay",
    member_id=None,
    end=None,
)


def opened(db, sid=SID, **more):
    given = {
        "caller_kind": "number",
        "caller_hash": b"h" * 32,
        "at": AT,
        "flow_version": "v1",
        "language": "en-US",
    }
    return open_call(db, sid, **{**given, **more})


def row_of(db, sid=SID):
    return db.execute(select(Call.__table__).where(Call.call_sid == sid)).one()


def test_a_call_is_opened_once(engine):
    with engine.begin() as db:
        assert opened(db)
        assert not opened(db, caller_kind="withheld", language="es-US")
    with engine.begin() as db:
        assert not opened(db)
        row = row_of(db)
    assert (row.status, row.caller_kind, row.caller_hash, row.language, row.pace) == (
        "open",
        "number",
        b"h" * 32,
        "en-US",
        "voice",
    )
    assert (row.seq, row.started_at, row.answered_at, row.ended_at, row.end, row.purged) == (
        -1,
        AT,
        AT,
        None,
        None,
        False,
    )


def test_a_second_request_waits_for_the_first_and_finds_the_call(engine):
    made, waiting = [], threading.Event()

    def second():
        with engine.begin() as db:
            waiting.set()
            made.append(opened(db))

    with engine.begin() as db:
        assert opened(db)
        other = threading.Thread(target=second)
        other.start()
        waiting.wait(10)
        assert made == []
    other.join(10)
    assert made == [False]


def test_a_second_request_makes_the_call_when_the_first_was_rolled_back(engine):
    with engine.connect() as db:
        assert opened(db)
        db.rollback()
        assert opened(db)


def test_an_unknown_call_is_not_locked(engine):
    with engine.begin() as db:
        opened(db, OTHER)
        assert lock_call(db, SID) is None


def test_a_locked_call_keeps_others_out(engine):
    with engine.begin() as db:
        opened(db)
    with engine.begin() as db, engine.begin() as other:
        assert lock_call(db, SID).open
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            lock_call(other, SID)


def test_a_turn_moves_the_call_on_and_is_stored_byte_for_byte(engine):
    with engine.begin() as db:
        opened(db)
        opened(db, OTHER)
        record_turn(db, TURN)
    with engine.begin() as db:
        call = lock_call(db, SID)
        assert (call.seq, call.answered_at, call.started_at) == (0, LATER, AT)
        assert db.scalars(select(Call.node).where(Call.call_sid == SID)).all() == ["main/language"]
        assert (call.language, call.pace, call.state, call.secrets) == (
            "es-US",
            "relay",
            TURN.state,
            b"\x01keyed",
        )
        assert (call.open, call.flow_version) == (True, "v1")
        assert stored_turn(db, SID, 0) == StoredTurn(0, TURN.node, TURN.prompts, TURN.reply)
        assert stored_turn(db, SID, 1) is None
        assert stored_turn(db, OTHER, 0) is None
        assert lock_call(db, OTHER).seq == -1


def test_a_turn_is_stored_once(engine):
    with engine.begin() as db:
        opened(db)
        record_turn(db, TURN)
    with pytest.raises(IntegrityError), engine.begin() as db:
        record_turn(db, TURN._replace(reply=b"other"))
    with engine.connect() as db:
        assert stored_turn(db, SID, 0).reply == TURN.reply


def test_a_turn_of_no_call_stores_nothing(engine):
    with engine.begin() as db:
        record_turn(db, TURN)
        assert stored_turn(db, SID, 0) is None


def test_who_the_caller_is_stays_known(engine):
    with engine.begin() as db:
        opened(db)
        record_turn(db, TURN._replace(member_id="400000000101"))
        record_turn(db, TURN._replace(seq=1, member_id=None))
        assert row_of(db).member_id == "400000000101"


@pytest.mark.parametrize("end", ["goodbye", "agent", "fallback"])
def test_a_turn_that_ends_the_call_closes_it(engine, end):
    with engine.begin() as db:
        opened(db)
        record_turn(db, TURN._replace(end=end, secrets=None))
        row = row_of(db)
        assert (row.status, row.end, row.ended_at, row.secrets) == ("closed", end, LATER, None)
        assert not lock_call(db, SID).open


def test_closing_a_call_forgets_its_keyed_digits(engine):
    with engine.begin() as db:
        opened(db)
        record_turn(db, TURN)
        assert close_call(db, SID, "hangup", LATER)
        row = row_of(db)
    assert (row.status, row.end, row.ended_at, row.secrets, row.seq) == ("closed", "hangup", LATER, None, 0)


def test_a_call_is_closed_once_and_keeps_how_it_ended(engine):
    with engine.begin() as db:
        assert not close_call(db, SID, "hangup", AT)
        opened(db)
        record_turn(db, TURN._replace(end="goodbye", secrets=None))
        assert not close_call(db, SID, "hangup", LATER + timedelta(minutes=1))
        row = row_of(db)
    assert (row.end, row.ended_at) == ("goodbye", LATER)


def test_a_flow_version_is_kept_once_with_its_text(engine):
    with engine.begin() as db:
        assert flow_version_files(db, "v1") is None
        keep_flow_version(db, "v1", {"flows/main.toml": "ñ"}, AT)
        keep_flow_version(db, "v1", {"flows/main.toml": "other"}, LATER)
        assert flow_version_files(db, "v1") == {"flows/main.toml": "ñ"}
        assert db.execute(select(FlowVersion.first_seen_at)).scalar_one() == AT
