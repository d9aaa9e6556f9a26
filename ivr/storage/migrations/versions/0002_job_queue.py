"""The job queue: Procrastinate's schema as its version 3.10.0 has it (MIT licence), frozen beside this file."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

NEWEST_PROCRASTINATE_MIGRATION = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
SCHEMA = Path(__file__).with_name("job_queue.sql")


def upgrade() -> None:
    """Run the file as it is: through the driver, because `%` means something to SQLAlchemy."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(SCHEMA.read_text("utf-8"))


def downgrade() -> None:
    """Drop all that bears Procrastinate's prefix, waiting jobs with it."""
    op.execute(r"""
        DO $$
        DECLARE
            statement text;
        BEGIN
            FOR statement IN
                SELECT format('DROP TABLE %s CASCADE', oid::regclass)
                FROM pg_class WHERE relkind = 'r' AND relname LIKE 'procrastinate\_%'
                    AND relnamespace = current_schema()::regnamespace
            LOOP EXECUTE statement; END LOOP;
            FOR statement IN
                SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure)
                FROM pg_proc WHERE proname LIKE 'procrastinate\_%'
                    AND pronamespace = current_schema()::regnamespace
            LOOP EXECUTE statement; END LOOP;
            FOR statement IN
                SELECT format('DROP TYPE %s CASCADE', oid::regtype)
                FROM pg_type WHERE typname LIKE 'procrastinate\_%' AND typtype IN ('e', 'c')
                    AND typnamespace = current_schema()::regnamespace
            LOOP EXECUTE statement; END LOOP;
        END
        $$
    """)
