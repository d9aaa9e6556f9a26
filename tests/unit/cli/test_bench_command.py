"""`ivr bench`: calls are really paid on a line served for them, and what was seen is told."""

import re

import pytest

from ivr.sandbox.bench import SECONDS_A_TURN, LoadStep, told


@pytest.mark.long
@pytest.mark.whole
def test_it_serves_a_line_and_pays(ivr):
    ran = ivr("bench", "--seconds", "0.5", "--workers", "1", "--callers", "2")
    assert ran.status in (0, 1), ran  # how quick this machine is now is no failure
    header, first, *_ = ran.out.splitlines()
    assert header == "callers  turns a second  half within  99 of 100 within"
    assert re.fullmatch(r" +1 +\d+ +\d+ ms +\d+ ms", first)
    assert "processors" in ran.out.splitlines()[-1]


def step(callers, turns, *, busy=1.0):
    return LoadStep(callers, 10.0, turns, web_cpu_seconds=8.0, own_cpu_seconds=4.0, busy=busy)


def test_the_most_that_is_quick_enough_counts_and_the_processors_share_is_told():
    steps = [step(1, [0.01] * 500), step(2, [0.01] * 900), step(4, [0.01] * 980 + [0.3] * 20)]
    assert list(told(steps, 2)) == [
        (
            f"90 turns a second with 99 of 100 answered within 200 ms: {90 * SECONDS_A_TURN:,} calls at once,"
            " a turn every 18 seconds each."
        ),
        (
            "The processors limit it, 2 of them 100% busy: web 40%, the callers of this measurement 20%,"
            " PostgreSQL and the rest 40%."
        ),
    ]


def test_waiting_is_told_where_the_processors_are_idle_and_a_slow_line_is_called_slow():
    slow, why = told([step(1, [0.3] * 100, busy=0.3)], 2)
    assert slow == "Not even one caller at a time has 99 of 100 turns answered within 200 ms."
    assert why.startswith("The processors are 30% busy: what limits it is waiting")
