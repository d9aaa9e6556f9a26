"""Showing, checking and exporting what proves the payments, as staff run it."""

import base64
import csv
import io
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from support.authorized import NOW, authorized

from ivr.base.keys import KeyedHash
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.members.imports import import_members
from ivr.payments.evidence import newest_head, seal_evidence
from ivr.storage.tables import Authorization

TODAY = date(2026, 12, 18)
HASHES = KeyedHash(bytes(range(32)))


@pytest.fixture
def paid(engine):
    members = demo_members(TODAY)
    with engine.begin() as db:
        import_members(db, HASHES, NOW, io.BytesIO(members_csv(members).encode()), file_name="m")
        import_bills(db, HASHES, NOW, io.BytesIO(bills_csv(members).encode()), file_name="b", as_of_at=NOW)
    payment = authorized(engine, HASHES)
    with engine.begin() as db:
        seal_evidence(db, HASHES, NOW, NOW + timedelta(days=1))
    return payment


def test_the_key_of_these_tests_is_that_of_the_settings(environ):
    assert base64.b64decode(environ["IVR_HASH_KEY"]) == bytes(range(32))


def test_evidence_as_a_page_and_as_json(ivr, paid):
    page = ivr("payments", "show", paid.confirmation_number, "--evidence")
    assert page.status == 0
    assert "words heard: yes I do" in page.out
    pack = json.loads(ivr("payments", "show", paid.confirmation_number, "--evidence", "--json").out)
    assert pack["seal"]["unchanged"] is True
    assert ivr("payments", "show", "51370537879", "--evidence").status == 1


def test_verify_says_yes_then_finds_a_changed_row(ivr, engine, paid):
    with engine.connect() as db:
        head = newest_head(db).hex()
    good = ivr("payments", "verify", "--head", head)
    assert (good.status, good.out) == (
        0,
        f"1 seal, 0 past retention, head {head}\n0 events of the audit trail sealed\n",
    )
    assert json.loads(ivr("payments", "verify", "--json").out)["problems"] == []
    assert json.loads(ivr("payments", "verify", "--json").out)["audit_events"] == 0
    with engine.begin() as db:
        db.execute(update(Authorization).values(words_heard="yes"))
    bad = ivr("payments", "verify")
    assert bad.status == 1
    assert (
        bad.err
        == f"{paid.confirmation_number}: its row, its consent or its notice was changed after sealing\n"
    )


def test_a_head_that_is_not_in_the_chain_and_one_that_is_none(ivr, paid):
    strange = ivr("payments", "verify", "--head", "ab" * 32)
    assert (strange.status, "nowhere in the chain" in strange.err) == (1, True)
    for text in ("abc", "ab"):
        assert ivr("payments", "verify", "--head", text).status == 2


def test_the_export_of_a_day(ivr, paid):
    rows = list(csv.DictReader(io.StringIO(ivr("payments", "export", "--date", "2026-12-18").out)))
    assert [row["record"] for row in rows] == ["payment", "total", "total", "evidence"]
    assert rows[0]["confirmation_number"] == paid.confirmation_number
    assert len(ivr("payments", "export").out.splitlines()) == 3
    assert ivr("payments", "export", "--date", "tomorrow").status == 2
