"""The accounts of `ivr db roles`: each does its work, and is refused what is not its work, in a sentence."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from support import money
from support.money import FRIDAYS_CUTOFF, pay

from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.sandbox.members import SAMPLE_DIRECTORY
from ivr.storage.engine import make_engine
from ivr.storage.grants import OWNER, ROLES, SEQUENCES, TABLES, grant_statements, role_statements

MEMBERS = demo_members(FRIDAYS_CUTOFF.date())
LATER = FRIDAYS_CUTOFF + timedelta(minutes=1)


@pytest.fixture
def ivr_as(ivr, url_as, monkeypatch):
    """Run a command as an account, a minute after a cutoff, with the tests' bank."""
    for name, value in {**money.ENVIRON, "IVR_DEMO": "yes", "IVR_NOW": LATER.isoformat()}.items():
        monkeypatch.setenv(name, value)

    def running(role, *words):
        monkeypatch.setenv("DATABASE_URL", url_as(role).render_as_string(hide_password=False))
        return ivr(*words)

    return running


@pytest.mark.usefixtures("samples")
def test_each_account_does_its_work(ivr_as, engine, tmp_path):
    files = {"members.csv": members_csv(MEMBERS), "bills.csv": bills_csv(MEMBERS)}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    paid = pay(engine).confirmation_number
    later = pay(engine, LATER, notice="pending", plan="dental", cents=100).confirmation_number
    for role, *words in (
        ("ivr_console", "members", "import", tmp_path / "members.csv"),
        ("ivr_console", "bills", "import", tmp_path / "bills.csv"),
        ("ivr_console", "banks", "import", SAMPLE_DIRECTORY),
        ("ivr_console", "members", "unlock", MEMBERS[0].member_id),
        ("ivr_console", "members", "lift-limit", MEMBERS[0].member_id),
        ("ivr_console", "payments", "cancel", later, "--yes"),
        ("ivr_worker", "worker", "--once"),
        ("ivr_reader", "payments", "show", paid),
        ("ivr_reader", "payments", "list"),
        ("ivr_reader", "notices", "list"),
        ("ivr_reader", "ach", "status"),
        ("ivr_reader", "ach", "queue", "list"),
    ):
        ran = ivr_as(role, *words)
        assert (ran.status, "Traceback" in ran.err, "lacks the right" in ran.err) == (0, False, False), (
            role,
            words,
            ran,
        )
    assert money.states(engine) == ["sent", "cancelled"]
    for role in ROLES:
        found = json.loads(ivr_as(role, "doctor", "--json").out)["examined"]
        assert [each["grade"] for each in found if each["what"] == "rights"] == ["good"]


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("role", "words", "right", "whose"),
    [
        ("ivr_reader", ("members", "unlock", MEMBERS[0].member_id), "DELETE on", "ivr_worker or ivr_console"),
        ("ivr_reader", ("members", "import", "FILE"), "TEMPORARY on DATABASE", "ivr_worker or ivr_console"),
        ("ivr_web", ("ach", "cutoff"), "SELECT on ach_cutoffs", "ivr_worker or ivr_console or ivr_reader"),
        ("ivr_web", ("audit",), "SELECT on evidence_seals", "ivr_worker or ivr_console or ivr_reader"),
        ("ivr_worker", ("members", "lift-limit", MEMBERS[0].member_id), "INSERT on", "ivr_console"),
        ("ivr_console", ("db", "upgrade"), "INSERT on alembic_version", "ivr_owner"),
    ],
)
def test_what_is_not_its_work_is_refused_in_a_sentence(  # noqa: PLR0917 (a row of the table)
    ivr_as, tmp_path, role, words, right, whose
):
    file = tmp_path / "members.csv"
    file.write_text(members_csv(MEMBERS))
    assert (
        ivr_as("ivr_console", "members", "unlock", MEMBERS[0].member_id).status == 0
    )  # the first command leaves a word of the keys
    ran = ivr_as(role, *(file if word == "FILE" else word for word in words))
    assert (ran.status, ran.err.count("\n")) == (4, 1), ran
    assert ran.err.startswith(f"The database account {role} lacks the right {right}")
    assert ran.err.endswith(f": run it as {whose}\n")


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("ivr_web", "DELETE FROM payments"),
        ("ivr_web", "UPDATE ledger_entries SET amount_cents = 0"),
        ("ivr_web", "UPDATE authorizations SET words_heard = 'yes'"),
        ("ivr_web", "SELECT content FROM ach_files"),
        ("ivr_web", "CREATE TEMPORARY TABLE t ()"),
        ("ivr_worker", "DELETE FROM audit_events"),
        ("ivr_worker", "UPDATE evidence_seals SET head = ''"),
        ("ivr_worker", "INSERT INTO members SELECT * FROM members"),
        ("ivr_console", "DELETE FROM authorizations"),
        ("ivr_console", "UPDATE calls SET node = ''"),
        ("ivr_console", "DELETE FROM audit_events"),
        ("ivr_reader", "INSERT INTO heartbeats VALUES ('x', now())"),
        ("ivr_reader", "CREATE TABLE t ()"),
        ("ivr_owner", "SELECT pg_read_file('PG_VERSION')"),
    ],
)
def test_what_no_command_of_its_own_does_is_refused(url_as, role, statement):
    engine = make_engine(url_as(role))
    with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as db:
        db.execute(text(statement))
    engine.dispose()


def test_every_table_and_sequence_is_somebodys(engine):
    names = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = :kind"
        " AND relname <> 'alembic_version'"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i')"
    )
    with engine.connect() as db:
        assert set(db.scalars(names, {"kind": "r"})) == set(TABLES)
        assert set(db.scalars(names, {"kind": "S"})) <= set(SEQUENCES)


def test_an_owner_that_is_no_superuser_migrates_and_grants(ivr, empty_database, monkeypatch):
    printed = [ivr("db", "roles").out, ivr("db", "roles", "--grants").out]
    assert printed == [
        "".join(f"{statement};\n" for statement in statements)
        for statements in (role_statements(), grant_statements())
    ]
    superuser = make_engine(empty_database)
    try:
        with superuser.begin() as db:
            db.connection.driver_connection.execute(printed[0])
        monkeypatch.setenv("DATABASE_URL", empty_database.render_as_string(hide_password=False))
        assert ivr("db", "roles", "--run").status == 0  # it may be run again
        as_owner = empty_database.update_query_dict({"options": f"-c role={OWNER}"})
        monkeypatch.setenv("DATABASE_URL", as_owner.render_as_string(hide_password=False))
        assert ivr("db", "upgrade").status == 0
        granted = text(
            "SELECT has_table_privilege('ivr_web', 'payments', 'INSERT'),"
            " has_table_privilege('ivr_web', 'payments', 'DELETE'),"
            " has_database_privilege('public', current_database(), 'CONNECT')"
        )
        with superuser.connect() as db:
            assert db.execute(granted).one() == (True, False, False)
            owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            assert db.scalars(text(owners)).all() == [OWNER]
            assert set(ROLES) <= set(db.scalars(text("SELECT rolname FROM pg_roles")))
    finally:
        superuser.dispose()
