"""How long a file of bills takes to be imported, and how much memory, in a process of its own.

`python -m benchmarks.imports`, with the settings of a line, imports the file on standard input and prints, as
JSON, how long it took and what the process held at its fullest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy import text

from benchmarks.cutoffs import ACCOUNTS, MEMBERS, POSTMASTER, Spent, peak_mebibytes
from benchmarks.databases import Cluster, fresh_database, settle
from benchmarks.servers import ROOT, BenchmarkError
from ivr.base.settings import load_member_settings
from ivr.billing.imports import BILL_COLUMNS, import_bills
from ivr.storage.engine import NO_LIMITS, database_url, make_engine


@dataclass(frozen=True)
class ImportTaken:
    """What one import took; `cpu_seconds` of Python and PostgreSQL together."""

    bills: int
    seconds: float
    cpu_seconds: float
    peak_mebibytes: float


def imports(
    cluster: Cluster,
    environment: Mapping[str, str],
    now: datetime,
    count: int,
    tell: Callable[[str], None],
) -> ImportTaken:
    """Import a month's bills, one for each account that members have already."""
    with fresh_database(cluster, "imports") as engine, tempfile.TemporaryFile() as file:
        tell(f"members with {count:,} accounts")
        with engine.begin() as db:
            db.execute(text(MEMBERS), {"now": now, "count": count})
            db.execute(text(ACCOUNTS), {"count": count})
        settle(engine)
        _write_bills(file, count)
        file.seek(0)
        tell("their bills")
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.imports"],
            env={
                **environment,
                "DATABASE_URL": engine.url.render_as_string(hide_password=False),
                POSTMASTER: str(cluster.pid),
            },
            cwd=ROOT,
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise BenchmarkError(f"the import of {count:,} bills failed: {ran.stderr.strip()[-300:]}")
    found = json.loads(ran.stdout)
    if found["added"] != count:
        raise BenchmarkError(f"of {count:,} bills {found['added']:,} were added")
    del found["added"]
    return ImportTaken(count, **found)


def _write_bills(file: IO[bytes], count: int) -> None:
    columns = [name for name, column in BILL_COLUMNS.items() if column.required]
    file.write(f"{','.join(columns)}\n".encode())
    for place in range(count):
        plan = "health" if place % 3 else "dental"
        amount = f"{100 + place * 37 % 400}.{place % 100:02}"
        bill = f"{710_000_000 + place},{600_000_000_000 + place},{plan},2027-01,{amount},2026-12-23,no\n"
        file.write(bill.encode())


def _run() -> dict[str, float]:
    settings = load_member_settings()
    now = settings.make_clock().now()
    engine = make_engine(database_url(settings.database_url), limits=NO_LIMITS, pool_size=1)
    began = Spent.until_now()
    with engine.begin() as db:
        result = import_bills(db, settings.hashes, now, sys.stdin.buffer, as_of_at=now, file_name="bills.csv")
    ended = Spent.until_now()
    engine.dispose()
    return {
        "added": result.added,
        "seconds": ended.seconds - began.seconds,
        "cpu_seconds": ended.cpu_seconds - began.cpu_seconds,
        "peak_mebibytes": peak_mebibytes(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()))
