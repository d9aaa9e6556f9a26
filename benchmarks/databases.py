"""Two databases in one durable cluster: one with only the callers in it, one with a year of calls too."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, text

from benchmarks.servers import BenchmarkError
from ivr.base.settings import Settings
from ivr.billing.imports import import_bills
from ivr.billing.samples import SampleMember, bills_csv, members_csv
from ivr.members.imports import import_members
from ivr.members.verification import RECENT_FAILURES, KeyedFacts, verify
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.migrate import upgrade
from ivr.storage.place import find_place

TURNS_A_CALL = 2
_PREFIX = "bench_"
PASSING = 100_000  # rows a transaction


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL: its address and its postmaster's process id."""

    url: URL
    pid: int


@contextmanager
def cluster(var: Path) -> Iterator[Cluster]:
    """Hold the benchmark's own embedded PostgreSQL, which flushes as in earnest."""
    with EmbeddedPostgres(var, durable=True) as url:
        engine = make_engine(url, limits=NO_LIMITS)
        with engine.connect() as db:
            if db.execute(text("SHOW fsync")).scalar_one() != "on":
                raise BenchmarkError("PostgreSQL runs without fsync: no number would be true")
        engine.dispose()
        place = find_place(var, var, lambda _sentence: None)
        yield Cluster(url, int((place.data / "postmaster.pid").read_text().split()[0]))


@contextmanager
def fresh_database(cluster: Cluster, purpose: str) -> Iterator[Engine]:
    """Make a migrated database without rows, and drop it at the end."""
    name = f"{_PREFIX}{purpose}_{os.getpid()}"
    server = make_engine(cluster.url, limits=NO_LIMITS).execution_options(isolation_level="AUTOCOMMIT")
    engine = make_engine(cluster.url.set(database=name), limits=NO_LIMITS)
    with server.connect() as db:
        _drop_forgotten(db)
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()
        with server.connect() as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def _drop_forgotten(db: Connection) -> None:
    """Drop what killed runs left: a database's name ends with its maker's process id."""
    names = db.execute(
        text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"), {"prefix": _PREFIX}
    )
    for name in names.scalars().all():
        if not Path(f"/proc/{name.rpartition('_')[2]}").exists():
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def load_callers(engine: Engine, settings: Settings, now: datetime, callers: Sequence[SampleMember]) -> None:
    """Import the members who will call, the way operators do."""
    with engine.begin() as db:
        members = io.BytesIO(members_csv(callers).encode())
        read = import_members(db, settings.hashes, now, members, file_name="members.csv")
        bills = io.BytesIO(bills_csv(callers).encode())
        billed = import_bills(db, settings.hashes, now, bills, as_of_at=now, file_name="bills.csv")
    if read.errors or billed.errors:
        raise BenchmarkError(f"the sample members were refused: {(*read.errors, *billed.errors)[0]}")


def lock(engine: Engine, settings: Settings, now: datetime, members: Sequence[SampleMember]) -> None:
    """Fail each member's verification until it is locked."""
    with engine.begin() as db:
        for member in members:
            for _ in range(RECENT_FAILURES):
                verify(db, settings.hashes, now, KeyedFacts(member.member_id, member.date_of_birth_keyed))


# Members nobody here calls as: each with a health bill paid last month and one due now, every third with
# dental. Hashes are noise of the right length.
_MEMBERS = """
INSERT INTO members (member_id, first_name, last_name, date_of_birth_hash, ssn_last4_hash, phone, address,
    city, state, postal_code, email, language, extra_time, sms_ok, updated_at)
SELECT (600000000000 + i)::text, 'Filler', 'Number ' || i, sha256(('d' || i)::bytea),
    sha256(('s' || i)::bytea), NULL, i || ' Example Street', 'Boston', 'MA', '02108',
    'filler' || i || '@example.com', 'en-US', false, false, :now
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i
"""
_ACCOUNTS = """
INSERT INTO billing_accounts (billing_account, member_id, plan)
SELECT (base + i)::text, (600000000000 + i)::text, plan
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i,
    (VALUES ('health', 710000000), ('dental', 730000000)) AS plans (plan, base)
WHERE plan = 'health' OR i % 3 = 0
"""
_BILLS = """
INSERT INTO bills (billing_account, coverage_month, amount_cents, due_date, first_payment, as_of_at)
SELECT (base + i)::text, month, 10000 + i % 40000, CAST(:today AS date) + after, false, :now
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i,
    (VALUES ('health', 710000000), ('dental', 730000000)) AS plans (plan, base),
    (VALUES ('2026-12', -25), ('2027-01', 5)) AS months (month, after)
WHERE plan = 'health' OR i % 3 = 0
"""
_LEDGER = """
INSERT INTO ledger_entries (billing_account, kind, amount_cents, coverage_month, posted_at)
SELECT (base + i)::text, kind, (10000 + i % 40000) * sign, month, CAST(:now AS timestamptz) - before
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i,
    (VALUES ('health', 710000000), ('dental', 730000000)) AS plans (plan, base),
    (VALUES ('bill', 1, '2026-12', interval '40 days'), ('payment', -1, NULL, interval '30 days'),
        ('bill', 1, '2027-01', interval '10 days')) AS entries (kind, sign, month, before)
WHERE plan = 'health' OR i % 3 = 0
"""
# One payment a member, a month ago: settled long since. A start looks under which key it is sealed.
_PAYMENTS = """
INSERT INTO payments (confirmation_number, call_sid, seq, state, amount_cents, plan, billing_account,
    member_id, authorized_at, cutoff_at, not_before_date, effective_entry_date, sec_code, account_type,
    rdfi_routing_number, account_number, account_fingerprint, account_last4, receiver_name, language, pace)
SELECT (20000000000 + i * 97 % 79999999999)::text, 'CA' || md5('call' || i), 14, 'final', 10000 + i % 40000,
    'health', (710000000 + i)::text, (600000000000 + i)::text,
    CAST(:now AS timestamptz) - interval '30 days', CAST(:now AS timestamptz) - interval '30 days',
    CAST(:today AS date) - 29, CAST(:today AS date) - 29, 'TEL', 'checking', '021000021',
    CAST(:sealed AS bytea), sha256(('f' || i)::bytea), '7890', 'Filler Number ' || i, 'en-US', 'voice'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i
"""
# Calls of the last year, purged as they are a day after they end.
_CALLS = """
INSERT INTO calls (call_sid, status, "end", caller_kind, caller_hash, started_at, answered_at, ended_at,
    flow_version, language, pace, seq, node, member_id, state, secrets, purged)
SELECT 'CA' || md5('call' || i), 'closed', 'goodbye', 'number', sha256(('c' || i)::bytea), at, at, at,
    repeat('0', 64), 'en-US', 'voice', CAST(:turns AS integer) - 1, 'main/goodbye',
    (600000000000 + i % CAST(:members AS bigint))::text, '{}', NULL, true
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i,
    LATERAL (SELECT CAST(:now AS timestamptz) - interval '366 days'
        + interval '365 days' * (i::float / CAST(:calls AS bigint)) AS at) AS instants
"""
_TURNS = """
INSERT INTO turns (call_sid, seq, at, node, prompts, events, reply)
SELECT 'CA' || md5('call' || i), seq, CAST(:now AS timestamptz) - interval '366 days'
    + interval '365 days' * (i::float / CAST(:calls AS bigint)), 'help/menu', 'autopay,help-menu',
    '{"heard":"keys=1","path":["help/menu > 3","help/autopay > next"]}', NULL
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i,
    generate_series(0, CAST(:turns AS integer) - 1) AS seq
"""

_LOADED = "('members', 'billing_accounts', 'bills', 'ledger_entries', 'payments', 'calls', 'turns')"
# Foreign keys first: they lean on the others.
_CONSTRAINTS = f"""
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE (conrelid::regclass::text IN {_LOADED} AND contype IN ('p', 'u')) OR
    (confrelid::regclass::text IN {_LOADED} AND contype = 'f')
ORDER BY contype <> 'f'
"""
_INDEXES = f"""
SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN {_LOADED}
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""


def load_history(
    engine: Engine,
    settings: Settings,
    now: datetime,
    *,
    calls: int,
    members: int,
    tell: Callable[[str], None],
) -> None:
    """Load finished calls with their turns, and members with accounts, bills, ledger rows and a payment."""
    fixed: dict[str, Any] = {
        "now": now,
        "today": now.date(),
        "turns": TURNS_A_CALL,
        "calls": calls,
        "members": members,
        "sealed": settings.key_ring.seal(b"1234567890", "filler"),
    }
    steps = [
        *((members, each) for each in (_MEMBERS, _ACCOUNTS, _BILLS, _LEDGER, _PAYMENTS)),
        (calls, _CALLS),
        (calls, _TURNS),
    ]
    with engine.connect() as db, _without_indexes(db):
        db.execute(text("SET session_replication_role = replica"))
        for count, statement in steps:
            tell(statement.split("(")[0].split()[-1])
            for first in range(0, count, PASSING):
                last = min(first + PASSING, count) - 1
                wanted = {name: value for name, value in fixed.items() if f":{name}" in statement}
                db.execute(text(statement), {**wanted, "first": first, "last": last})
                db.commit()
        db.execute(text("SET session_replication_role = origin"))
        tell("indexes")


@contextmanager
def _without_indexes(db: Connection) -> Iterator[None]:
    """Take keys and indexes away for a load, and build them again: a third of the time."""
    db.execute(text("SET synchronous_commit = off"))
    db.execute(text("SET maintenance_work_mem = '512MB'"))
    constraints = db.execute(text(_CONSTRAINTS)).all()
    indexes = db.execute(text(_INDEXES)).all()
    for table, name, _ in constraints:
        db.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    for name, _ in indexes:
        db.execute(text(f"DROP INDEX {name}"))
    db.commit()
    yield
    for _, definition in indexes:
        db.execute(text(definition))
    for table, name, definition in reversed(constraints):
        db.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))
    db.commit()


def settle(engine: Engine) -> None:
    """Do what the server does by itself after a load, so that it does not do it while times are taken."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text("VACUUM (ANALYZE)"))
        db.execute(text("CHECKPOINT"))


def megabytes(engine: Engine) -> int:
    """Return the size of a database."""
    with engine.connect() as db:
        return int(db.execute(text("SELECT pg_database_size(current_database()) / 1000000")).scalar_one())
