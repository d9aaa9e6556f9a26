"""What the database does not let an account do is one sentence that names the right, and what it is on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import ProgrammingError
from support import money
from support.money import FRIDAYS_CUTOFF, pay

from ivr.base.errors import DatabaseUnavailableError
from ivr.billing.samples import demo_members, members_csv
from ivr.start import lost_database_told
from ivr.storage.engine import make_engine

MEMBERS = demo_members(FRIDAYS_CUTOFF.date())
MEMBER = MEMBERS[0].member_id


@pytest.fixture
def ivr_as(
    ivr: Callable, account: str, database_url: URL, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Callable:
    """Take a right away, then run a command as the account; with the tests' bank and a demo's clock."""
    for name, value in money.ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IVR_DEMO", "yes")
    monkeypatch.setenv("IVR_NOW", FRIDAYS_CUTOFF.isoformat())

    def running(without: str, *words: object, url: URL = database_url):
        with engine.begin() as db:
            if without:
                whom = "PUBLIC" if "TEMPORARY" in without else account
                db.execute(text(f"REVOKE {without} FROM {whom}"))
        as_account = url.update_query_dict({"options": f"-c role={account}"})
        monkeypatch.setenv("DATABASE_URL", as_account.render_as_string(hide_password=False))
        return ivr(*words)

    return running


@pytest.fixture
def members_file(tmp_path: Path) -> Path:
    file = tmp_path / "members.csv"
    file.write_text(members_csv(MEMBERS))
    return file


@pytest.mark.parametrize(
    ("right", "on", "words"),
    [
        ("SELECT", "payments", ("payments", "list")),
        ("SELECT", "alembic_version", ("payments", "list")),
        ("DELETE", "verification_counters", ("members", "unlock", MEMBER)),
        ("INSERT", "audit_events", ("members", "unlock", MEMBER)),
        ("UPDATE", "members", ("members", "import", "FILE")),
        ("INSERT", "members", ("members", "import", "FILE")),
        ("TEMPORARY", "DATABASE", ("members", "import", "FILE")),
        ("SELECT", "notices", ("notices", "send")),
        ("INSERT", "ach_entries", ("ach", "cutoff")),
        ("USAGE", "SEQUENCE ach_trace_number", ("ach", "cutoff")),
        ("INSERT", "procrastinate_jobs", ("ach", "cutoff")),
    ],
)
@pytest.mark.usefixtures("samples")
def test_a_right_that_is_missing_is_named_with_what_it_is_on(  # noqa: PLR0917 (fixtures)
    ivr_as, engine: Engine, account: str, database_url: URL, members_file: Path, right: str, on: str, words
) -> None:
    on = f"{on} {database_url.database}" if on == "DATABASE" else on
    pay(engine)
    ran = ivr_as(f"{right} ON {on}", *(members_file if word == "FILE" else word for word in words))
    assert (ran.status, ran.out) == (4, "")
    assert ran.err == (
        f"The database account {account} lacks the right {right} on {on}: have the owner run"
        f" `GRANT {right} ON {on} TO {account}`\n"
    )


@pytest.mark.usefixtures("samples")
def test_with_the_rights_the_commands_do_their_work(ivr_as, engine: Engine, members_file: Path) -> None:
    pay(engine)
    for words in (("members", "import", members_file), ("ach", "cutoff"), ("payments", "list")):
        ran = ivr_as("", *words)
        assert (ran.status, ran.err.count("Traceback")) == (0, 0)


@pytest.mark.usefixtures("samples")
def test_a_job_that_is_refused_is_a_sentence_and_the_others_are_done(
    ivr_as, engine: Engine, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(engine)
    # After the cutoff: what this notice promises can still be kept.
    paid = pay(engine, FRIDAYS_CUTOFF + timedelta(seconds=30), notice="pending", plan="dental", cents=100)
    monkeypatch.setenv("IVR_NOW", (FRIDAYS_CUTOFF + timedelta(minutes=1)).isoformat())
    ran = ivr_as("INSERT ON ach_files", "worker", "--once")
    lacking = (
        f"The database account {account} lacks the right INSERT on ach_files: have the owner run"
        f" `GRANT INSERT ON ach_files TO {account}`"
    )
    *lines, last = ran.err.splitlines()
    assert (ran.status, last) == (4, lacking)
    (told,) = [line for line in map(json.loads, lines) if line["event"] == "job_refused"]
    assert (told["job"], told["level"], told["problem"]) == ("cutoffs", "error", lacking)
    assert (ran.err.count("Traceback"), ran.err.count('"exception"')) == (0, 0)
    letter = f"2026-12-18-{paid.confirmation_number}.pdf"
    assert letter in {file.name for file in tmp_path.rglob("*.pdf")}
    with engine.connect() as db:
        assert db.execute(text("SELECT task_name, status FROM procrastinate_jobs")).all() == []


def test_what_the_queue_itself_needs_is_named_before_any_work(ivr_as, account: str) -> None:
    ran = ivr_as("INSERT ON procrastinate_periodic_defers", "worker")
    assert (ran.status, ran.out) == (4, "")
    assert ran.err.splitlines()[-1] == (
        f"The database account {account} lacks the right INSERT on procrastinate_periodic_defers: have the"
        f" owner run `GRANT INSERT ON procrastinate_periodic_defers TO {account}`"
    )


def test_who_may_not_make_tables_is_told_when_it_migrates(ivr_as, account: str, empty_database: URL) -> None:
    ran = ivr_as("", "db", "upgrade", url=empty_database)
    assert (ran.status, ran.out) == (4, "")
    assert ran.err == (
        f"The database account {account} lacks the right CREATE on SCHEMA public: have the owner run"
        f" `GRANT CREATE ON SCHEMA public TO {account}`\n"
    )


def test_what_only_an_owner_may_is_said_as_the_server_says_it(
    ivr_as, engine: Engine, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.cli.database.migrate", lambda _: _alter_as(engine, account))
    ran = ivr_as("", "db", "upgrade")
    assert (ran.status, ran.err.count("\n")) == (4, 1)
    assert f"refuses this to the account {account} (must be owner of table members)" in ran.err


def _alter_as(engine: Engine, account: str) -> None:
    with engine.begin() as db:
        db.execute(text(f"SET LOCAL ROLE {account}"))
        db.execute(text("ALTER TABLE members ADD COLUMN x int"))


@pytest.mark.usefixtures("samples")
def test_a_database_that_can_only_be_read_is_told(
    ivr: Callable, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby = database_url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    monkeypatch.setenv("DATABASE_URL", standby.render_as_string(hide_password=False))
    assert ivr("payments", "list").status == 0
    ran = ivr("members", "unlock", MEMBER)
    assert (ran.status, ran.out, ran.err.count("\n")) == (4, "", 1)
    assert "it may be a standby" in ran.err


def test_a_fault_that_is_no_refusal_stays_what_it_is(engine: Engine) -> None:
    with pytest.raises(ProgrammingError), lost_database_told(engine), engine.connect() as db:
        db.execute(text("SELECT no_such_column FROM members"))


def test_what_cannot_be_asked_any_more_is_said_as_the_server_says_it(engine: Engine, account: str) -> None:
    gone = make_engine(engine.url.set(database="ivr_test_gone"))
    with pytest.raises(DatabaseUnavailableError, match="permission denied for table members"):
        _read_as(engine, account, gone)


def _read_as(engine: Engine, account: str, asked: Engine) -> None:
    with lost_database_told(asked), engine.begin() as db:
        db.execute(text(f"REVOKE ALL ON members FROM {account}"))
        db.execute(text(f"SET LOCAL ROLE {account}"))
        db.execute(text("SELECT FROM members"))
