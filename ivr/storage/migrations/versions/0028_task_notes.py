"""Who of staff has taken a task, and what they noted while it was open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
oldest_release = "0022"


def upgrade() -> None:
    """Add both."""
    op.add_column("staff_tasks", sa.Column("taken_by", sa.Text(), nullable=True))
    op.add_column(
        "staff_tasks",
        sa.Column("notes", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_column("staff_tasks", "notes")
    op.drop_column("staff_tasks", "taken_by")
