"""Files to the bank are kept sealed and nothing else: a plain digest lets whoever reads it try account numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forget the digests; the sealed content proves itself."""
    op.drop_column("ach_files", "sha256")


def downgrade() -> None:
    """Give the column back, with nothing in it."""
    op.add_column("ach_files", sa.Column("sha256", sa.LargeBinary(), nullable=False, server_default=""))
    op.alter_column("ach_files", "sha256", server_default=None)
