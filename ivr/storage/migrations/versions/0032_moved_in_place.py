"""Payments and entries change their state in place, and a bill's account is looked up once a statement.

An index whose condition names `state` makes every change of it a new row in all indexes. A column that says
the same of several states stays as it is, and the row stays where it is if its page has room. Adding it
writes both tables anew, a second or two for 100,000 payments: calls that come to a payment wait for it.
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
oldest_release = "0022"

_PENDING = "state = ANY (ARRAY['authorized', 'held', 'batched', 'sent'])"
_MOVING = "state = ANY (ARRAY['batched', 'sent', 'settled'])"
_LIVE = (
    "kind = ANY (ARRAY['debit', 'retry'])"
    " AND state = ANY (ARRAY['requested', 'batched', 'sent', 'settled', 'final'])"
)
_UP = (
    "DROP INDEX ix_payments_due",
    "ALTER TABLE payments SET (fillfactor = 50)",
    f"ALTER TABLE payments ADD is_pending boolean NOT NULL GENERATED ALWAYS AS ({_PENDING}) STORED",
    "CREATE INDEX ix_payments_due ON payments (cutoff_at) WHERE is_pending",
    "DROP INDEX ix_ach_entries_moving, ux_ach_entries_live_debit",
    "ALTER TABLE ach_entries SET (fillfactor = 50)",
    f"""ALTER TABLE ach_entries ADD is_moving boolean NOT NULL GENERATED ALWAYS AS ({_MOVING}) STORED,
        ADD is_live_debit boolean NOT NULL GENERATED ALWAYS AS ({_LIVE}) STORED""",
    "CREATE INDEX ix_ach_entries_moving ON ach_entries (effective_entry_date) WHERE is_moving",
    "CREATE UNIQUE INDEX ux_ach_entries_live_debit ON ach_entries (payment_id) WHERE is_live_debit",
)
_DOWN = (
    "DROP INDEX ux_ach_entries_live_debit, ix_ach_entries_moving, ix_payments_due",
    "ALTER TABLE ach_entries DROP is_live_debit, DROP is_moving",
    "ALTER TABLE ach_entries RESET (fillfactor)",
    "ALTER TABLE payments DROP is_pending",
    "ALTER TABLE payments RESET (fillfactor)",
    """CREATE UNIQUE INDEX ux_ach_entries_live_debit ON ach_entries (payment_id)
        WHERE kind in ('debit', 'retry') AND state in ('requested', 'batched', 'sent', 'settled', 'final')""",
    """CREATE INDEX ix_ach_entries_moving ON ach_entries (effective_entry_date)
        WHERE state in ('batched', 'sent', 'settled')""",
    "CREATE INDEX ix_payments_due ON payments (cutoff_at) WHERE state in ('authorized', 'held')",
)


def upgrade() -> None:
    """Give both tables what their indexes ask for instead of the state, and room on their pages."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Indexes ask for the state again."""
    for statement in _DOWN:
        op.execute(statement)
