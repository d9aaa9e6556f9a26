"""A delivery that was broken off as the file got its name at the bank is remembered, and asked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Remember when a try began to give a file its name; of those before this nothing is known."""
    op.add_column("ach_files", sa.Column("naming_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("ach_files", "naming_at")
