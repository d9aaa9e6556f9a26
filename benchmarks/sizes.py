"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts of one run. A paying call has 13 turns."""

    finished_calls: int
    members: int
    cycles: int
    warming_calls: int
    paying_calls: int  # in one slice
    menu_turns: int  # of each lane in one slice
    saturating_calls: int
    saturating_cycles: int
    open_loop_seconds: float
    open_loop_cycles: int
    verification_rounds: int
    profiled_calls: int
    lanes: int = 8
    saturating_lanes: int = 16
    payers: int = 6000
    workers: int = 4  # of each gunicorn
    played_calls: int = 60  # by the whole line, to be run again
    recorded_calls: int = 10_000
    cutoff_payments: tuple[int, ...] = (10_000, 30_000, 100_000)
    imported_bills: int = 500_000
    audited_payments: int = 100_000
    page_rounds: int = 30


FULL = Sizes(
    finished_calls=1_000_000,
    members=400_000,
    cycles=27,  # many short slices: what is measured beside each other is the same machine
    warming_calls=32,
    paying_calls=16,
    menu_turns=27,
    saturating_calls=48,
    saturating_cycles=6,
    open_loop_seconds=4,
    open_loop_cycles=10,
    verification_rounds=150,
    profiled_calls=300,
)
QUICK = Sizes(
    finished_calls=200,
    members=80,
    cycles=2,
    warming_calls=1,
    paying_calls=2,
    menu_turns=2,
    saturating_calls=2,
    saturating_cycles=1,
    open_loop_seconds=0.2,
    open_loop_cycles=1,
    verification_rounds=1,
    profiled_calls=2,
    lanes=2,
    saturating_lanes=2,
    payers=120,
    workers=1,
    played_calls=3,
    recorded_calls=12,
    cutoff_payments=(5, 20),
    imported_bills=30,
    audited_payments=50,
    page_rounds=2,
)
