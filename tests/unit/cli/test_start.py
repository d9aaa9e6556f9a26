"""What a command need not load, it does not: staff wait for each one, and tests start them by the hundred."""

from __future__ import annotations

import subprocess
import sys

import pytest

COSTLY = ("alembic", "twilio", "fpdf", "asyncssh", "procrastinate", "flask", "hypothesis")


@pytest.mark.parametrize(
    "module", ["ivr.cli.main", "ivr.start", "ivr.payments.report", "ivr.members.imports"]
)
def test_ordinary_commands_load_nothing_costly(module):
    program = f"import sys, {module}; print(*sorted(set(sys.modules) & set({COSTLY!r})))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
