"""What the console asks of 400,000 members and a year of notices and events is found by an index."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
oldest_release = "0022"

_UP = (
    "CREATE INDEX ix_members_last_name ON members (lower(last_name) text_pattern_ops)",
    "CREATE INDEX ix_audit_events_subject ON audit_events (subject)",
    "DROP INDEX ix_notices_pending",
    "CREATE INDEX ix_notices_unsent ON notices (id) WHERE state IN ('pending', 'failed')",
    """CREATE INDEX ix_notices_unmailed ON notices (id)
        WHERE channel = 'letter' AND state = 'sent' AND mailed_date IS NULL""",
)
_DOWN = (
    "DROP INDEX ix_notices_unmailed",
    "DROP INDEX ix_notices_unsent",
    "CREATE INDEX ix_notices_pending ON notices (id) WHERE state = 'pending'",
    "DROP INDEX ix_audit_events_subject",
    "DROP INDEX ix_members_last_name",
)


def upgrade() -> None:
    """Add the indexes; the one of notices that wait has those that failed as well."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for statement in _DOWN:
        op.execute(statement)
