"""Members, bills, the ledger, payments, calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, and the trigger that keeps the ledger append-only."""
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_table(
        "calls",
        sa.Column("call_sid", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("caller_kind", sa.Text(), nullable=False),
        sa.Column("caller_hash", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flow_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("purged", sa.Boolean(), nullable=False),
        sa.CheckConstraint("status in ('open', 'closed')", name=op.f("ck_calls_status")),
        sa.PrimaryKeyConstraint("call_sid", name=op.f("pk_calls")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(op.f("ix_calls_started_at"), "calls", ["started_at"])
    op.create_index("ix_calls_unpurged", "calls", ["started_at"], postgresql_where=sa.text("not purged"))
    op.create_table(
        "flow_versions",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_flow_versions")),
    )
    op.create_table(
        "members",
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("date_of_birth_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ssn_last4_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("extra_time", sa.Boolean(), nullable=False),
        sa.Column("sms_ok", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_members")),
    )
    op.create_table(
        "verification_counters",
        sa.Column("keyed_id", sa.LargeBinary(), nullable=False),
        sa.Column("failures_since_success", sa.Integer(), nullable=False),
        sa.Column("recent_failures_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.PrimaryKeyConstraint("keyed_id", name=op.f("pk_verification_counters")),
    )
    op.create_table(
        "billing_accounts",
        sa.Column("billing_account", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.CheckConstraint("plan in ('health', 'dental')", name=op.f("ck_billing_accounts_plan")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f("fk_billing_accounts_member_id")
        ),
        sa.PrimaryKeyConstraint("billing_account", name=op.f("pk_billing_accounts")),
        sa.UniqueConstraint("member_id", "plan", name=op.f("uq_billing_accounts_member_id_plan")),
    )
    op.create_table(
        "turns",
        sa.Column("call_sid", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("prompts", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["call_sid"], ["calls.call_sid"], name=op.f("fk_turns_call_sid")),
        sa.PrimaryKeyConstraint("call_sid", "seq", name=op.f("pk_turns")),
    )
    op.create_table(
        "bills",
        sa.Column("billing_account", sa.Text(), nullable=False),
        sa.Column("coverage_month", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("first_payment", sa.Boolean(), nullable=False),
        sa.Column("authorization_code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("as_of_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["billing_account"], ["billing_accounts.billing_account"], name=op.f("fk_bills_billing_account")
        ),
        sa.PrimaryKeyConstraint("billing_account", "coverage_month", name=op.f("pk_bills")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("confirmation_number", sa.Text(), nullable=False),
        sa.Column("call_sid", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("billing_account", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("authorized_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cutoff_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before_date", sa.Date(), nullable=False),
        sa.Column("effective_entry_date", sa.Date(), nullable=False),
        sa.Column("sec_code", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=False),
        sa.Column("rdfi_routing_number", sa.Text(), nullable=False),
        sa.Column("account_number", sa.LargeBinary(), nullable=True),
        sa.Column("account_fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("account_last4", sa.Text(), nullable=False),
        sa.Column("receiver_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("trace_number", sa.Text(), nullable=True),
        sa.Column("return_code", sa.Text(), nullable=True),
        sa.CheckConstraint("account_type in ('checking', 'savings')", name=op.f("ck_payments_account_type")),
        sa.CheckConstraint(
            "state in ('authorized', 'held', 'cancelled', 'batched', 'sent', 'settled', 'returned', 'final')",
            name=op.f("ck_payments_state"),
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(
            ["billing_account"],
            ["billing_accounts.billing_account"],
            name=op.f("fk_payments_billing_account"),
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name=op.f("fk_payments_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("call_sid", "seq", name=op.f("uq_payments_call_sid_seq")),
        sa.UniqueConstraint("confirmation_number", name=op.f("uq_payments_confirmation_number")),
    )
    op.create_index(op.f("ix_payments_billing_account"), "payments", ["billing_account"])
    op.create_index(op.f("ix_payments_member_id_authorized_at"), "payments", ["member_id", "authorized_at"])
    op.create_table(
        "consents",
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("spoken_by", sa.Text(), nullable=False),
        sa.Column("words_heard", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3, asdecimal=False), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("flow_version", sa.Text(), nullable=False),
        sa.Column("prompts", postgresql.JSONB(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=True),
        sa.CheckConstraint("how in ('spoken', 'bill_code')", name=op.f("ck_consents_how")),
        sa.CheckConstraint("spoken_by in ('caller', 'relay')", name=op.f("ck_consents_spoken_by")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_consents_payment_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_consents")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("coverage_month", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('bill', 'correction', 'payment')", name=op.f("ck_ledger_entries_kind")),
        sa.ForeignKeyConstraint(
            ["billing_account"],
            ["billing_accounts.billing_account"],
            name=op.f("fk_ledger_entries_billing_account"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_ledger_entries_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_billing_account"), "ledger_entries", ["billing_account"])
    op.create_table(
        "notices",
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel in ('sms', 'email', 'letter')", name=op.f("ck_notices_channel")),
        sa.CheckConstraint("state in ('pending', 'sent', 'failed')", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_notices_payment_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_notices")),
    )
    op.execute("""
        CREATE FUNCTION ledger_entries_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'The ledger is append-only: post a correction instead of this %', TG_OP
                USING ERRCODE = 'restrict_violation';
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER ledger_entries_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_refuse_change()
    """)


def downgrade() -> None:
    """Drop them again, with all they hold."""
    op.drop_table("notices")
    op.drop_table("ledger_entries")
    op.drop_table("consents")
    op.drop_table("payments")
    op.drop_table("bills")
    op.drop_table("turns")
    op.drop_table("billing_accounts")
    op.drop_table("verification_counters")
    op.drop_table("members")
    op.drop_table("flow_versions")
    op.drop_table("calls")
    op.drop_table("audit_events")
    op.execute("DROP FUNCTION ledger_entries_refuse_change()")
