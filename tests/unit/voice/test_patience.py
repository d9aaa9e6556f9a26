"""How long is waited for a database, by a clock of the test's own; how workers share it, see exactly_once."""

from __future__ import annotations

import select
import socket
import sys

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from ivr.voice.deadline import DeadlineExceeded
from ivr.voice.patience import LEAST_SECONDS, Patience, TurnedAwayError

DEADLINE, QUIET = 5.0, 2.0


class Line:
    """A patience, its clock, and what is tried."""

    def __init__(self):
        self.seconds = 100.0
        self.engine = create_engine(
            "postgresql+psycopg://127.0.0.1:1/none", connect_args={"connect_timeout": 1}
        )
        self.patience = Patience(
            self.engine, deadline_seconds=DEADLINE, quiet_seconds=QUIET, now=lambda: self.seconds
        )

    def comes_through(self, arrived_at=None):
        return self.patience.spend(lambda: "done", arrived_at) == "done"

    def is_turned_away(self, arrived_at=None):
        tried = []
        with pytest.raises(TurnedAwayError):
            self.patience.spend(lambda: tried.append(1), arrived_at)
        return tried == []

    def hangs(self, arrived_at=None):
        def work():
            self.seconds += DEADLINE
            raise DeadlineExceeded

        with pytest.raises(DeadlineExceeded):
            self.patience.spend(work, arrived_at)


@pytest.fixture
def line():
    return Line()


def test_after_one_ran_out_of_time_the_next_are_told_at_once_and_then_one_tries(line):
    assert line.comes_through()
    line.seconds += DEADLINE
    line.hangs()
    assert line.is_turned_away()
    line.seconds += QUIET - 0.1
    assert line.is_turned_away()
    line.seconds += 0.1

    def work():
        assert line.is_turned_away()  # one at a time
        return "done"

    assert line.patience.spend(work) == "done"
    assert line.comes_through()


def test_a_try_in_vain_begins_it_again(line):
    line.hangs()
    line.seconds += QUIET
    line.hangs()
    assert line.is_turned_away()


def test_who_dies_while_trying_is_followed_by_another(line):
    line.hangs()
    line.seconds += QUIET
    with pytest.raises(SystemExit):
        line.patience.spend(lambda: sys.exit(1))
    line.seconds += DEADLINE
    assert line.is_turned_away()
    line.seconds += 1
    assert line.comes_through()


def test_one_call_that_hangs_among_others_that_do_not_is_that_calls_own_trouble(line):
    def work():
        line.seconds += DEADLINE - 1
        assert line.comes_through()  # another's
        line.seconds += 1
        raise DeadlineExceeded

    with pytest.raises(DeadlineExceeded):
        line.patience.spend(work)
    assert line.comes_through()


def test_the_first_that_comes_through_opens_it_also_one_that_began_before(line):
    def work():
        line.hangs()
        assert line.is_turned_away()
        return "done"

    assert line.patience.spend(work) == "done"
    assert line.comes_through()


def test_a_database_that_cannot_be_reached_is_away_and_one_that_refuses_is_not(line):
    with pytest.raises(OperationalError):
        line.patience.spend(line.engine.connect)
    assert line.is_turned_away()

    def refused():
        raise OperationalError("SELECT", {}, Exception("a lock was not to be had"))

    other = Line()
    with pytest.raises(OperationalError):
        other.patience.spend(refused)
    assert other.comes_through()


def test_the_time_before_it_was_taken_up_counts(line):
    assert line.comes_through(arrived_at=line.seconds - DEADLINE + LEAST_SECONDS)
    assert line.is_turned_away(arrived_at=line.seconds - DEADLINE + LEAST_SECONDS - 0.01)
    assert line.is_turned_away(arrived_at=line.seconds - 1000)
    assert line.comes_through()  # being late says nothing of the database


def test_what_is_left_is_when_the_alarm_rings(line):
    """A real alarm, four seconds before it would ring without the time that is over."""
    mine, other = socket.socketpair()
    with mine, other, pytest.raises(DeadlineExceeded):
        line.patience.spend(lambda: select.select([mine], [], [], 4), line.seconds - DEADLINE + LEAST_SECONDS)


def test_a_refusal_says_why(line):
    with pytest.raises(TurnedAwayError, match=r"^no time was left, 7\.0 s after it was asked$"):
        line.patience.spend(lambda: None, line.seconds - 7)
    line.hangs()
    with pytest.raises(TurnedAwayError, match="did not answer others a moment ago"):
        line.patience.spend(lambda: None)
