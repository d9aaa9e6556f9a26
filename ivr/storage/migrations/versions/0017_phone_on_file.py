"""A caller may be known by the telephone number on file: it is found without reading every member."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Let a member be found by telephone number."""
    op.execute("CREATE INDEX ix_members_phone ON members (phone) WHERE phone IS NOT NULL")


def downgrade() -> None:
    """Forget the way."""
    op.execute("DROP INDEX ix_members_phone")
