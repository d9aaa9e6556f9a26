"""Long lists are read piece by piece, in the caller's transaction; what goes wrong is SQLAlchemy's error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import Engine, func, literal, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from ivr.storage.streams import rows_by_thousand, stream_rows
from ivr.storage.tables import Payment

Reader = Callable[..., Iterator[Any]]


def by_thousand(*given: Any) -> Iterator[Any]:
    return chain.from_iterable(rows_by_thousand(*given))


readers = pytest.mark.parametrize("read", [stream_rows, by_thousand])


@readers
def test_rows_have_names_and_the_drivers_types(engine: Engine, read: Reader) -> None:
    at = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
    numbers = func.generate_series(1, 2500).column_valued("number")
    with engine.connect() as db:
        rows = list(read(db, select(numbers, literal(at).label("at"), literal("50 %").label("share"))))
        assert db.scalar(text("SELECT 1")) == 1
    assert [row.number for row in rows] == list(range(1, 2501))
    assert {(row.at, row.share) for row in rows} == {(at, "50 %")}


def test_between_a_thousand_and_the_next_other_statements_run(engine: Engine) -> None:
    numbers = func.generate_series(1, 2500).column_valued("number")
    with engine.connect() as db:
        counts = [(len(rows), db.scalar(text("SELECT 1"))) for rows in rows_by_thousand(db, select(numbers))]
        assert counts == [(1000, 1), (1000, 1), (500, 1), (0, 1)]
        assert len(list(by_thousand(db, select(numbers)))) == 2500  # of a list that is over, nothing is left


@readers
def test_an_error_is_one_of_those_that_others_catch(engine: Engine, read: Reader) -> None:
    with engine.connect() as db:
        db.execute(text("CREATE ROLE ivr_test_stranger"))
        db.execute(text("SET LOCAL ROLE ivr_test_stranger"))
        with pytest.raises(ProgrammingError, match="permission denied for table payments"):
            next(read(db, select(Payment.id)))
    numbers = func.generate_series(1, 1_000_000).column_valued("number")
    with engine.connect() as db, engine.connect() as other:
        pid = db.scalar(text("SELECT pg_backend_pid()"))
        rows = read(db, select(numbers, func.repeat("x", 1000)))
        next(rows)
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(OperationalError):
            list(rows)
