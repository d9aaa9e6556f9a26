"""What a command need not load, it does not: staff wait for each one, and tests start them by the hundred."""

from __future__ import annotations

import subprocess
import sys

COSTLY = ("alembic", "twilio", "fpdf", "asyncssh", "procrastinate", "flask", "hypothesis")


def test_ordinary_commands_load_nothing_costly():
    modules = ("ivr.cli.main", "ivr.start", "ivr.payments.report", "ivr.members.imports")
    told = [f"import {module}; print({module!r}, *{set(COSTLY)} & {{*sys.modules}})" for module in modules]
    program = "; ".join(("import sys", *told))
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [*modules]
