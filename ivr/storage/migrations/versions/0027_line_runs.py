"""What the console ran of the line: the proof, and the written calls; what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
oldest_release = "0022"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "line_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("flow_version", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("played", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("results", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("kind in ('proof', 'calls')", name="ck_line_runs_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_line_runs"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("line_runs")
