from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ivr.storage.queue import enqueue


def waiting(engine: Engine) -> list[tuple]:
    query = "SELECT id, queue_name, task_name, args, status::text FROM procrastinate_jobs ORDER BY id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_job_exists_once_its_transaction_has_committed(engine: Engine) -> None:
    with engine.begin() as connection:
        job_id = enqueue(connection, "send_notice", payment_id=7, call_sid="CA%(x)s :y")
        assert waiting(engine) == []
    assert waiting(engine) == [
        (job_id, "default", "send_notice", {"payment_id": 7, "call_sid": "CA%(x)s :y"}, "todo")
    ]


def test_a_job_goes_with_its_transaction(engine: Engine) -> None:
    with engine.connect() as connection:
        enqueue(connection, "send_notice", payment_id=7)
        connection.rollback()
        enqueue(connection, "kept", payment_id=8)
        with connection.begin_nested() as savepoint:
            enqueue(connection, "send_notice", payment_id=9)
            savepoint.rollback()
        with connection.begin_nested() as savepoint:
            enqueue(connection, "send_notice", payment_id=10)
            with pytest.raises(DBAPIError):
                connection.execute(text("SELECT 1 / 0"))
            savepoint.rollback()
        connection.commit()
    assert [name for _, _, name, _, _ in waiting(engine)] == ["kept"]


def test_a_lost_connection_is_sqlalchemy_s_error(engine: Engine) -> None:
    with engine.connect() as connection, engine.connect() as other:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as caught:
            enqueue(connection, "send_notice", payment_id=7)
    assert caught.value.connection_invalidated


def test_arguments_are_plain_json(engine: Engine) -> None:
    with engine.begin() as connection:
        enqueue(connection, "nothing")
        enqueue(connection, "odd", text="ü\"'\\")
    assert json.dumps([args for _, _, _, args, _ in waiting(engine)]) == json.dumps([{}, {"text": "ü\"'\\"}])
