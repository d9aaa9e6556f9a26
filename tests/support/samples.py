"""The named sample members and their bills, loaded by the imports themselves."""

import io
from datetime import UTC, date, datetime

from support.environs import HASH_KEY_BYTES

from ivr.base.keys import KeyedHash
from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.members.imports import import_members

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)  # a Friday, 10:15 in Boston
TODAY = date(2026, 12, 18)
HASHES = KeyedHash(HASH_KEY_BYTES)


def load(db, hashes, members, now=NOW):
    """Load members with their bills, which are true as of `now`."""
    people, bills = (io.BytesIO(text.encode()) for text in (members_csv(members), bills_csv(members)))
    read = import_members(db, hashes, now, people, file_name="members.csv")
    billed = import_bills(db, hashes, now, bills, as_of_at=now, file_name="bills.csv")
    assert [*read.errors, *billed.errors] == []


def load_demo_members(engine, hashes=HASHES, now=NOW):
    """Load the demo's members as they are on the day of `now`, and return them by name."""
    members = demo_members(now.date())
    with engine.begin() as db:
        load(db, hashes, members, now)
    return {member.name: member for member in members}
