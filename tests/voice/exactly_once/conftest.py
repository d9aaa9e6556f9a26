"""A line of one's own for tests that kill: server, database and callers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.invariants import check_promises
from support.served_line import ServedLine, serve


@pytest.fixture(scope="module")
def shared_line() -> Iterator[ServedLine]:
    """One line for all tests of a module."""
    with serve(workers=3, members=60) as served:
        yield served


@pytest.fixture
def line(shared_line: ServedLine) -> Iterator[ServedLine]:
    """The module's line; after each test every promise is checked for every call so far."""
    yield shared_line
    shared_line.settle()
    check_promises(shared_line.engine, shared_line.settings.key_ring, shared_line.exchanges)
