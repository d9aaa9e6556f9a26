"""Which help a member gets with the premium, and until when a plan that ended can come back."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

_COLUMNS = (
    ("assistance", "text"),
    ("paid_through_month", "text"),
    ("reinstate_by_date", "date"),
    ("reinstate_cents", "bigint"),
)


def upgrade() -> None:
    """Keep what the accounts file says."""
    for name, kind in _COLUMNS:
        op.execute(f"ALTER TABLE billing_accounts ADD {name} {kind}")
    op.execute(
        "ALTER TABLE billing_accounts ADD CONSTRAINT ck_billing_accounts_assistance"
        " CHECK (assistance in ('none', 'tax_credit', 'connectorcare'))"
    )


def downgrade() -> None:
    """Forget it."""
    for name, _ in _COLUMNS[::-1]:
        op.execute(f"ALTER TABLE billing_accounts DROP {name}")
