"""When a return settled by the bank's own word: what is booked by hand before its file has a date to be kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Older items have no date: their files were not asked for it."""
    op.add_column("bank_items", sa.Column("settlement_date", sa.Date(), nullable=True))


def downgrade() -> None:
    """Forget the dates."""
    op.drop_column("bank_items", "settlement_date")
