"""The named sample members and their bills, loaded by the imports themselves."""

import io
from datetime import UTC, date, datetime

import pytest

from ivr.base.keys import KeyedHash
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.members.imports import import_members

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
TODAY = date(2026, 12, 18)


@pytest.fixture
def hashes():
    return KeyedHash(b"h" * 32)


@pytest.fixture
def samples(engine, hashes):
    members = demo_members(TODAY)
    with engine.begin() as db:
        for run, text in ((import_members, members_csv(members)), (import_bills, bills_csv(members))):
            as_of = {"as_of_at": NOW} if run is import_bills else {}
            result = run(db, hashes, NOW, io.BytesIO(text.encode()), file_name="samples.csv", **as_of)
            assert result.errors == []
    return {member.name: member for member in members}
