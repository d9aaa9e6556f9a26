"""What came of the calls of each day that is over, for the console's reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
oldest_release = "0022"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "report_days",
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("counted", "day", name="pk_report_days"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("report_days")
