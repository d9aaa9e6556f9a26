"""`ivr banks` as an operator runs it."""

from datetime import UTC, datetime

from sqlalchemy import update

from ivr.sandbox.members import SAMPLE_DIRECTORY
from ivr.storage.tables import Bank


def test_a_directory_is_loaded_looked_at_and_grows_old(ivr, engine, tmp_path):
    assert ivr("banks", "status").status == 1
    loaded = ivr("banks", "import", SAMPLE_DIRECTORY)
    assert (loaded.status, loaded.out) == (0, "5 read: 5 added, 0 changed, 0 unchanged\n")
    assert ivr("banks", "status").out == "5 banks, imported 0 days ago\n"
    with engine.begin() as db:
        db.execute(update(Bank).values(imported_at=datetime(2026, 1, 1, tzinfo=UTC)))
    old = ivr("banks", "status")
    assert (old.status, "It is old" in old.err) == (1, True)
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("no directory\n")
    refused = ivr("banks", "import", wrong)
    assert (refused.status, "155 characters" in refused.err) == (1, True)
