"""A known word under each key, so that a wrong key is noticed at the start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make room for them; the next start, which has the keys, writes them."""
    op.create_table(
        "canaries",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_canaries"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("canaries")
