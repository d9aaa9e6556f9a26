"""A promise of a date that was not kept: the new dates, the notices before, and when the worker was last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add what is needed to move a payment to a later cutoff and to tell its member anew."""
    op.add_column("payments", sa.Column("moved_to_cutoff_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "notices", sa.Column("attempts_before", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_table(
        "earlier_notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["notices.payment_id"], name=op.f("fk_earlier_notices_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_notices")),
    )
    op.create_index(op.f("ix_earlier_notices_payment_id"), "earlier_notices", ["payment_id"], unique=False)
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("heartbeats")
    op.drop_table("earlier_notices")
    op.drop_column("notices", "attempts_before")
    op.drop_column("payments", "moved_to_cutoff_at")
