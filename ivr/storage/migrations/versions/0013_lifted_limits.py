"""When staff last lifted the limit of payments a day for a member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "lifted_limits",
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_lifted_limits_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_lifted_limits")),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("lifted_limits")
