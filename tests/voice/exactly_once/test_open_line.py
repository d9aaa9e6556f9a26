"""The line as it is served, with nothing in front, in bad weather: what callers hear stays true, and in time."""

from __future__ import annotations

import os
import random

import pytest
from sqlalchemy import func, select
from support.invariants import check_promises
from support.served_line import wait_until
from support.storm import OpenLine, Storm, open_line, wait_for_health

from ivr.storage.tables import Payment

HEALTHY_WITHIN_SECONDS = 15.0
CALLS_A_SECOND = 10  # at most: each has some fifteen turns


def weather_the(storm: Storm, line: OpenLine) -> None:
    seen = storm.rage()
    seconds = wait_for_health(line, HEALTHY_WITHIN_SECONDS)
    after = storm.pay(line.members[-1])
    told = f"{seen.as_text()}; well again after {seconds:.1f} s"
    print(told)  # noqa: T201 (what was counted, for who runs it)
    wait_until(line.at_rest)
    counts = check_promises(line.engine, line.settings.key_ring, line.exchanges)
    with line.engine.connect() as db:
        twice = select(Payment.member_id).group_by(Payment.member_id).having(func.count() > 1)
        assert db.scalars(twice).all() == [], "paid twice"
    assert after == "paid"
    assert seen.calls["paid"] > 0
    assert counts["payments"] >= seen.calls["paid"]
    assert seen.waited_too_long == [], told
    # Twilio apologizes only where the fallback's own worker was killed as well.
    assert len(seen.apologies) <= seen.acts["kill worker"] // 50 + 1, told


def test_six_seconds_of_storm() -> None:
    with open_line(members=6 * CALLS_A_SECOND) as line:
        weather_the(Storm(line, seconds=6, seed=1), line)


@pytest.mark.soak
def test_ten_minutes_of_storm() -> None:
    seconds = float(os.environ.get("SOAK_SECONDS", "600"))
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201
    with open_line(members=int(seconds * CALLS_A_SECOND)) as line:
        weather_the(Storm(line, seconds=seconds, seed=seed), line)
