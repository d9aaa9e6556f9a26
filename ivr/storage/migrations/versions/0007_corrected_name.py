"""A receiver's name that staff correct stands beside the one that was authorized."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("payments", sa.Column("corrected_name", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget the corrections; the audit trail still has them."""
    op.drop_column("payments", "corrected_name")
