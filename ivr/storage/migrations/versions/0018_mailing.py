"""A letter has the day on which it was mailed; a member may not want e-mail."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

_UP = (
    "ALTER TABLE notices ADD mailed_date date",
    # Until now a letter counted as mailed when it lay in the outbox.
    """UPDATE notices SET mailed_date = (sent_at AT TIME ZONE 'UTC')::date
        WHERE channel = 'letter' AND sent_at IS NOT NULL""",
    "ALTER TABLE members ADD email_ok boolean",
)
_DOWN = ("ALTER TABLE members DROP email_ok", "ALTER TABLE notices DROP mailed_date")


def upgrade() -> None:
    """Keep when letters are mailed, and who wants e-mail."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget both."""
    for statement in _DOWN:
        op.execute(statement)
