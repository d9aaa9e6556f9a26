"""A row's billing account is looked up once a statement, for all its rows together.

A foreign key looks up, and locks, row by row, which was half of what an import of bills cost. What holds
instead: no statement adds rows whose account is not there, and none takes an account away.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
oldest_release = "0022"

_TABLES = ("bills", "ledger_entries")
_UP = (
    """CREATE FUNCTION billing_accounts_known() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE unknown text := (SELECT min(billing_account) FROM added WHERE NOT EXISTS (
            SELECT FROM billing_accounts WHERE billing_accounts.billing_account = added.billing_account));
        BEGIN
            IF unknown IS NOT NULL THEN
                RAISE foreign_key_violation
                    USING MESSAGE = format('%s of billing account %s, which is not there', TG_TABLE_NAME, unknown);
            END IF;
            RETURN NULL;
        END $$""",
    """CREATE FUNCTION billing_accounts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE foreign_key_violation USING MESSAGE = 'billing accounts are never removed or renumbered';
        END $$""",
    """CREATE TRIGGER billing_accounts_stay BEFORE UPDATE OF billing_account OR DELETE OR TRUNCATE
        ON billing_accounts FOR EACH STATEMENT EXECUTE FUNCTION billing_accounts_stay()""",
    *(
        statement
        for table in _TABLES
        for statement in (
            f"ALTER TABLE {table} DROP CONSTRAINT fk_{table}_billing_account",
            f"""CREATE TRIGGER {table}_of_known_accounts AFTER INSERT ON {table}
                REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_accounts_known()""",
        )
    ),
    "ALTER TABLE ledger_entries DROP CONSTRAINT uq_ledger_entries_receipt_reference",
    """CREATE UNIQUE INDEX ux_ledger_entries_of_receipt ON ledger_entries (receipt_reference)
        WHERE receipt_reference IS NOT NULL""",
)
_DOWN = (
    "DROP INDEX ux_ledger_entries_of_receipt",
    "ALTER TABLE ledger_entries ADD CONSTRAINT uq_ledger_entries_receipt_reference UNIQUE (receipt_reference)",
    *(
        statement
        for table in _TABLES
        for statement in (
            f"DROP TRIGGER {table}_of_known_accounts ON {table}",
            f"""ALTER TABLE {table} ADD CONSTRAINT fk_{table}_billing_account
                FOREIGN KEY (billing_account) REFERENCES billing_accounts""",
        )
    ),
    "DROP TRIGGER billing_accounts_stay ON billing_accounts",
    "DROP FUNCTION billing_accounts_stay(), billing_accounts_known()",
)


def upgrade() -> None:
    """Look accounts up in sets; a row without a receipt is in no index of receipts."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Foreign keys again."""
    for statement in _DOWN:
        op.execute(statement)
