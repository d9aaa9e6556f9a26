"""The bank's day in tests: a cutoff whose file reaches the bank, settlement, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text, update
from support.bank import Back, file_of
from support.money import FRIDAYS_CUTOFF, KEYS, SETTINGS, payment_row

from ivr.payments.blocks import either_blocked
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.origination import run_cutoff
from ivr.payments.returns import import_returns
from ivr.payments.settlement import settle
from ivr.storage.tables import AchEntry, AchFile, Payment

TUESDAY = datetime(2026, 12, 22, 14, tzinfo=UTC)
TUESDAYS_CUTOFF = datetime(2026, 12, 22, 22, tzinfo=UTC)
RULE = cutoff_rule(SETTINGS)


def cut(engine, cutoff=FRIDAYS_CUTOFF):
    """Make the file of a cutoff, and bring it to the bank."""
    with engine.begin() as db:
        done = run_cutoff(db, KEYS, SETTINGS, cutoff=cutoff, now=cutoff + timedelta(minutes=1))
        db.execute(
            update(AchFile)
            .where(AchFile.id == done.file.file_id)
            .values(state="sent", sent_at=cutoff + timedelta(minutes=2))
        )
        of_file = {"file_id": done.file.file_id}
        db.exec_driver_sql(
            "UPDATE payments SET state = 'sent' WHERE id IN (SELECT payment_id FROM ach_entries"
            " WHERE file_id = %(file_id)s AND kind IN ('debit', 'retry'))",
            of_file,
        )
        db.exec_driver_sql("UPDATE ach_entries SET state = 'sent' WHERE file_id = %(file_id)s", of_file)


def settle_by(engine, now):
    """Settle what has settled by `now`."""
    with engine.begin() as db:
        settle(db, SETTINGS.ivr_closings, now)


def came_back(engine, paid, code="R01", **values):
    """A payment's newest entry, as the receiver's bank returns it."""
    row = payment_row(engine, paid)
    return Back(code, row.trace_number, paid.confirmation_number, row.amount_cents, **values)


def bring(engine, *backs, data=None, now=TUESDAY, file_name="back.ach"):
    """Import a file with these entries."""
    with engine.begin() as db:
        return import_returns(
            db,
            KEYS,
            SETTINGS.hashes,
            data or file_of(*backs),
            odfi_routing=SETTINGS.ivr_odfi_routing,
            file_name=file_name,
            actor="staff",
            now=now,
        )


def rows(engine, table, *conditions):
    """The rows of a table, in the order of its key."""
    statement = select(table.__table__).where(*conditions).order_by(*table.__table__.primary_key)
    with engine.connect() as db:
        return db.execute(statement).all()


def many_debits(engine, paid, count):
    """As many more payments like this one, each with its debit in the same file: enough to speak of a rate."""

    def copy(table, where, **changed):
        names = [
            column.name for column in table.__table__.columns if column.name != "id" and not column.computed
        ]
        values = ", ".join(changed.get(name, f"row.{name}") for name in names)
        return text(
            f"INSERT INTO {table.__tablename__} ({', '.join(names)}) SELECT {values} FROM "
            f"{table.__tablename__} row {where}"
        )

    series = "CROSS JOIN generate_series(1, :count) n WHERE row.id = :id"
    payments = copy(Payment, series, confirmation_number="'9' || n", call_sid="'CA' || n")
    entries = copy(
        AchEntry,
        "CROSS JOIN payments p WHERE row.payment_id = :id AND p.call_sid ~ '^CA[0-9]{1,4}$'",
        payment_id="p.id",
        trace_number="'0' || p.id",
    )
    with engine.begin() as db:
        db.execute(payments, {"id": paid.payment_id, "count": count})
        db.execute(entries, {"id": paid.payment_id})


def account_blocked(db, account_fingerprint):
    return either_blocked(db, "", account_fingerprint)


def routing_number_blocked(db, routing_number):
    return either_blocked(db, routing_number, b"")
