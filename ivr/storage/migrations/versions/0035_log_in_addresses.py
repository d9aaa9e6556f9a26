"""From where a log-in of staff was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
oldest_release = "0022"


def upgrade() -> None:
    """Add it."""
    op.add_column(
        "staff_logins", sa.Column("address", sa.Text(), nullable=False, server_default=sa.text("''"))
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("staff_logins", "address")
