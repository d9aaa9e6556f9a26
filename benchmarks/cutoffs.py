"""What one cutoff takes of time and memory, for more and more payments; each in a process of its own.

`python -m benchmarks.cutoffs`, with the settings of a line that makes files, runs what is due and prints how
long it took and what the process held at its fullest, as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from benchmarks.databases import Cluster, fresh_database, settle
from benchmarks.servers import ROOT, BenchmarkError, tree_cpu_seconds
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import OriginationSettings, load_origination_settings
from ivr.jobs.bank import deliver_files, run_due_cutoffs
from ivr.payments.authorize import account_fingerprint, account_number_context
from ivr.payments.confirmation_numbers import draw_confirmation_number
from ivr.payments.cutoffs import cutoff_rule
from ivr.storage.engine import NO_LIMITS, database_url, make_engine

ROUTING_NUMBER = "021000021"
POSTMASTER = "BENCH_POSTMASTER"  # in the environment: the process id
MEMBERS = """
INSERT INTO members (member_id, first_name, last_name, date_of_birth_hash, ssn_last4_hash, address, city,
    state, postal_code, language, extra_time, sms_ok, updated_at)
SELECT (600000000000 + i)::text, 'Payer', 'Number ' || i, sha256(('d' || i)::bytea),
    sha256(('s' || i)::bytea), i || ' Example Street', 'Boston', 'MA', '02108', 'en-US', false, false, :now
FROM generate_series(0, CAST(:count AS bigint) - 1) AS i
"""
ACCOUNTS = """
INSERT INTO billing_accounts (billing_account, member_id, plan)
SELECT (710000000 + i)::text, (600000000000 + i)::text, CASE i % 3 WHEN 0 THEN 'dental' ELSE 'health' END
FROM generate_series(0, CAST(:count AS bigint) - 1) AS i
"""
_NOTICES = """
INSERT INTO notices (payment_id, about, about_id, kind, channel, language, state, created_at, sent_at,
    mailed_date)
SELECT id, 'authorization', id, 'authorized', 'letter', language, 'sent', authorized_at, authorized_at,
    CAST(authorized_at AS date)
FROM payments
"""


@dataclass(frozen=True)
class CutoffTaken:
    """What one cutoff took: `seconds` to make the file, `delivery_seconds` to bring it to a folder.

    With `cpu` it is the processor time of Python and PostgreSQL together.
    """

    payments: int
    seconds: float
    delivery_seconds: float
    cpu_seconds: float
    delivery_cpu_seconds: float
    peak_mebibytes: float


def cutoffs(
    cluster: Cluster,
    environment: Mapping[str, str],
    now: datetime,
    sizes: Sequence[int],
    tell: Callable[[str], None],
) -> list[CutoffTaken]:
    """Make the file of a cutoff for each number of payments, each in a database of its own."""
    settings = load_origination_settings(environment)
    taken = []
    for count in sizes:
        with fresh_database(cluster, "cutoff") as engine:
            tell(f"{count:,} payments")
            later = _load(engine, settings, now, count)
            settle(engine)
            tell(f"their cutoff at {later:%H:%M}")
            known = {"IVR_NOW": later.isoformat(), POSTMASTER: str(cluster.pid)}
            taken.append(_measured(engine, {**environment, **known}, count))
    return taken


def _load(engine: Engine, settings: OriginationSettings, now: datetime, count: int) -> datetime:
    """Load payments that were authorized `now`, their notices sent; return a minute after their cutoff."""
    dates = cutoff_rule(settings).debit_dates(now)
    fixed: dict[str, Any] = {
        "seq": 14,
        "state": "authorized",
        "authorized_at": now,
        "cutoff_at": dates.cutoff_at,
        "not_before_date": dates.effective_entry_date,
        "effective_entry_date": dates.effective_entry_date,
        "sec_code": "TEL",
        "account_type": "checking",
        "rdfi_routing_number": ROUTING_NUMBER,
        "language": "en-US",
        "pace": "voice",
    }
    with engine.begin() as db:
        for statement in (MEMBERS, ACCOUNTS):
            wanted = {"now": now, "count": count} if ":now" in statement else {"count": count}
            db.execute(text(statement), wanted)
        columns = (*fixed, *next(_payments(settings, 1)))
        driver: Any = db.connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY payments ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for payment in _payments(settings, count):
                copy.write_row((*fixed.values(), *payment.values()))
        db.execute(text(_NOTICES))
    return dates.cutoff_at + timedelta(minutes=1)


def _payments(settings: OriginationSettings, count: int) -> Iterator[dict[str, Any]]:
    """Yield what differs from payment to payment, each account number sealed as the line seals it."""
    randomness, keys, hashes = SeededRandomness(1), settings.key_ring, settings.hashes
    numbers: set[str] = set()
    while len(numbers) < count:
        number = draw_confirmation_number(randomness)
        if number in numbers:
            continue
        place = len(numbers)
        numbers.add(number)
        account_number = f"{place:012}"
        yield {
            "confirmation_number": number,
            "call_sid": f"CA{place:032x}",
            "amount_cents": 10_000 + place * 37 % 40_000,
            "plan": "health" if place % 3 else "dental",
            "billing_account": f"{710_000_000 + place}",
            "member_id": f"{600_000_000_000 + place}",
            "account_number": keys.seal(account_number.encode(), account_number_context(number)),
            "account_fingerprint": account_fingerprint(hashes, ROUTING_NUMBER, account_number),
            "account_last4": account_number[-4:],
            "receiver_name": f"Payer Number {place}",
        }


def _measured(engine: Engine, environment: Mapping[str, str], count: int) -> CutoffTaken:
    address = engine.url.render_as_string(hide_password=False)
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.cutoffs"],
        env={**environment, "DATABASE_URL": address, "IVR_ACH_OUT": f"{environment['IVR_VAR']}/ach"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise BenchmarkError(f"the cutoff of {count:,} payments failed: {ran.stderr.strip()[-300:]}")
    found = json.loads(ran.stdout)
    if found["entries"] != count:
        raise BenchmarkError(f"of {count:,} payments {found['entries']:,} are in the file")
    del found["entries"]
    return CutoffTaken(count, **found)


def _run() -> dict[str, float]:
    """Run what is due, and bring it to a folder that is emptied first."""
    settings = load_origination_settings()
    now = settings.make_clock().now()
    for old in settings.ach_out.glob("*.ach"):
        old.unlink()
    engine = make_engine(database_url(settings.database_url), limits=NO_LIMITS, pool_size=1)
    began = Spent.until_now()
    (done,) = run_due_cutoffs(engine, settings, now)
    made = Spent.until_now()
    failed = deliver_files(engine, settings, now)
    delivered = Spent.until_now()
    engine.dispose()
    return {
        "entries": 0 if done.file is None or failed else done.file.entries,
        "seconds": made.seconds - began.seconds,
        "delivery_seconds": delivered.seconds - made.seconds,
        "cpu_seconds": made.cpu_seconds - began.cpu_seconds,
        "delivery_cpu_seconds": delivered.cpu_seconds - made.cpu_seconds,
        "peak_mebibytes": peak_mebibytes(),
    }


class Spent(NamedTuple):
    """What was spent until a moment, by the clock and on the processor: Python's and PostgreSQL's."""

    seconds: float
    cpu_seconds: float

    @classmethod
    def until_now(cls) -> Spent:
        """Look at the clocks of this process and of the server that `POSTMASTER` names."""
        server = tree_cpu_seconds(int(os.environ[POSTMASTER]))
        return cls(time.perf_counter(), time.process_time() + server)


def peak_mebibytes() -> float:
    """Return the most memory this process ever held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()))
