"""Payments are found by the last four digits of the account that is debited."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
oldest_release = "0022"


def upgrade() -> None:
    """Add the index: the digits stay as they are, so that only a new payment is written into it."""
    op.execute("CREATE INDEX ix_payments_account_last4 ON payments (account_last4)")


def downgrade() -> None:
    """Take it away."""
    op.execute("DROP INDEX ix_payments_account_last4")
