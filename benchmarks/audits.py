"""How long `ivr audit` takes over a year of payments, and how much memory, in a process of its own.

`python -m benchmarks.audits`, with the settings of a line, audits the year before and prints, as JSON, how
long it took and what the process held at its fullest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.cutoffs import peak_mebibytes
from benchmarks.databases import Cluster, fresh_database, settle
from benchmarks.servers import ROOT, BenchmarkError
from benchmarks.years import load_year
from ivr.audit.pages import make_pages
from ivr.audit.report import audit
from ivr.base.settings import load_member_settings, load_origination_settings
from ivr.payments.retention import kept_since
from ivr.storage.engine import NO_LIMITS, database_url, make_engine


@dataclass(frozen=True)
class AuditTaken:
    """What one audit took, its PDF included."""

    payments: int
    seconds: float
    peak_mebibytes: float


def audits(
    cluster: Cluster,
    environment: Mapping[str, str],
    now: datetime,
    count: int,
    tell: Callable[[str], None],
) -> AuditTaken:
    """Audit a year of so many payments, none of which broke a duty."""
    settings = load_origination_settings(environment)
    with fresh_database(cluster, "audit") as engine:
        tell(f"a year of {count:,} payments")
        load_year(engine, settings.key_ring, settings.hashes, now, count)
        settle(engine)
        tell("its audit")
        address = engine.url.render_as_string(hide_password=False)
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.audits"],
            env={**environment, "DATABASE_URL": address},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise BenchmarkError(f"the audit of {count:,} payments failed: {ran.stderr.strip()[-300:]}")
    found = json.loads(ran.stdout)
    if (found["seals"], found["not_met"]) != (count, 0):
        raise BenchmarkError(
            f"of {count:,} payments {found['seals']:,} are sealed, {found['not_met']:,} broken"
        )
    return AuditTaken(count, found["seconds"], found["peak_mebibytes"])


def _run() -> dict[str, float]:
    settings = load_member_settings()
    now = settings.make_clock().now()
    engine = make_engine(database_url(settings.database_url), limits=NO_LIMITS, pool_size=1)
    began = time.perf_counter()
    today, kept = now.date(), kept_since(now, settings.ivr_evidence_years)
    with engine.connect() as db:
        report = audit(db, settings, today - timedelta(days=365), today, now, kept=kept)
    make_pages(report, settings.ivr_timezone)
    seconds = time.perf_counter() - began
    engine.dispose()
    return {
        "seals": report["evidence"]["seals"],
        "not_met": report["not_met"],
        "seconds": seconds,
        "peak_mebibytes": peak_mebibytes(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()))
