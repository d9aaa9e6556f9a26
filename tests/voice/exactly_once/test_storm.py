"""Everything at once: yeses, duplicates, fallbacks and hang-ups while workers, backends and the server die."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import Future

import pytest
from support.served_line import Caller, Exchange, ServedLine

ACTS = ("kill-worker", "kill-worker", "kill-backend", "end-backend", "fail")
STEPS_MOST = 7
CALLERS = 4


def fault(draw: random.Random) -> str:
    """Name a fault, in half of the requests."""
    if draw.random() < 0.5:
        return ""
    return f"{draw.choice(ACTS)} {draw.choice(('before', 'during', 'after'))}:{draw.randint(1, STEPS_MOST)}"


def one_call(line: ServedLine, caller: Caller, draw: random.Random) -> list[Future[Exchange]]:
    """Say yes up to three times and be sent to the fallback up to twice, all at once; perhaps hang up too."""
    posts = [caller.yes] * draw.randint(1, 3) + [caller.fallback] * draw.randint(0, 2)
    posts += [caller.hang_up] * (draw.random() < 0.2)
    draw.shuffle(posts)
    return [line.start(post, fault=fault(draw)) for post in posts]


def one_round(line: ServedLine, draw: random.Random, *, kill_server: bool) -> None:
    callers = [line.caller_at_the_question() for _ in range(CALLERS)]
    started = [each for caller in callers for each in one_call(line, caller, draw)]
    if kill_server:
        line.cluster.kill()
        line.cluster.restart_once_dead()
    for each in started:
        each.result()
    line.settle()
    for caller in callers:
        last = [caller.yes(), caller.fallback(), caller.yes()]
        assert last[0].body == last[2].body or "call-over" in last[0].prompts
        assert all(reply.status == 200 for reply in last)


def test_a_short_storm(line: ServedLine) -> None:
    draw = random.Random(2)
    for number in range(3):
        one_round(line, draw, kill_server=number % 3 == 2)


@pytest.mark.soak
def test_a_long_storm(line: ServedLine) -> None:
    seed = random.SystemRandom().randrange(10**6)
    draw = random.Random(seed)
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "300"))
    rounds = 0
    while time.monotonic() < until and rounds < 500:
        one_round(line, draw, kill_server=rounds % 4 == 3)
        rounds += 1
    assert rounds, f"seed {seed}"
