"""The job queue's door: the only way a job gets in, and it leads through the caller's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from ivr.storage.prepared import PreparedStatement

QUEUE = "default"

# Procrastinate's own function, not its Python: the statement belongs to the connection's transaction and
# savepoint, a lost connection is the same error as in any other statement, and a web process loads no queue.
_DEFER = (
    "(procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:queue AS text), CAST(:job AS text), 0, NULL, NULL,"
    " {ids}, NULL)::procrastinate_job_to_defer_v1]))[1] AS id"
)
_ENQUEUE = select(text(_DEFER.format(ids=":ids")).bindparams(bindparam("ids", type_=JSONB)))
_ENQUEUE_WRITTEN = text(_DEFER.format(ids="jsonb_build_object(CAST(:argument AS text), written.id)"))


def enqueue(connection: Connection, job: str, *, queue: str = QUEUE, **ids: int | str) -> int:
    """Put a job into a queue and return its number; it exists when the transaction commits, or never.

    `job` is the name under which `ivr.jobs` knows it. Arguments are ids, nothing else: they lie in the
    queue readable and are logged. A job runs at least once.
    """
    values = {"queue": queue, "job": job, "ids": ids}
    return int(connection.execute(_ENQUEUE, values).scalar_one())


def insert_and_enqueue(
    connection: Connection,
    row: Insert,
    values: Mapping[str, Any],
    job: str,
    *,
    argument: str,
    queue: str = QUEUE,
) -> None:
    """As `enqueue`, in one round trip with the INSERT that writes what the job is about.

    The job's one `argument` is the id of that row, as the table gives it. There is one for each row that the
    INSERT writes. Not waited for, as `PreparedStatement.send`.
    """
    given = {**values, "queue": queue, "job": job, "argument": argument}
    _written_and_enqueued(row).send(connection, given)


@cache
def _written_and_enqueued(row: Insert) -> PreparedStatement:
    """Build the statement of an INSERT: there are a few, each made once."""
    written = row.returning(row.table.c.id).cte("written")
    return PreparedStatement(select(_ENQUEUE_WRITTEN).select_from(written))
