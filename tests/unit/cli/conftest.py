"""The `ivr` command in this process, on a database of the test's own; nothing it configures stays."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import URL, Engine, text
from support import environs

from ivr.base.clock import ManualClock
from ivr.cli.main import run

KEY = base64.b64encode(bytes(range(32))).decode()
SETTINGS = {
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "0123456789abcdef",
    "IVR_KEYS": f"new:{environs.KEY}",
    "IVR_HASH_KEY": KEY,
    **environs.SUPPORT,
    **environs.BANK,
    **environs.PLAIN,
}


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: URL) -> dict[str, str]:
    """A whole environment with a migrated database; tests that change it call `monkeypatch` themselves.

    The demo's clock stands at `IVR_NOW` here: from there it runs with the machine's, and however long a busy
    machine takes over a command would be in what the command writes down.
    """
    values = {
        **SETTINGS,
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "IVR_VAR": str(tmp_path / "var"),
    }
    for name in ("IVR_DEMO", "IVR_NOW", "IVR_AGENT_PHONE", "IVR_LANGUAGES", "PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ivr.base.settings.ShiftedClock", ManualClock)
    return values


@pytest.fixture
def ivr(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command: `ivr("members", "import", file)`."""

    def command(*arguments: object) -> Ran:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ran(status, written.out, written.err)

    return command


@pytest.fixture
def account(engine: Engine, database_url: URL) -> Iterator[str]:
    """An account of the server's that may read and write, and nothing more."""
    letters = "".join(
        chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12]
    )  # digits are masked in logs
    name = f"ivr_test_{letters}"
    with engine.begin() as db:
        db.execute(text(f"CREATE ROLE {name} LOGIN"))
        db.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
        db.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}"))
    yield name
    with engine.begin() as db:
        db.execute(text(f"GRANT TEMPORARY ON DATABASE {database_url.database} TO PUBLIC"))
        db.execute(text(f"DROP OWNED BY {name}"))
        db.execute(text(f"DROP ROLE {name}"))
