"""A member may be withdrawn; a bill that is withdrawn goes, and the ledger keeps that it was there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
oldest_release = "0022"


def upgrade() -> None:
    """Let members be withdrawn."""
    op.add_column("members", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take everybody back who was withdrawn."""
    op.drop_column("members", "withdrawn_at")
