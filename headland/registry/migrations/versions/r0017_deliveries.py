"""Harvest that a delivery of an account follows from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0017"
down_revision = "r0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; entries that are there were made by hand."""
    op.add_column("account_entries", sa.Column("harvest", sa.Text, nullable=True))
