"""When a counter's last failure was, for whoever watches the whole line, and since when it is locked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add both, with what the counters know of them; a lock of before counts from its last failure."""
    for name in ("last_failure_at", "locked_at"):
        op.add_column("verification_counters", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE verification_counters SET"
        " last_failure_at = recent_failures_at[cardinality(recent_failures_at)],"
        " locked_at = CASE WHEN cardinality(recent_failures_at) >= 5 OR failures_since_success >= 10"
        " THEN recent_failures_at[cardinality(recent_failures_at)] END"
    )
    op.create_index(
        op.f("ix_verification_counters_last_failure_at"), "verification_counters", ["last_failure_at"]
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_column("verification_counters", "locked_at")
    op.drop_column("verification_counters", "last_failure_at")
