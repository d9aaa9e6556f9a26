"""Evidence is sealed the night after, and rules of retention that do not hold are told loudly."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from structlog.testing import capture_logs
from support.authorized import NOW, authorized

from ivr.base.settings import MemberSettings
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.jobs.retention import run_retention, seal_days_before
from ivr.members.imports import import_members
from ivr.storage.tables import Authorization, EvidenceSeal, Payment

SETTINGS = MemberSettings(ivr_hash_key=b"h" * 32)
HASHES = SETTINGS.hashes


@pytest.fixture
def paid(engine):
    members = demo_members(date(2026, 12, 18))
    with engine.begin() as db:
        import_members(db, HASHES, NOW, io.BytesIO(members_csv(members).encode()), file_name="m")
        import_bills(db, HASHES, NOW, io.BytesIO(bills_csv(members).encode()), file_name="b", as_of_at=NOW)
    return authorized(engine, HASHES)


def test_a_day_is_sealed_once_it_is_over_by_the_banks_clock(engine, paid):
    midnight = datetime(2026, 12, 19, 5, tzinfo=UTC)  # in Boston
    assert seal_days_before(engine, SETTINGS, midnight - timedelta(seconds=1)) == 0
    assert seal_days_before(engine, SETTINGS, midnight) == 1
    assert seal_days_before(engine, SETTINGS, midnight) == 0
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(EvidenceSeal)).scalar_one() == 1


def test_rules_that_hold_are_quiet_and_others_are_loud(engine, paid):
    with engine.begin() as db:
        db.execute(update(Payment).values(state="final", settled_at=NOW))
    with capture_logs() as quiet:
        assert run_retention(engine, SETTINGS, NOW + timedelta(days=200)).account_numbers_forgotten == 1
    assert quiet == []
    with engine.begin() as db:
        db.execute(delete(Authorization))
    with capture_logs() as loud:
        assert not run_retention(engine, SETTINGS, NOW + timedelta(days=200)).proven
    assert [(entry["event"], entry["evidence_missing"]) for entry in loud] == [("retention_not_proven", 1)]
