"""Retention of the audit log and of alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0025"
down_revision = "r0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing is chosen yet, so that the defaults apply."""
    op.create_table(
        "record_retention",
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=True),
        sa.Column("chosen", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=True),
        sa.Column("looked_ms", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_record_retention_organisation")),
        sa.PrimaryKeyConstraint("organisation", "kind", name=op.f("pk_record_retention")),
    )
