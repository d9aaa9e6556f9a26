"""A member is told of more than an authorization; a reversal has its reason, and a task its notice."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

_LATER = "kind IN ('cancelled', 'returned', 'reversed', 'refunded')"


def _checks(about: str, kind: str) -> str:
    return f"""ALTER TABLE notices DROP CONSTRAINT ck_notices_about, DROP CONSTRAINT ck_notices_kind,
        ADD CONSTRAINT ck_notices_about CHECK (about in ({about})),
        ADD CONSTRAINT ck_notices_kind CHECK (kind in ({kind}))"""


_UP = (
    _checks(
        "'authorization', 'payment', 'entry'",
        "'authorized', 'cancelled', 'returned', 'reversed', 'refunded'",
    ),
    "ALTER TABLE ach_entries ADD reason text",
    # What was asked for so far stands in the audit trail.
    """UPDATE ach_entries SET reason = details->>'reason' FROM audit_events
        WHERE action = 'payments.reverse' AND (details->>'entry_id')::bigint = ach_entries.id""",
    """ALTER TABLE staff_tasks ADD notice_id bigint CONSTRAINT fk_staff_tasks_notice_id
        REFERENCES notices ON DELETE SET NULL""",
    "CREATE INDEX ix_staff_tasks_notice_id ON staff_tasks (notice_id)",
    """UPDATE staff_tasks SET notice_id = notices.id FROM notices
        WHERE staff_tasks.kind IN ('notice_failed', 'notice_late') AND closed_at IS NULL
            AND notices.payment_id = staff_tasks.payment_id AND notices.state <> 'replaced'""",
)
_DOWN = (
    "ALTER TABLE staff_tasks DROP notice_id",
    "ALTER TABLE ach_entries DROP reason",
    f"""DELETE FROM procrastinate_jobs USING notices WHERE task_name = 'send_notice' AND status = 'todo'
        AND (args->>'notice_id')::bigint = notices.id AND {_LATER}""",
    f"DELETE FROM notice_attempts USING notices WHERE notice_id = notices.id AND {_LATER}",
    f"DELETE FROM notices WHERE {_LATER}",
    _checks("'authorization'", "'authorized'"),
)


def upgrade() -> None:
    """Let a notice be about a payment or an entry."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget what was told later."""
    for statement in _DOWN:
        op.execute(statement)
