"""Witnesses whose signatures a log shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0024"
down_revision = "r0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nobody is named yet."""
    op.create_table(
        "log_witnesses",
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("added_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_log_witnesses_organisation")),
        sa.PrimaryKeyConstraint("organisation", "name", name=op.f("pk_log_witnesses")),
    )
