"""A lock of one row is held by one, and goes with whoever held it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from ivr.storage.advisory_locks import FILES, NOTICES, held_alone, hold_in_transaction


def is_free(engine, kind=FILES, row_id=7):
    with held_alone(engine, kind, row_id) as db:
        return db is not None


def test_one_at_a_time_holds_the_lock_of_a_row(engine):
    with held_alone(engine, FILES, 7):
        assert not is_free(engine)
        assert is_free(engine, row_id=8)
        assert is_free(engine, kind=NOTICES)
    assert is_free(engine)


def test_a_failure_under_the_lock_frees_it(engine):
    with pytest.raises(ProgrammingError), held_alone(engine, FILES, 7) as db:
        db.execute(text("SELECT what"))
    assert is_free(engine)


def test_a_transaction_that_holds_it_lets_nobody_in_until_it_ends(engine):
    with engine.begin() as db:
        hold_in_transaction(db, FILES, 7)
        assert not is_free(engine)
    assert is_free(engine)


def test_the_number_of_a_row_may_be_larger_than_a_key(engine):
    with held_alone(engine, FILES, 2**40 + 7):
        assert not is_free(engine, row_id=2**40 + 7)
