"""What runs of `ivr/`, counted in each pytest worker: `PYTHONPATH=tests pytest -p support.covering -n 2`.

slipcover's probes go once they were hit: tracing every line took twice as long as the tests. Its own pytest plugin
takes every test apart as well, in each worker, to count branches that nobody asks for.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import slipcover

COUNTED = Path(__file__).resolve().parents[2] / "var" / "coverage"
CODE = "ivr"
# Alembic loads them past the import system, where they cannot be watched: tests/migrations runs each up and down.
LEFT_OUT = ["ivr/storage/migrations/versions/*"]
MISSES = (
    1_000  # hits of a probe after which all that were hit are taken out: each time takes a tenth of a second
)
NEVER_RUN = ["if TYPE_CHECKING:", r"\.\.\.$"]

_worker = os.environ.get("PYTEST_XDIST_WORKER")
_counter = slipcover.Slipcover(
    branch=True, source=[CODE], omit=LEFT_OUT, exclude_also=NEVER_RUN, d_miss_threshold=MISSES
)
if _worker:  # now: later plugins and conftest.py import what is to be counted
    slipcover.ImportManager(_counter, slipcover.FileMatcher([CODE], LEFT_OUT)).__enter__()


def pytest_sessionfinish() -> None:
    """Write down what ran in this worker."""
    if _worker:
        COUNTED.mkdir(parents=True, exist_ok=True)
        (COUNTED / f"{_worker}.json").write_text(json.dumps(_counter.get_coverage()))
