"""A payment may be a guest's, who pays a member's bill: whose name and mobile number are, sealed."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
oldest_release = "0022"

_KINDS = "'authorized', 'cancelled', 'returned', 'reversed', 'refunded'"


def _kinds(kinds: str) -> tuple[str, str]:
    return (
        "ALTER TABLE notices DROP CONSTRAINT ck_notices_kind",
        f"ALTER TABLE notices ADD CONSTRAINT ck_notices_kind CHECK (kind in ({kinds}))",
    )


_UP = (
    """ALTER TABLE payments ALTER receiver_name DROP NOT NULL,
        ADD payer bytea, ADD payer_name_hash bytea, ADD payer_mobile_hash bytea,
        ADD CONSTRAINT ck_payments_payer CHECK (num_nonnulls(payer, payer_name_hash, payer_mobile_hash) in (0, 3)
            and num_nonnulls(receiver_name, payer) <= 1)""",
    "ALTER TABLE authorizations ALTER payer_member_id DROP NOT NULL",
    *_kinds(f"{_KINDS}, 'not_debited'"),
)
# Guests' payments are what an older release cannot hold: it stops at the first of them.
_DOWN = (
    *_kinds(_KINDS),
    "ALTER TABLE authorizations ALTER payer_member_id SET NOT NULL",
    """ALTER TABLE payments DROP CONSTRAINT ck_payments_payer, DROP payer_mobile_hash, DROP payer_name_hash,
        DROP payer, ALTER receiver_name SET NOT NULL""",
)


def upgrade() -> None:
    """Make room for a guest's name and number, and let a payer be no member."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Every payer is a member again; with a guest's payment in the table it is refused."""
    for statement in _DOWN:
        op.execute(statement)
