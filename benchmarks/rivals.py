"""The durable rival, where Node is found: `make bench RIVAL=express`. Its packages go below `var`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers import ROOT, BenchmarkError, Server, free_port, running
from ivr.base.settings import Settings

EXPRESS = "Express + SQLite, durable"
SOURCES = ROOT / "benchmarks" / "express"


@contextmanager
def express(settings: Settings, var: Path) -> Iterator[Server]:
    """Run the rival in one process, on a new database, until the block ends.

    Raises `BenchmarkError` without Node, or when its packages cannot be installed.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise BenchmarkError("The rival needs Node and npm: install them, or leave RIVAL out")
    folder = var / "express"
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copy(source, folder)
    if not (folder / "node_modules" / "better-sqlite3" / "build").is_dir():
        installed = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode:
            raise BenchmarkError(f"npm could not install the rival: {installed.stderr.strip()[-300:]}")
    for old in folder.glob("calls.sqlite*"):
        old.unlink()
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "PORT": str(port),
        "AUTH_TOKEN": settings.twilio_auth_token,
        "PUBLIC_URL": settings.public_url,
        "DATABASE": str(folder / "calls.sqlite"),
    }
    with running(
        EXPRESS,
        ["node", "server.js"],
        folder=folder,
        environment=environment,
        port=port,
        log=var / "express.log",
        node="express",
    ) as server:
        yield server
