from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.environs import HASH_KEY_BYTES

from ivr.base.keys import KeyedHash
from ivr.payments.evidence import verify_evidence
from ivr.storage import migrate
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.queue import enqueue
from ivr.storage.revision import MIGRATIONS, head, standing
from ivr.storage.tables import Base

ROWS = {
    "members": "('123456789012', 'Ada', 'Byron', '\\x01', null, null, '1 Main St', 'Boston', 'MA', '02108', null,"
    " 'en-US', false, false, '2026-12-01Z')",
    "billing_accounts": "('700000001', '123456789012', 'health')",
    "flow_versions": "('v1', '{}', '2026-12-01Z')",
    "calls": "('CA1', 'open', null, 'withheld', null, '2026-12-01Z', '2026-12-01Z', null, 'v1', 'en-US', 'voice', 1,"
    " 'greeting', null, '{}', null, false)",
    "turns": "('CA1', 1, '2026-12-01Z', 'greeting', 'greeting', '[]', '\\x01')",
}
LEDGER = (
    "INSERT INTO ledger_entries (billing_account, kind, amount_cents, posted_at)"
    " VALUES ('700000001', 'bill', 31015, '2026-12-01Z')"
)

# What makes two schemas the same to whoever uses them. Kinds of one name are told apart by the first column.
CATALOG = {
    # their order, not their numbers: a column that was dropped keeps its number
    "columns": "SELECT table_name, column_name, row_number() OVER (PARTITION BY table_name ORDER BY"
    " ordinal_position), data_type, udt_name, is_nullable, column_default,"
    " identity_generation, numeric_precision, numeric_scale FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "options": "SELECT relname, reloptions::text FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    "functions": "SELECT proname, pg_get_function_identity_arguments(oid), pg_get_function_result(oid) FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "enums": "SELECT enumtypid::regtype::text, enumsortorder, enumlabel FROM pg_enum",
}


@pytest.fixture
def empty_engine(empty_database: URL) -> Iterator[Engine]:
    engine = make_engine(empty_database, limits=NO_LIMITS)
    yield engine
    engine.dispose()


_AUDIT = ("audit_refuse_change", "audit_events_append", "evidence_seals_append")
_ACCOUNTS = ("billing_accounts_known", "billing_accounts_stay", "bills_of_known", "ledger_entries_of_known")


def catalog(engine: Engine, *, of_queue: bool) -> dict[str, set[tuple]]:
    """Everything in the schema that is the job queue's, or that is not."""
    with engine.connect() as connection:
        rows = {kind: connection.execute(text(query)).all() for kind, query in CATALOG.items()}
    own = ("alembic_version", "ledger_entries_refuse", "ledger_entries_append", *_AUDIT, *_ACCOUNTS)
    return {
        kind: {
            tuple(row)
            for row in found
            if row[0].startswith("procrastinate_") == of_queue and not row[0].startswith(own)
        }
        for kind, found in rows.items()
    }


def insert_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        for table, row in ROWS.items():
            connection.execute(text(f"INSERT INTO {table} VALUES {row}"))
        connection.execute(text(LEDGER))


def count_rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in [*ROWS, "ledger_entries"]
        }


def test_the_tables_are_those_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        assert migrate.differences(connection) == []


def test_a_difference_would_be_found(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls DROP COLUMN secrets"))
        connection.execute(text("ALTER TABLE members ALTER email SET NOT NULL"))
        assert [difference[:14] for difference in migrate.differences(connection)] == [
            "('add_column',",
            "[('modify_null",
        ]


def test_migrated_and_created_are_the_same_to_the_last_constraint(
    engine: Engine, empty_engine: Engine
) -> None:
    with empty_engine.begin() as connection:
        Base.metadata.create_all(connection)
    assert catalog(engine, of_queue=False) == catalog(empty_engine, of_queue=False)


def test_up_down_up_with_rows(empty_engine: Engine) -> None:
    assert standing(empty_engine).fit == "missing"
    migrate.upgrade(empty_engine, "0001")
    insert_rows(empty_engine)
    rows = count_rows(empty_engine)
    assert set(rows.values()) == {1}
    assert standing(empty_engine).fit == "missing"
    migrate.upgrade(empty_engine)
    assert standing(empty_engine).fit == "current"
    with empty_engine.begin() as connection:
        enqueue(connection, "purge")
    migrate.downgrade(empty_engine, "0001")
    assert not any(catalog(empty_engine, of_queue=True).values())
    migrate.upgrade(empty_engine)
    assert count_rows(empty_engine) == rows
    migrate.downgrade(empty_engine)
    assert not any(catalog(empty_engine, of_queue=False).values())
    assert not any(catalog(empty_engine, of_queue=True).values())
    migrate.upgrade(empty_engine)
    assert standing(empty_engine).fit == "current"


def test_a_failed_upgrade_leaves_nothing_half_done(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        connection.execute(text("CREATE TABLE procrastinate_jobs ()"))
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate.upgrade(empty_engine)
    assert not any(catalog(empty_engine, of_queue=False).values())


def test_two_may_upgrade_at_once(empty_engine: Engine) -> None:
    failures: list[Exception] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(empty_engine)
        except Exception as error:  # noqa: BLE001 (shown below)
            failures.append(error)

    with empty_engine.begin() as connection:  # neither begins before both are there
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrate._LOCK})
        threads = [Thread(target=upgrade) for _ in range(2)]
        for thread in threads:
            thread.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while connection.scalar(waiting) < 2:
            assert not failures
    for thread in threads:
        thread.join()
    assert failures == []
    assert standing(empty_engine).fit == "current"


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE ledger_entries SET amount_cents = 0", "UPDATE"),
        ("DELETE FROM ledger_entries", "DELETE"),
        ("TRUNCATE ledger_entries", "TRUNCATE"),
    ],
)
def test_the_ledger_is_append_only(engine: Engine, statement: str, what: str) -> None:
    insert_rows(engine)
    with (
        pytest.raises(
            DBAPIError, match=f"The ledger is append-only: post a correction instead of this {what}"
        ),
        engine.begin() as connection,
    ):
        connection.execute(text(statement))
    assert count_rows(engine)["ledger_entries"] == 1


@pytest.mark.parametrize(
    "statement",
    [
        f"{LEDGER}, ('700000002', 'bill', 1, '2026-12-01Z')",
        "INSERT INTO bills SELECT unnest('{700000001,700000002}'::text[]), '', 1, '-infinity', false, null, now()",
        "UPDATE billing_accounts SET billing_account = '700000002'",
        "DELETE FROM billing_accounts",
        "TRUNCATE billing_accounts CASCADE",
    ],
)
def test_what_is_owed_is_owed_by_an_account_that_is_there(engine: Engine, statement: str) -> None:
    insert_rows(engine)
    with (
        pytest.raises(IntegrityError, match=r"account 700000002, which is not there|never removed"),
        engine.begin() as connection,
    ):
        connection.execute(text(statement))
    assert count_rows(engine)["billing_accounts"] == 1


@pytest.mark.parametrize("table", ["payments", "ach_entries"])
def test_no_index_makes_a_new_state_a_new_row_in_all_of_them(engine: Engine, table: str) -> None:
    with engine.connect() as connection:
        named = text(
            "SELECT attname FROM pg_depend JOIN pg_attribute ON (attrelid, attnum) = (refobjid, refobjsubid)"
            " WHERE classid = 'pg_class'::regclass AND refobjid = CAST(:table AS regclass)"
            " AND objid IN (SELECT indexrelid FROM pg_index)"
        )
        columns = {*connection.scalars(named, {"table": table})}
    assert "is_pending" in columns or "is_moving" in columns
    assert "state" not in columns


def test_the_job_queue_is_that_of_the_installed_procrastinate(engine: Engine, empty_engine: Engine) -> None:
    """After an upgrade of the library: a new migration of ours runs its new files, and names the newest here."""
    newest = max(Path(SchemaManager.get_migrations_path()).glob("*.sql")).name
    frozen = import_module("ivr.storage.migrations.versions.0002_job_queue")
    assert newest == frozen.NEWEST_PROCRASTINATE_MIGRATION
    with empty_engine.begin() as connection:
        connection.connection.driver_connection.execute(SchemaManager.get_schema())
    assert catalog(engine, of_queue=True) == catalog(empty_engine, of_queue=True)


def test_counters_of_before_keep_counting_by_the_keyed_hash(empty_engine: Engine) -> None:
    migrate.upgrade(empty_engine, "0007")
    digest = bytes(range(32))
    with empty_engine.begin() as connection:
        connection.execute(
            text("INSERT INTO verification_counters VALUES (:digest, 7, '{2026-12-01Z}')"), {"digest": digest}
        )
    migrate.upgrade(empty_engine)
    counters = text(
        "SELECT counted_on, failures_since_success, last_failure_at = '2026-12-01Z', locked_at"
        " FROM verification_counters"
    )
    with empty_engine.begin() as connection:
        assert connection.execute(counters).all() == [(digest.hex(), 7, True, None)]
        connection.execute(
            text(
                "INSERT INTO verification_counters (counted_on, failures_since_success, recent_failures_at)"
                " VALUES ('400000000101', 1, '{}')"
            )
        )
    migrate.downgrade(empty_engine, "0007")
    with empty_engine.connect() as connection:
        assert connection.execute(text("SELECT keyed_id FROM verification_counters")).all() == [(digest,)]


def test_a_migration_works_with_no_older_release_than_the_one_before_it_does():
    said = [
        getattr(
            import_module(f"ivr.storage.migrations.versions.{file.stem}"), "oldest_release", file.name[:4]
        )
        for file in sorted(MIGRATIONS.glob("versions/[0-9]*.py"))
    ]
    assert said == sorted(said)
    assert all(oldest <= f"{number:04}" for number, oldest in enumerate(said, start=1))


def test_the_newest_revision_is_alembics_own():
    assert head() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


# Consents and notices as 0013 kept them, in an order and without the ids that a way up and down may change.
KEPT_OF_A_PAYMENT = {
    "consents": "SELECT * FROM consents ORDER BY payment_id",
    "notices": "SELECT payment_id, channel, language, state, created_at, sent_at, body, attempts_before FROM notices"
    " ORDER BY payment_id",
    "earlier_notices": "SELECT payment_id, channel, language, created_at, sent_at, body FROM earlier_notices ORDER BY id",
    "notice_attempts": "SELECT * FROM notice_attempts ORDER BY id",
    "jobs": "SELECT task_name, args FROM procrastinate_jobs ORDER BY id",
}


def test_consents_and_notices_of_before_have_ids_of_their_own_and_are_still_proven(
    empty_engine: Engine,
) -> None:
    migrate.upgrade(empty_engine, "0013")
    with empty_engine.begin() as db:
        db.connection.driver_connection.execute((Path(__file__).parent / "rows" / "0013.sql").read_text())
        before = {name: db.execute(text(query)).all() for name, query in KEPT_OF_A_PAYMENT.items()}
    migrate.upgrade(empty_engine)
    with empty_engine.begin() as db:
        proven = verify_evidence(db, KeyedHash(HASH_KEY_BYTES), kept_since=datetime(2016, 1, 1, tzinfo=UTC))
        assert (proven.seals, proven.expired, proven.broken) == (4, 1, ())
        authorizations = (
            "SELECT payments.id, kind, payer_member_id, words_heard, authorizations.id = nextval('authorizations_id_seq')"
            " FROM payments LEFT JOIN authorizations ON authorizations.id = authorization_id ORDER BY payments.id"
        )
        assert db.execute(text(authorizations)).all() == [
            *((number, "single", "400000000101", "yes I do", False) for number in range(1, 5)),
            (5, None, None, None, None),
        ]
        told = db.execute(
            text(
                "SELECT notices.payment_id, about, about_id = authorization_id, kind, notices.state, body,"
                " (SELECT array_agg(a.id) FROM notice_attempts a WHERE notice_id = notices.id)"
                " FROM notices JOIN payments ON payments.id = payment_id ORDER BY notices.id"
            )
        ).all()
        assert told == [
            (number, "authorization", True, "authorized", state, body, attempts)
            for number, state, body, attempts in (
                (1, "sent", "We will debit you once.", [2]),
                (2, "replaced", "The first.", [1]),
                (2, "replaced", "The second.", [3]),
                (2, "sent", "The third.", [5]),
                (3, "withdrawn", None, None),
                (4, "pending", "Waiting.", [4]),
            )
        ]
        (args,) = db.scalars(text("SELECT args FROM procrastinate_jobs")).all()
        assert args == {"notice_id": db.scalar(text("SELECT id FROM notices WHERE state = 'pending'"))}
    migrate.downgrade(empty_engine, "0013")
    with empty_engine.connect() as db:
        assert {name: db.execute(text(query)).all() for name, query in KEPT_OF_A_PAYMENT.items()} == before
