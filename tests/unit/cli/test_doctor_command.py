"""`ivr doctor`: a line that is well, and what is told when each thing that it needs is not."""

import json
import shutil
import socket
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from support.carriers import mail_server
from support.sftp_server import ACCOUNT, Faults, SftpServer

from ivr.payments.banks import RENEWED_EVERY
from ivr.status import examination

TODAY = datetime.now(UTC)


@contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def well(environ, engine, monkeypatch, tmp_path):
    """All that the line needs is there; Twilio's API is a socket of this machine's."""
    inserts = tmp_path / "inserts"
    inserts.mkdir()
    for language in ("en-US", "es-US"):
        (inserts / f"{language}.txt").write_text("Notice of language help.")
    monkeypatch.setenv("IVR_INSERTS", str(inserts))
    monkeypatch.setenv("IVR_ACH_PLAIN", "yes")
    monkeypatch.setattr(examination, "ROOM_BYTES", 0)  # a test's machine may be full
    with engine.begin() as db:
        db.execute(text("INSERT INTO banks VALUES ('021000021', 'FIRST EXAMPLE BANK', :now)"), {"now": TODAY})
    with listening() as port:
        monkeypatch.setenv("TWILIO_API_URL", f"http://127.0.0.1:{port}")
        yield monkeypatch


def examined(ivr):
    ran = ivr("doctor", "--json")
    found = json.loads(ran.out)["examined"]
    return ran.status, {each["what"]: (each["grade"], each["found"], each["do"]) for each in found}


def test_a_line_that_is_well(ivr, well):
    status, found = examined(ivr)
    assert {what: told for what, told in found.items() if told[0] == "bad"} == {}
    assert status == 0
    assert {"settings", "database", "migrations", "rights", "clock", "keys", "banks", "font", "facts"} <= set(
        found
    )
    table = ivr("doctor").out
    assert "good     keys                      those that the database was written with" in table


def drop(name):
    return lambda patch, _engine: patch.delenv(name)


def sql(statement):
    def change(_patch, engine):
        with engine.begin() as db:
            db.execute(
                text(statement),
                {"then": TODAY - RENEWED_EVERY - timedelta(days=1)} if ":then" in statement else {},
            )

    return change


def closed_port(name, address):
    def change(patch, _engine):
        with listening() as port:
            pass
        patch.setenv(name, address.format(port=port))

    return change


def mail(patch, engine):
    patch.setenv("IVR_MAIL_FROM", "line@example.org")
    closed_port("IVR_SMTP", "smtp://127.0.0.1:{port}")(patch, engine)


CASES = {
    "settings": (drop("IVR_COMPANY_NAME"), "bad", "IVR_COMPANY_NAME is missing", 3),
    "payments": (lambda patch, _engine: patch.setenv("IVR_PAYMENTS", "off"), "warning", "none is taken", 0),
    "keys": (sql("UPDATE canaries SET value = sha256('x') WHERE name = 'hash'"), "bad", "IVR_HASH_KEY", 3),
    "migrations": (sql("UPDATE alembic_version SET version_num = '0001'"), "bad", "not migrated", 4),
    "banks": (sql("UPDATE banks SET imported_at = :then"), "warning", "the directory is of", 0),
    "Twilio": (closed_port("TWILIO_API_URL", "http://127.0.0.1:{port}"), "bad", "does not answer", 1),
    "SMTP": (mail, "bad", "does not answer", 1),
    "facts": (
        lambda patch, _engine: patch.setattr("ivr.base.facts.WARNED_DAYS", 9999),
        "warning",
        "read again",
        0,
    ),
    "alert TasksWaiting": (
        sql("INSERT INTO staff_tasks (kind, details, opened_at) VALUES ('fraud', '{}', :then)"),
        "warning",
        "ivr_task_age_seconds",
        0,
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_what_is_wrong_is_told_with_what_to_do(ivr, well, engine, what):
    change, grade, said, wanted = CASES[what]
    with engine.connect() as db:
        stands_at = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert examined(ivr)[0] == 0
    try:
        change(well, engine)
        status, found = examined(ivr)
    finally:
        sql(f"UPDATE alembic_version SET version_num = '{stands_at}'")(well, engine)
    assert (status, found[what][0], said in found[what][1]) == (wanted, grade, True), found


def test_the_banks_server_and_the_mail_server_let_us_in_or_why_not(ivr, well, tmp_path):
    (tmp_path / "bank" / "in").mkdir(parents=True)
    with SftpServer(tmp_path / "bank", Faults()) as bank, mail_server() as (_box, mail):
        well.setenv("IVR_ODFI_SFTP_HOST_KEY", bank.host_key)
        well.setenv("IVR_MAIL_FROM", "line@example.org")
        for password, account, grade, said in (
            ("correct%20horse", "", "good", ("lets us in", "lets us in")),
            ("wrong", "line:secret@", "bad", ("does not let this account in", "offers no encryption")),
        ):
            well.setenv("IVR_ODFI_SFTP", f"sftp://{ACCOUNT}:{password}@127.0.0.1:{bank.port}/in")
            well.setenv("IVR_SMTP", f"smtp://{account}127.0.0.1:{mail}")
            found = examined(ivr)[1]
            for what, words in zip(("SFTP of the bank", "SMTP"), said, strict=True):
                assert (found[what][0], words in found[what][1]) == (grade, True), found[what]


def test_no_directory_of_banks_is_a_warning(ivr, well, engine):
    sql("DELETE FROM banks")(well, engine)
    assert examined(ivr)[1]["banks"][0] == "warning"


def test_a_database_that_is_away(ivr, well):
    well.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1:1/none")
    status, found = examined(ivr)
    assert (status, found["database"][0]) == (4, "bad")
    well.setenv("DATABASE_URL", "nonsense")
    assert examined(ivr)[0] in (3, 4)


def test_a_clock_that_is_wrong_a_disk_that_is_full_and_a_font_without_letters(ivr, well):
    well.setattr(examination, "CLOCK_SECONDS", -1)
    well.setattr(examination, "ROOM_BYTES", shutil.disk_usage("/").total * 100)
    well.setattr(examination, "_LETTERS", "\U0010fffd")
    status, found = examined(ivr)
    bad = {what.partition(" of ")[0] for what, told in found.items() if told[0] == "bad"}
    assert (status, bad) == (1, {"clock", "disk", "font"})


def test_rights_that_are_missing_are_named(ivr, well, engine, account, database_url):
    well.setenv("DATABASE_URL", database_url.set(username=account).render_as_string(hide_password=False))
    with engine.begin() as db:
        db.execute(text(f"REVOKE DELETE ON banks FROM {account}"))
    status, found = examined(ivr)
    assert (status, found["rights"][0], "DELETE on banks" in found["rights"][1]) == (4, "bad", True)
