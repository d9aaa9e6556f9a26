"""The audit trail and the seals are append-only, and the audit trail is sealed in the chain of evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TABLES = ("audit_events", "evidence_seals")


def upgrade() -> None:
    """Refuse changes to both tables, whoever asks, and make room for an audit event in a seal."""
    op.execute("""
        CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: it takes no %', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END
        $$
    """)
    for table in _TABLES:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only
            BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()
        """)
    op.alter_column("evidence_seals", "payment_id", nullable=True)
    op.add_column("evidence_seals", sa.Column("audit_event_id", sa.BigInteger(), nullable=True))
    op.create_unique_constraint(op.f("uq_evidence_seals_audit_event_id"), "evidence_seals", ["audit_event_id"])
    op.create_check_constraint(
        op.f("ck_evidence_seals_of_one"), "evidence_seals", "num_nonnulls(payment_id, audit_event_id) = 1"
    )


def downgrade() -> None:
    """Let both be changed again. The audit trail's seals go; the chain is broken where they were."""
    for table in _TABLES:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION audit_refuse_change()")
    op.execute("DELETE FROM evidence_seals WHERE payment_id IS NULL")
    op.drop_constraint(op.f("ck_evidence_seals_of_one"), "evidence_seals", type_="check")
    op.drop_column("evidence_seals", "audit_event_id")
    op.alter_column("evidence_seals", "payment_id", nullable=False)
