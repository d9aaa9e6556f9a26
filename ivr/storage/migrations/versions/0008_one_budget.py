"""Failures are counted on the member found, else on what was keyed.

What was counted before stays under the keyed hash of what was keyed and goes on counting for that name:
a migration has no key to tell whose it was.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Write hashes as text, so that a member's ID can stand in the same column."""
    op.alter_column("verification_counters", "keyed_id", new_column_name="counted_on")
    op.alter_column(
        "verification_counters",
        "counted_on",
        type_=sa.Text(),
        postgresql_using="encode(counted_on, 'hex')",
    )


def downgrade() -> None:
    """Forget the members' counters, which only their new key can name; the others stay."""
    op.execute("DELETE FROM verification_counters WHERE length(counted_on) <> 64")
    op.alter_column(
        "verification_counters",
        "counted_on",
        type_=sa.LargeBinary(),
        postgresql_using="decode(counted_on, 'hex')",
    )
    op.alter_column("verification_counters", "counted_on", new_column_name="keyed_id")
