"""The line as it is: its own flows and prompts, read once."""

from pathlib import Path

import pytest

from ivr.actions.line import compile_line, read_line_files


@pytest.fixture(scope="session")
def line():
    return compile_line(read_line_files(Path(__file__).parents[3]))
