"""Crop and lot of a delivery in an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0020"
down_revision = "r0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; deliveries that are there have crop and lot in their note."""
    for name in ("crop", "lot_code"):
        op.add_column("account_entries", sa.Column(name, sa.Text, nullable=True))
