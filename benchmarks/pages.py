"""How long the console's pages take to answer with a million calls behind them.

The calls of the last five weeks are copies of calls that the whole line played, with all their turns; those
before them have two turns each. Every payment has its authorization, entry, ledger rows and notice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Engine, insert, text
from werkzeug.test import Client

from benchmarks.databases import Cluster, fresh_database, load_history, settle
from benchmarks.replays import recorded_rows
from benchmarks.servers import ROOT, BenchmarkError
from benchmarks.sizes import Sizes
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import load_console_settings, load_replay_settings, load_settings
from ivr.calls.days import Days, count_next_day
from ivr.calls.reports import COUNTS
from ivr.console.app import make_console_app
from ivr.console.lines import Lines
from ivr.console.visit import Console
from ivr.staff.logins import log_in_signed_on
from ivr.staff.people import StaffKeys, add_staff
from ivr.staff.rights import ROLES
from ivr.storage.engine import PAGE_LIMITS, make_engine
from ivr.storage.tables import Call, Turn
from ivr.topics.line import Line, compile_line, read_line_files

DETAILED_DAYS = 35
_WARMING = 2
_PASSWORD = "only a benchmark knows it"
# A year of payments, of which one of a hundred came back and a few are cancelled or held.
_THEN = (
    """UPDATE payments SET state = CASE WHEN id % 100 = 0 THEN 'returned' WHEN id % 1009 = 0 THEN 'cancelled'
        WHEN id % 20011 = 0 THEN 'held' ELSE 'final' END, return_code = CASE WHEN id % 100 = 0 THEN 'R01' END,
        returned_at = CASE WHEN id % 100 = 0 THEN at + interval '3 days' END,
        settled_at = at + interval '1 day', authorized_at = at, cutoff_at = at, authorization_id = id,
        account_last4 = lpad((id % 10000)::text, 4, '0'),
        member_id = (600000000000 + id * 7919 % :members)::text,
        billing_account = (710000000 + id * 7919 % :members)::text
    FROM (SELECT id AS of_id, CAST(:now AS timestamptz) - interval '1 hour'
        - interval '365 days' * (1 - id::float / :members) AS at FROM payments) AS times WHERE of_id = id""",
    """INSERT INTO authorizations (id, kind, payer_member_id, how, spoken_by, words_heard, confidence,
        asked_at, answered_at, text, language, flow_version, prompts)
    SELECT id, 'single', member_id, 'spoken', 'caller', 'yes', 0.9, authorized_at, authorized_at,
        'Do you authorize this payment?', 'en-US', repeat('0', 64), '[]' FROM payments""",
    """INSERT INTO notices (payment_id, about, about_id, kind, channel, language, state, created_at, sent_at,
        mailed_date, body)
    SELECT id, 'authorization', id, 'authorized', 'letter', 'en-US', 'sent', authorized_at, authorized_at,
        authorized_at::date, 'We will debit your account once.' FROM payments""",
    """INSERT INTO notice_attempts (notice_id, channel, state, started_at, document_sha256)
    SELECT id, channel, 'accepted', sent_at, sha256(id::text::bytea) FROM notices""",
    """INSERT INTO ach_cutoffs SELECT at, at FROM generate_series(
        CAST(:now AS timestamptz) - interval '366 days',
        CAST(:now AS timestamptz) - interval '1 day', interval '1 day') AS at""",
    """INSERT INTO ach_files (cutoff_at, name, file_id_modifier, created_at, effective_entry_date, batches,
        entries, debit_cents, credit_cents, state, sent_at)
    SELECT cutoff_at, to_char(cutoff_at, '"ivr-"YYYYMMDD"-A.ach"'), 'A', cutoff_at,
        cutoff_at::date + 1, 1, 1, 1, 0, 'sent', cutoff_at
    FROM ach_cutoffs""",
    """INSERT INTO ach_entries (payment_id, file_id, kind, sec_code, transaction_code, amount_cents,
        trace_number, effective_entry_date, state, return_code, returned_at, created_at)
    SELECT p.id, f.id, 'debit', 'TEL', '27', p.amount_cents, '01100001' || lpad(p.id::text, 7, '0'),
        p.authorized_at::date + 1, p.state, p.return_code, p.returned_at, p.authorized_at
    FROM payments p JOIN ach_files f ON f.cutoff_at::date = p.authorized_at::date
    WHERE p.state IN ('final', 'returned')""",
    """INSERT INTO audit_events (at, actor, action, subject, details)
    SELECT CAST(:now AS timestamptz) - interval '365 days' * (1 - i::float / :calls), 'ops' || i % 40,
        CASE i % 4 WHEN 0 THEN 'payments.refund' ELSE 'console.see_payment' END, (i % :members)::text, '{}'
    FROM generate_series(1, :calls) AS i""",
    """INSERT INTO staff_tasks (kind, payment_id, details, opened_at, closed_at, closed_by)
    SELECT 'notice_failed', id, '{}', authorized_at, CASE WHEN id % 4000 <> 0 THEN authorized_at END,
        CASE WHEN id % 4000 <> 0 THEN 'pat' END FROM payments WHERE id % 50 = 0""",
)
_FAR = "OFFSET (SELECT count(*) / 1000 FROM {}) LIMIT 200"  # so that nearly all others come first
_NAMES = """UPDATE members SET last_name = chr(65 + (member_id::bigint % 26)::int)
    || substr(translate(md5(member_id), '0123456789', 'aeiouaeiou'), 1, 6) || member_id::bigint % 997"""
_RECENT = "DELETE FROM calls WHERE started_at > CAST(:now AS timestamptz) - make_interval(days => :days)"
# Copies of the calls that were played, spread over the last weeks up to an hour ago.
_BEGAN = """CAST(:now AS timestamptz) - interval '2 hours' - make_interval(days => :days)
    * (1 - copy::float / :copies) + make_interval(secs => abs(hashtext(c.call_sid)) % 3600)"""
_COPIES = (
    f"""INSERT INTO calls SELECT (jsonb_populate_record(c, jsonb_build_object(
        'call_sid', 'CA' || md5(c.call_sid || copy), 'started_at', {_BEGAN},
        'answered_at', {_BEGAN} + (c.answered_at - c.started_at),
        'ended_at', {_BEGAN} + (c.ended_at - c.started_at)))).*
    FROM calls AS c, generate_series(1, :copies) AS copy WHERE c.call_sid = ANY(:played)""",
    f"""INSERT INTO turns SELECT (jsonb_populate_record(t, jsonb_build_object(
        'call_sid', 'CA' || md5(c.call_sid || copy), 'at', {_BEGAN} + (t.at - c.started_at)))).*
    FROM calls AS c JOIN turns AS t USING (call_sid), generate_series(1, :copies) AS copy
    WHERE c.call_sid = ANY(:played)""",
    "DELETE FROM turns WHERE call_sid = ANY(:played)",
    "DELETE FROM calls WHERE call_sid = ANY(:played)",
)


@dataclass(frozen=True)
class PageTaken:
    """What one page took, in milliseconds: the median and what 95 of 100 stay below."""

    page: str
    median: float
    p95: float


def pages(
    cluster: Cluster,
    environment: Mapping[str, str],
    now: datetime,
    sizes: Sizes,
    tell: Callable[[str], None],
) -> list[PageTaken]:
    """Fill a database, serve the console on it, and ask for each page again and again."""
    line = compile_line(read_line_files(ROOT))
    with fresh_database(cluster, "played") as engine:
        tell("calls played by the whole line")
        rows = recorded_rows(engine, load_replay_settings(environment), line, sizes.played_calls)
    with fresh_database(cluster, "console") as engine:
        calls, members = sizes.finished_calls, sizes.members
        load_history(engine, load_settings(environment), now, calls=calls, members=members, tell=tell)
        _load_what_followed(engine, now, calls=calls, members=members, tell=tell)
        tell("the calls of the last weeks")
        _load_recent(engine, rows, now, calls * DETAILED_DAYS // 365)
        settle(engine)
        tell("days counted by the worker")
        for _ in range(DETAILED_DAYS):
            with engine.begin() as db:
                count_next_day(db, COUNTS, load_settings(environment).ivr_timezone, now)
        visitor = _Visitor(engine, line, now)
        taken = []
        for page, addresses in _pages(engine):
            tell(page)
            times = [visitor.milliseconds(next(addresses)) for _ in range(_WARMING + sizes.page_rounds)]
            taken.append(_taken(page, times[_WARMING:]))
        for page, address in _FIRST_LOOKS:
            tell(page)
            times = []
            for _ in range(sizes.page_rounds):
                visitor.start_anew()
                times.append(visitor.milliseconds(address))
            taken.append(_taken(page, times))
        visitor.engine.dispose()
    return taken


def _taken(page: str, milliseconds: list[float]) -> PageTaken:
    times = sorted(milliseconds)
    return PageTaken(page, times[len(times) // 2], times[len(times) * 95 // 100])


def _load_what_followed(
    engine: Engine, now: datetime, *, calls: int, members: int, tell: Callable[[str], None]
) -> None:
    values = {"now": now, "calls": calls, "members": members, "days": DETAILED_DAYS}
    with engine.begin() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (*_THEN, _NAMES, _RECENT):
            tell(" ".join(statement.split()[:3]))
            db.execute(text(statement), _asked_for(statement, values))


def _asked_for(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


def _load_recent(engine: Engine, rows: tuple[list[Any], list[Any]], now: datetime, wanted: int) -> None:
    """Copy recorded calls over the last weeks, evenly."""
    calls, turns = rows
    with engine.begin() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(insert(Call), calls)
        db.execute(insert(Turn), turns)
        spread = {
            "played": [call["call_sid"] for call in calls],
            "copies": max(wanted // len(calls), 1),
            "days": DETAILED_DAYS,
            "now": now,
        }
        for statement in _COPIES:
            db.execute(text(statement), _asked_for(statement, spread))


class _Visitor:
    """Somebody of staff who may see every page, on the console's own app."""

    def __init__(self, engine: Engine, line: Line, now: datetime) -> None:
        given = {"IVR_DEMO": "yes", "IVR_VAR": str(ROOT / "var" / "bench"), "IVR_NOW": now.isoformat()}
        settings = load_console_settings(given)
        self.engine = make_engine(engine.url, limits=PAGE_LIMITS, pool_size=4, application_name="ivr console")
        keys, randomness = StaffKeys(settings.ivr_console_key), SeededRandomness(1)
        clock = settings.make_clock()
        with self.engine.begin() as db:
            add_staff(
                db, keys, randomness, name="ada", password=_PASSWORD, roles=[*ROLES], actor="bench", now=now
            )
        signed_on = log_in_signed_on(self.engine, keys, randomness, name="ada", address="", now=clock.now())
        self._cookie = str(signed_on.token)
        self._console = Console(
            settings=settings,
            engine=self.engine,
            keys=keys,
            hashes=settings.hashes,
            clock=clock,
            randomness=randomness,
            lines=Lines(lambda _: line),
        )
        self.start_anew()

    def start_anew(self) -> None:
        """Serve as a process does that was started just now: it remembers no day."""
        self._client = Client(make_console_app(replace(self._console, days=Days(), drawings={})))
        self._client.set_cookie(self._console.cookie, self._cookie)

    def milliseconds(self, address: str) -> float:
        """Ask for a page and return how long its whole answer took."""
        began = time.perf_counter()
        reply = self._client.get(address)
        reply.get_data()
        seconds = time.perf_counter() - began
        if reply.status_code != 200:
            raise BenchmarkError(f"{address} answered {reply.status_code}")
        return 1000 * seconds


# Each page: what it is called, its address, and what stands in that, in turn: values, or the name of some.
_PAGES: tuple[tuple[str, str, Sequence[Any] | str], ...] = (
    ("today", "/today/", [""]),
    ("calls", "/calls/", [""]),
    ("calls, far down", "/calls/?after={}", "calls far down"),
    ("calls of a day", "/calls/?on={}", "days"),
    ("calls of a member", "/calls/?member={}", "members"),
    ("calls of a caller's number", "/calls/?caller=617555{:04}", range(200)),
    ("calls by confirmation number", "/calls/?confirmation={}", "payments"),
    ("calls by node", "/calls/?last_node={}", ["bank/savings", "guest/name", "never"]),
    ("calls by end", "/calls/?end={}", ["agent", "open", "hangup", "fallback"]),
    ("calls by language and pace", "/calls/?language=es-US&pace={}", ["relay", "unhurried"]),
    ("a call", "/calls/{}", "calls"),
    ("a call on today's line", "/calls/{}/rerun", "calls"),
    ("members by name", "/members/?q={}", [f"{chr(65 + i % 26)}{chr(97 + i % 6)}" for i in range(156)]),
    ("members by number", "/members/?q={}", "members"),
    ("a member", "/members/{}", "members"),
    ("payments", "/payments/", [""]),
    ("payments, far down", "/payments/?after={}", "payments far down"),
    ("payments by number", "/payments/?number={}", "payments"),
    ("payments by state", "/payments/?state={}", ["held", "returned", "cancelled", "sent", "authorized"]),
    ("payments by last four digits", "/payments/?last4={:04}", range(200)),
    ("payments of a day", "/payments/?on={}", "days"),
    ("a day's payments as CSV", "/payments/payments.csv?on={}", "days"),
    ("a payment", "/payments/{}", "payments"),
    ("tasks", "/tasks/", [""]),
    ("the line", "/line/", [""]),
    ("the picture", "/line/picture", [""]),
    ("the words", "/line/words?dialog={}", ["main", "bank", "authorize", "everywhere"]),
    ("differences", "/line/differences", [""]),
    ("runs", "/line/runs", [""]),
    ("practice", "/practice/", [""]),
    ("reports", "/reports/", [""]),
    ("reports, five weeks", "/reports/?since=2026-11-15&until=2026-12-18", [""]),
    ("leaving", "/reports/leaving", [""]),
    ("verification", "/reports/verification", [""]),
    ("audit trail", "/trail/", [""]),
    ("audit trail of a person", "/trail/?who=ops{}", range(40)),
    ("audit trail of a payment", "/trail/?subject={}", range(1000, 1200)),
    ("audit trail by action", "/trail/?action=payments.{}", ["refund", "reverse", "never"]),
    ("audit trail of a day", "/trail/?on={}", "days"),
)
_FIRST_LOOKS = (
    ("today, first look after a start", "/today/"),
    ("reports, five weeks, first look", "/reports/?since=2026-11-15&until=2026-12-18"),
)
_SOME = {
    "members": "SELECT member_id FROM members ORDER BY md5(member_id) LIMIT 200",
    "payments": "SELECT confirmation_number FROM payments ORDER BY md5(confirmation_number) LIMIT 200",
    "payments far down": f"SELECT id FROM payments ORDER BY id {_FAR.format('payments')}",
    "calls": "SELECT call_sid FROM calls ORDER BY started_at DESC LIMIT 200",
    "calls far down": "SELECT replace(replace(started_at::text, ' ', 'T'), '+', '%2B') || ' ' || call_sid"
    f" FROM calls ORDER BY started_at {_FAR.format('calls')}",
}


def _pages(engine: Engine) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield each page with addresses of it, of which no two in a row ask for the same."""
    some: dict[str, Sequence[Any]] = {
        "days": [f"2026-{month:02}-{day:02}" for month in range(2, 12) for day in range(1, 21)]
    }
    with engine.connect() as db:
        for name, statement in _SOME.items():
            some[name] = db.execute(text(statement)).scalars().all()
    for page, form, values in _PAGES:
        yield page, _in_turn(form, some[values] if isinstance(values, str) else values)


def _in_turn(form: str, values: Sequence[Any]) -> Iterator[str]:
    return (form.format(values[place % len(values)]) for place in count())
