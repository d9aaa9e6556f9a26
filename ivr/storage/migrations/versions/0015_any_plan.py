"""Which plans there are is told by the program, not by the table."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Let a billing account be of any plan."""
    op.drop_constraint(op.f("ck_billing_accounts_plan"), "billing_accounts")


def downgrade() -> None:
    """Allow the two that there were."""
    op.create_check_constraint(op.f("ck_billing_accounts_plan"), "billing_accounts", "plan in ('health', 'dental')")
