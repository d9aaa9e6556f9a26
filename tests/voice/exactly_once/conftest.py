"""A line of one's own for tests that kill: server, database and callers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.invariants import check_promises
from support.served_line import ServedLine, serve

HERE = Path(__file__).parent
WORKERS = 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each module's tests on one test worker: they share a line, which takes seconds to start."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.whole)


@pytest.fixture(scope="module")
def shared_line() -> Iterator[ServedLine]:
    """One line for all tests of a module."""
    with serve(workers=WORKERS, members=60) as served:
        yield served


@pytest.fixture
def line(shared_line: ServedLine) -> Iterator[ServedLine]:
    """The module's line; after each test every promise is checked for every call so far."""
    yield shared_line
    shared_line.settle()
    check_promises(shared_line.engine, shared_line.settings.key_ring, shared_line.exchanges)
