"""The console on a database with staff of every role."""

from __future__ import annotations

import pytest
from support.console import Visitor, add_everybody, console_on
from support.samples import NOW


@pytest.fixture
def visitor(engine, line):
    console = console_on(engine, line, NOW)
    return Visitor(console, add_everybody(console))
