"""A payer is told that staff had a debit presented again, which the notice of its return did not say."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
oldest_release = "0022"

_KINDS = "'authorized', 'cancelled', 'returned', 'reversed', 'refunded', 'not_debited'"


def upgrade() -> None:
    """Let a notice tell of a retry."""
    _allow(f"{_KINDS}, 'retried'")


def downgrade() -> None:
    """No notice tells of a retry; with one in the table it is refused."""
    _allow(_KINDS)


def _allow(kinds: str) -> None:
    op.execute("ALTER TABLE notices DROP CONSTRAINT ck_notices_kind")
    op.execute(f"ALTER TABLE notices ADD CONSTRAINT ck_notices_kind CHECK (kind in ({kinds}))")
