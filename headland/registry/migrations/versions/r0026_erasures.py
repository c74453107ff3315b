"""Erasures of people: their numbers, and what the chains of audit log and ledger keep of a redacted entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0026"
down_revision = "r0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; nobody is erased, and the entries that are there have no salt."""
    op.add_column("people", sa.Column("erased", sa.Integer, nullable=True))
    op.add_column("audit", sa.Column("salt", sa.Text, nullable=True))
    op.add_column("audit", sa.Column("erasure", sa.Integer, nullable=True))
    op.add_column("ledger", sa.Column("leaf_sha256", sa.Text, nullable=True))
