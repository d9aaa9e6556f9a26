"""The named sample members and their bills."""

from pathlib import Path

import pytest
from support.samples import HASHES, load_demo_members

from ivr.topics.line import compile_line, read_line_files


@pytest.fixture
def hashes():
    return HASHES


@pytest.fixture
def samples(engine, hashes):
    return load_demo_members(engine, hashes)


@pytest.fixture(scope="session")
def line():
    """The line as it is: its own flows and prompts, read once."""
    return compile_line(read_line_files(Path(__file__).parents[2]))
