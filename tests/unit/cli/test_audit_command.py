"""`ivr audit` as a compliance officer runs it: text, JSON, a PDF, and the seal of a report checked again."""

import io
import json

import pytest
from sqlalchemy import text
from support.authorized import NOW, authorized
from support.samples import HASHES, load_demo_members

from ivr.cli.main import run

DECEMBER = ("--from", "2026-12-01", "--to", "2026-12-31")


@pytest.fixture
def paid(engine):
    load_demo_members(engine)
    return authorized(engine, HASHES)


@pytest.fixture
def clean(engine, paid):
    """The same payment, with the call that verified its member and the dialog that spoke its terms."""
    with engine.begin() as db:
        db.execute(text("INSERT INTO flow_versions VALUES ('abc123', '{}', :now)"), {"now": NOW})
        db.execute(
            text(
                "INSERT INTO calls (call_sid, status, caller_kind, started_at, answered_at, flow_version, language,"
                " pace, seq, node, member_id, state, purged) SELECT call_sid, 'closed', 'withheld', authorized_at,"
                " authorized_at, 'abc123', 'en-US', 'voice', 16, 'main.goodbye', member_id, '', true FROM payments"
            )
        )
    return paid


def test_what_was_not_met_is_named_and_is_the_status(ivr, paid):
    ran = ivr("audit", *DECEMBER)
    assert ran.status == 1
    assert "identity: The caller was verified" in ran.out
    assert paid.confirmation_number in ran.out


def test_a_clean_line_is_told_so_and_a_report_that_was_changed_is_found(ivr, clean, tmp_path):
    ran = ivr("audit", *DECEMBER, "--json")
    report = json.loads(ran.out)
    assert (ran.status, report["not_met"], report["from"]) == (0, 0, "2026-12-01")
    assert {row["applied"] for row in report["duties"] if row["duty"] == "spoken-yes"} == {1}
    file = tmp_path / "audit.json"
    file.write_text(ran.out)
    assert ivr("audit", "--check", file).status == 0
    file.write_text(ran.out.replace('"applied": 1', '"applied": 2', 1))
    checked = ivr("audit", "--check", file)
    assert (checked.status, "not as this line made it" in checked.err) == (1, True)
    file.write_text("no report")
    assert ivr("audit", "--check", file).status == 1


def test_a_period_without_payments_applies_to_none(ivr, clean):
    report = json.loads(ivr("audit", "--to", "2026-12-17", "--json").out)
    assert {row["applied"] for row in report["duties"] if row["duty"] == "spoken-yes"} == {0}


def test_a_pdf_goes_to_a_file_not_onto_a_terminal(ivr, clean, monkeypatch):
    written = io.BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", io.TextIOWrapper(written, encoding="utf-8"))
        assert run(["audit", *DECEMBER, "--pdf"]) == 0
        assert written.getvalue().startswith(b"%PDF-")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert ivr("audit", "--pdf").status == 2


@pytest.mark.parametrize("given", [("--json", "--pdf"), ("--from", "2026-12-02", "--to", "2026-12-01")])
def test_what_cannot_be_is_refused(ivr, clean, given):
    assert ivr("audit", *given).status == 2
