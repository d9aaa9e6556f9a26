"""Who may log in to the console, who has, and who tried; calls are found by who called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_INSTANT = sa.DateTime(timezone=True)
_SEARCHED = ("caller_hash", "member_id")  # of calls


def upgrade() -> None:
    """Make the tables and the indexes."""
    op.create_table(
        "staff_members",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("disabled_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_staff_members"),
    )
    op.create_table(
        "staff_logins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_staff_logins"),
        sa.ForeignKeyConstraint(["name"], ["staff_members.name"], name="fk_staff_logins_name"),
    )
    op.create_index("ix_staff_logins_started_at", "staff_logins", ["started_at"])
    op.create_table(
        "staff_login_tries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_login_tries"),
    )
    op.create_index("ix_staff_login_tries_at", "staff_login_tries", ["at"])
    for column in _SEARCHED:
        op.create_index(
            f"ix_calls_{column}", "calls", [column], postgresql_where=sa.text(f"{column} IS NOT NULL")
        )


def downgrade() -> None:
    """Drop them: everybody is logged out, and has to be added anew."""
    for column in _SEARCHED:
        op.drop_index(f"ix_calls_{column}", "calls")
    for table in ("staff_login_tries", "staff_logins", "staff_members"):
        op.drop_table(table)
