"""The figures and the ten alerts: each is caused, then fires; the page has the rules that the program has."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import insert, text
from support.money import FRIDAY, FRIDAYS_CUTOFF, SETTINGS, pay

from ivr.jobs.bank import run_due_cutoffs
from ivr.status.alerts import ALERTS, prometheus_rules
from ivr.status.figures import figures
from ivr.status.metrics import registry_of
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.heartbeats import WORKER, beat
from ivr.storage.tables import Call

ROOT = Path(__file__).resolve().parents[3]
LATER = FRIDAYS_CUTOFF + timedelta(days=3)


def fired(engine, now=FRIDAY):
    found = figures(engine, SETTINGS, now)
    return {alert.name for alert in ALERTS if alert.fires(found)}


def execute(statement):
    def cause(engine):
        with engine.begin() as db:
            db.execute(text(statement), {"now": FRIDAY} if ":now" in statement else {})

    return cause


def nobody_runs_the_cutoff(engine):
    pay(engine, FRIDAY - timedelta(days=1))


def a_cutoff_is_run_too_late(engine):
    pay(engine, FRIDAY - timedelta(days=3))
    run_due_cutoffs(engine, SETTINGS, FRIDAY)


def debits_come_back(engine):
    pay(engine, FRIDAY - timedelta(days=2))
    run_due_cutoffs(engine, SETTINGS, FRIDAY - timedelta(days=1, hours=15))
    with engine.begin() as db:
        sent = {"sent_at": FRIDAY - timedelta(days=1)}
        db.execute(text("UPDATE ach_files SET state = 'sent', sent_at = :sent_at"), sent)
        db.execute(
            text(
                "INSERT INTO ach_entries (payment_id, file_id, kind, sec_code, transaction_code,"
                " amount_cents, trace_number, effective_entry_date, state, return_code, created_at) SELECT"
                " payment_id, file_id, kind, sec_code, transaction_code, amount_cents, 'x' || n,"
                " effective_entry_date, 'returned', 'R10', created_at FROM ach_entries, generate_series(1,"
                " 100) n"
            )
        )


CAUSES = {
    "WorkerSilent": lambda engine: None,
    "CutoffOverdue": nobody_runs_the_cutoff,
    "CutoffMissed": a_cutoff_is_run_too_late,
    "FileNotDelivered": execute(
        "WITH c AS (INSERT INTO ach_cutoffs VALUES (:now, :now) RETURNING cutoff_at) INSERT INTO ach_files"
        " (cutoff_at, name, file_id_modifier, created_at, effective_entry_date, batches, entries,"
        " debit_cents, credit_cents, state) SELECT cutoff_at, 'f', 'A', cutoff_at - interval '1 hour',"
        " '2026-12-21', 1, 1, 1, 0, 'written' FROM c"
    ),
    "NoticesWaiting": lambda engine: pay(engine, FRIDAY - timedelta(hours=2), notice="pending"),
    "ReturnRateNearLimit": debits_come_back,
    "VerificationsFail": execute(
        "INSERT INTO verification_counters (counted_on, failures_since_success, recent_failures_at,"
        " last_failure_at) SELECT n::text, 5, array_fill(CAST(:now AS timestamptz) - interval '1 minute',"
        " ARRAY[5]), CAST(:now AS timestamptz) - interval '1 minute' FROM generate_series(1, 20) n"
    ),
    "TasksWaiting": execute(
        "INSERT INTO staff_tasks (kind, details, opened_at) VALUES"
        " ('fraud', '{}', CAST(:now AS timestamptz) - interval '4 days')"
    ),
    "MigrationsMissing": execute("UPDATE alembic_version SET version_num = '0001'"),
}


@pytest.mark.parametrize("alert", CAUSES)
def test_an_alert_fires_when_it_is_caused_and_not_before(engine, samples, alert):
    with engine.begin() as db:
        beat(db, WORKER, FRIDAY - (timedelta(minutes=6) if alert == "WorkerSilent" else timedelta(minutes=1)))
        stands_at = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    before = fired(engine) - ({"WorkerSilent"} if alert == "WorkerSilent" else set())
    try:
        CAUSES[alert](engine)
        assert (before, alert in fired(engine)) == (set(), True)
    finally:
        execute(f"UPDATE alembic_version SET version_num = '{stands_at}'")(engine)


def test_a_database_that_is_away_is_a_figure_and_an_alert(database_url):
    engine = make_engine(database_url.set(database="ivr_nowhere"), limits=NO_LIMITS)
    assert fired(engine) == {"DatabaseDown"}
    engine.dispose()
    assert {*CAUSES, "DatabaseDown"} == {alert.name for alert in ALERTS}
    assert len(ALERTS) == 10


def test_prometheus_reads_the_figures_and_nothing_of_a_person(engine, samples):
    paid = pay(engine)
    with engine.begin() as db:
        beat(db, WORKER, FRIDAY)
    page = generate_latest(
        registry_of(lambda: figures(engine, SETTINGS, FRIDAY + timedelta(seconds=7)))
    ).decode()
    assert 'ivr_heartbeat_age_seconds{process="worker"} 7.0' in page
    assert 'ivr_payments_waiting{state="authorized"} 1.0' in page
    assert "ivr_database_down 0.0" in page
    for personal in (paid.confirmation_number, "400000000101", "740000101", "Amber"):
        assert personal not in page


def test_turns_are_told_by_outcome_and_by_seconds(engine, samples):
    """Of 100 turns of the last five minutes one was slow; those before are not counted any more."""
    kept = [("", [], 3.0), ("silence", [], 4.0), ("digits:9", ["bank/routing_number ! check-digit"], 5.0)]
    kept += [("key:1", [], 6.0)] * 96 + [("trouble", [], 5000.0)]
    with engine.begin() as db:
        sid = f"CA{1:032x}"
        call = {"call_sid": sid, "status": "open", "caller_kind": "number", "flow_version": "v"}
        call |= {"started_at": FRIDAY - timedelta(minutes=7), "answered_at": FRIDAY, "purged": False}
        call |= {"language": "en-US", "pace": "voice", "seq": 101, "node": "main/bill", "state": "{}"}
        db.execute(insert(Call).values(call))
        for seq, (heard, path, milliseconds) in enumerate([*kept, ("key:1", [], 9000.0)], 1):
            events = {"recipe": 2, "heard": heard, "path": path, "milliseconds": milliseconds}
            at = FRIDAY - timedelta(minutes=1 if seq <= len(kept) else 6)
            row = {"sid": sid, "seq": seq, "at": at, "events": json.dumps(events, separators=(",", ":"))}
            db.execute(
                text("INSERT INTO turns VALUES (:sid, :seq, :at, 'main/bill', '', :events, NULL)"), row
            )
        damaged = {"sid": sid, "seq": 200, "at": FRIDAY}
        db.execute(text("INSERT INTO turns VALUES (:sid, :seq, :at, 'n', '', 'damaged', NULL)"), damaged)
    found = {figure.name: figure.values for figure in figures(engine, SETTINGS, FRIDAY)}
    assert {values["outcome"]: turns for values, turns in found["ivr_turns_last_five_minutes"]} == {
        "understood": 97,
        "silence": 1,
        "not understood": 1,
        "trouble": 1,
    }
    assert found["ivr_turn_seconds"] == (
        ({"quantile": "0.5"}, 0.006),
        ({"quantile": "0.99"}, 0.006),
        ({"quantile": "1"}, 5.0),
    )


def test_the_page_has_the_rules_and_each_names_a_figure(engine):
    page = (ROOT / "docs" / "operating.md").read_text()
    assert f"```yaml\n{prometheus_rules()}\n```" in page
    names = {figure.name for figure in figures(engine, SETTINGS, FRIDAY)}
    assert {alert.figure for alert in ALERTS} <= names
