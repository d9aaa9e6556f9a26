"""Payments and events of a day are found by an index.

Both tables grow in the order of their days, so a block range index finds a day and costs a new row nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
oldest_release = "0022"


def upgrade() -> None:
    """Add the indexes."""
    op.execute("CREATE INDEX ix_payments_authorized_at ON payments USING brin (authorized_at)")
    op.execute("CREATE INDEX ix_audit_events_at ON audit_events USING brin (at)")


def downgrade() -> None:
    """Take them away."""
    op.execute("DROP INDEX ix_audit_events_at, ix_payments_authorized_at")
