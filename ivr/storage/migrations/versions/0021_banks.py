"""The directory of the banks that take entries."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table; without rows every bank is taken, as before."""
    op.execute(
        "CREATE TABLE banks (routing_number TEXT NOT NULL, name TEXT NOT NULL,"
        " imported_at TIMESTAMP WITH TIME ZONE NOT NULL,"
        " CONSTRAINT pk_banks PRIMARY KEY (routing_number))"
    )


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE banks")
