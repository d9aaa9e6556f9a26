"""Receipts, files to the bank and their entries, what the bank sends back, notices' attempts, sealed evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_KINDS = "kind in ('bill', 'correction', 'payment')"
_MORE_KINDS = (
    "kind in ('bill', 'correction', 'payment', 'receipt', 'cancellation', 'return', 'retry',"
    " 'reversal', 'refund')"
)


def upgrade() -> None:
    """Make what moves the money."""
    op.execute(
        sa.schema.CreateSequence(sa.Sequence("ach_trace_number", minvalue=1, maxvalue=9_999_999, cycle=True))
    )
    op.drop_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries")
    op.create_check_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries", _MORE_KINDS)
    op.create_table(
        "ach_cutoffs",
        sa.Column("cutoff_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("cutoff_at", name=op.f("pk_ach_cutoffs")),
    )
    op.create_table(
        "blocked_routing_numbers",
        sa.Column("routing_number", sa.Text(), nullable=False),
        sa.Column("return_code", sa.Text(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("routing_number", name=op.f("pk_blocked_routing_numbers")),
    )
    op.create_table(
        "ach_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("cutoff_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_id_modifier", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_entry_date", sa.Date(), nullable=False),
        sa.Column("batches", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('written', 'sent', 'rejected')", name=op.f("ck_ach_files_state")),
        sa.CheckConstraint("entries > 0", name=op.f("ck_ach_files_entries")),
        sa.ForeignKeyConstraint(
            ["cutoff_at"], ["ach_cutoffs.cutoff_at"], name=op.f("fk_ach_files_cutoff_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ach_files")),
        sa.UniqueConstraint("cutoff_at", name=op.f("uq_ach_files_cutoff_at")),
        sa.UniqueConstraint("name", name=op.f("uq_ach_files_name")),
    )
    op.create_table(
        "receipts",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("billing_account", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("received_date", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel in ('mail', 'counter', 'bank_bill_pay', 'online')", name=op.f("ck_receipts_channel")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_receipts_amount")),
        sa.ForeignKeyConstraint(
            ["billing_account"],
            ["billing_accounts.billing_account"],
            name=op.f("fk_receipts_billing_account"),
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_receipts")),
    )
    op.create_table(
        "ach_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sec_code", sa.Text(), nullable=False),
        sa.Column("transaction_code", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("trace_number", sa.Text(), nullable=True),
        sa.Column("effective_entry_date", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("return_code", sa.Text(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('debit', 'retry', 'reversal', 'refund')", name=op.f("ck_ach_entries_kind")
        ),
        sa.CheckConstraint(
            "state in ('requested', 'withdrawn') or (file_id is not null and trace_number is not null and effective_entry_date is not null)",
            name=op.f("ck_ach_entries_in_a_file"),
        ),
        sa.CheckConstraint(
            "state in ('requested', 'batched', 'sent', 'settled', 'returned', 'final', 'rejected',"
            " 'withdrawn')",
            name=op.f("ck_ach_entries_state"),
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_ach_entries_amount")),
        sa.ForeignKeyConstraint(["file_id"], ["ach_files.id"], name=op.f("fk_ach_entries_file_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_ach_entries_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ach_entries")),
        sa.UniqueConstraint("file_id", "trace_number", name=op.f("uq_ach_entries_file_id_trace_number")),
    )
    op.create_index(
        "ix_ach_entries_moving",
        "ach_entries",
        ["effective_entry_date"],
        unique=False,
        postgresql_where=sa.text("state in ('batched', 'sent', 'settled')"),
    )
    op.create_index(op.f("ix_ach_entries_payment_id"), "ach_entries", ["payment_id"], unique=False)
    op.create_index(op.f("ix_ach_entries_trace_number"), "ach_entries", ["trace_number"], unique=False)
    op.create_index(
        "ux_ach_entries_live_debit",
        "ach_entries",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text(
            "kind in ('debit', 'retry') and state in ('requested', 'batched', 'sent', 'settled', 'final')"
        ),
    )
    op.create_table(
        "blocked_accounts",
        sa.Column("account_fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("return_code", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_blocked_accounts_payment_id")),
        sa.PrimaryKeyConstraint("account_fingerprint", name=op.f("pk_blocked_accounts")),
    )
    op.create_table(
        "evidence_seals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_evidence_seals_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_seals")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_evidence_seals_payment_id")),
    )
    op.create_table(
        "bank_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("original_trace_number", sa.Text(), nullable=False),
        sa.Column("trace_number", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("individual_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("information", sa.Text(), nullable=True),
        sa.Column("corrected", sa.LargeBinary(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind in ('return', 'change')", name=op.f("ck_bank_items_kind")),
        sa.CheckConstraint(
            "state in ('applied', 'unmatched', 'handed_over', 'closed')", name=op.f("ck_bank_items_state")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["ach_entries.id"], name=op.f("fk_bank_items_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_items")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_items_digest")),
    )
    op.create_index(op.f("ix_bank_items_entry_id"), "bank_items", ["entry_id"], unique=False)
    op.create_table(
        "notice_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("channel in ('sms', 'email', 'letter')", name=op.f("ck_notice_attempts_channel")),
        sa.CheckConstraint(
            "state in ('sending', 'accepted', 'delivered', 'undelivered', 'failed', 'later', 'unknown')",
            name=op.f("ck_notice_attempts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["notices.payment_id"], name=op.f("fk_notice_attempts_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_attempts")),
    )
    op.create_index(op.f("ix_notice_attempts_payment_id"), "notice_attempts", ["payment_id"], unique=False)
    op.create_index(
        op.f("ix_notice_attempts_provider_reference"), "notice_attempts", ["provider_reference"], unique=False
    )
    op.create_index(
        "ix_notice_attempts_undelivered",
        "notice_attempts",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("state = 'undelivered'"),
    )
    op.create_index(
        "ix_notices_pending",
        "notices",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "staff_tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("bank_item_id", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bank_item_id"], ["bank_items.id"], name=op.f("fk_staff_tasks_bank_item_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_staff_tasks_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_tasks")),
    )
    op.create_index(
        "ix_staff_tasks_open",
        "staff_tasks",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.add_column("ledger_entries", sa.Column("entry_id", sa.BigInteger(), nullable=True))
    op.add_column("ledger_entries", sa.Column("receipt_reference", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_ledger_entries_receipt_reference"), "ledger_entries", ["receipt_reference"]
    )
    op.create_index(
        "ux_ledger_entries_of_payment",
        "ledger_entries",
        ["payment_id", "kind", "entry_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("payment_id is not null"),
    )
    op.create_foreign_key(
        op.f("fk_ledger_entries_receipt_reference"),
        "ledger_entries",
        "receipts",
        ["receipt_reference"],
        ["reference"],
    )
    op.create_foreign_key(
        op.f("fk_ledger_entries_entry_id"), "ledger_entries", "ach_entries", ["entry_id"], ["id"]
    )
    op.drop_constraint(op.f("ck_notices_state"), "notices")
    op.create_check_constraint(
        op.f("ck_notices_state"), "notices", "state in ('pending', 'sent', 'failed', 'withdrawn')"
    )
    op.add_column("notices", sa.Column("body", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payments", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payments", sa.Column("hold_reason", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payments", sa.Column("cancellation_number", sa.Text(), nullable=True))
    op.create_index(
        "ix_payments_due",
        "payments",
        ["cutoff_at"],
        unique=False,
        postgresql_where=sa.text("state in ('authorized', 'held')"),
    )
    op.create_unique_constraint(op.f("uq_payments_cancellation_number"), "payments", ["cancellation_number"])


def downgrade() -> None:
    """Drop it again, with all it holds; what it posted to the ledger goes too."""
    op.drop_constraint(op.f("uq_payments_cancellation_number"), "payments", type_="unique")
    op.drop_index(
        "ix_payments_due", table_name="payments", postgresql_where=sa.text("state in ('authorized', 'held')")
    )
    op.drop_column("payments", "cancellation_number")
    op.drop_column("payments", "cancelled_at")
    op.drop_column("payments", "hold_reason")
    op.drop_column("payments", "settled_at")
    op.drop_column("payments", "returned_at")
    op.drop_column("notices", "body")
    op.execute("UPDATE notices SET state = 'failed' WHERE state = 'withdrawn'")
    op.drop_constraint(op.f("ck_notices_state"), "notices")
    op.create_check_constraint(op.f("ck_notices_state"), "notices", "state in ('pending', 'sent', 'failed')")
    op.drop_constraint(op.f("fk_ledger_entries_entry_id"), "ledger_entries", type_="foreignkey")
    op.drop_constraint(op.f("fk_ledger_entries_receipt_reference"), "ledger_entries", type_="foreignkey")
    op.drop_index(
        "ux_ledger_entries_of_payment",
        table_name="ledger_entries",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("payment_id is not null"),
    )
    op.drop_constraint(op.f("uq_ledger_entries_receipt_reference"), "ledger_entries", type_="unique")
    op.drop_column("ledger_entries", "receipt_reference")
    op.drop_column("ledger_entries", "entry_id")
    op.drop_index(
        "ix_staff_tasks_open", table_name="staff_tasks", postgresql_where=sa.text("closed_at is null")
    )
    op.drop_table("staff_tasks")
    op.drop_index(
        "ix_notices_pending", table_name="notices", postgresql_where=sa.text("state = 'pending'")
    )
    op.drop_index(
        "ix_notice_attempts_undelivered",
        table_name="notice_attempts",
        postgresql_where=sa.text("state = 'undelivered'"),
    )
    op.drop_index(op.f("ix_notice_attempts_provider_reference"), table_name="notice_attempts")
    op.drop_index(op.f("ix_notice_attempts_payment_id"), table_name="notice_attempts")
    op.drop_table("notice_attempts")
    op.drop_index(op.f("ix_bank_items_entry_id"), table_name="bank_items")
    op.drop_table("bank_items")
    op.drop_table("evidence_seals")
    op.drop_table("blocked_accounts")
    op.drop_index(
        "ux_ach_entries_live_debit",
        table_name="ach_entries",
        postgresql_where=sa.text(
            "kind in ('debit', 'retry') and state in ('requested', 'batched', 'sent', 'settled', 'final')"
        ),
    )
    op.drop_index(op.f("ix_ach_entries_trace_number"), table_name="ach_entries")
    op.drop_index(op.f("ix_ach_entries_payment_id"), table_name="ach_entries")
    op.drop_index(
        "ix_ach_entries_moving",
        table_name="ach_entries",
        postgresql_where=sa.text("state in ('batched', 'sent', 'settled')"),
    )
    op.drop_table("ach_entries")
    op.drop_table("receipts")
    op.drop_table("ach_files")
    op.drop_table("blocked_routing_numbers")
    op.drop_table("ach_cutoffs")
    op.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")  # it is append-only
    op.execute(f"DELETE FROM ledger_entries WHERE NOT ({_KINDS})")
    op.execute("ALTER TABLE ledger_entries ENABLE TRIGGER USER")
    op.drop_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries")
    op.create_check_constraint(op.f("ck_ledger_entries_kind"), "ledger_entries", _KINDS)
    op.execute(sa.schema.DropSequence(sa.Sequence("ach_trace_number")))
