"""The directory of banks: loaded whole or not at all, replaced by the next, and known to be old."""

import io
from datetime import timedelta

from sqlalchemy import select
from support.money import FRIDAY

from ivr.payments.banks import directory_imported_at, import_directory, watch_directory
from ivr.sandbox.members import SAMPLE_DIRECTORY
from ivr.storage.tables import Bank, StaffTask

DIRECTORY = SAMPLE_DIRECTORY.read_bytes()


def loaded(engine, data=DIRECTORY, now=FRIDAY):
    with engine.begin() as db:
        done = import_directory(db, now, io.BytesIO(data), file_name="d.txt")
    return done.read, done.added, done.changed, done.unchanged, [each.line for each in done.errors]


def test_a_directory_takes_the_place_of_the_one_before(engine):
    assert loaded(engine) == (5, 5, 0, 0, [])
    renamed = DIRECTORY.replace(b"FIRST EXAMPLE", b"OTHER EXAMPLE")[: 4 * 156]
    assert loaded(engine, renamed) == (4, 0, 1, 3, [])
    with engine.connect() as db:
        assert "OTHER EXAMPLE BANK" in db.scalars(select(Bank.name)).all()
        assert len(db.scalars(select(Bank.routing_number)).all()) == 4


def test_a_file_with_a_fault_or_without_a_bank_changes_nothing(engine):
    loaded(engine)
    assert loaded(engine, DIRECTORY.replace(b"021000021", b"021000020", 1))[4] == [2]
    assert loaded(engine, b"\n")[4] == [1]
    with engine.connect() as db:
        assert len(db.scalars(select(Bank.routing_number)).all()) == 5


def test_an_old_directory_is_a_task_until_it_is_renewed(engine):
    late = FRIDAY + timedelta(days=36)
    with engine.begin() as db:
        watch_directory(db, late)  # there is none: as before there was one
    loaded(engine)
    with engine.begin() as db:
        assert directory_imported_at(db) == FRIDAY
        watch_directory(db, FRIDAY + timedelta(days=34))
        assert db.scalars(select(StaffTask.kind)).all() == []
        watch_directory(db, late)
        watch_directory(db, late)
        assert db.scalars(select(StaffTask.kind)).all() == ["bank_directory"]
    loaded(engine, now=late)
    with engine.connect() as db:
        assert db.scalars(select(StaffTask.closed_at)).all() == [late]
