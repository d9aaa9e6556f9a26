"""A bank file may go out encrypted: the same bytes at each try."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Keep what went out."""
    op.execute("ALTER TABLE ach_files ADD encrypted bytea")


def downgrade() -> None:
    """Forget it: the content is sealed beside it."""
    op.execute("ALTER TABLE ach_files DROP encrypted")
