"""Droplet class of an implement's nozzles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is there has none."""
    op.add_column("implements", sa.Column("droplet_class", sa.Text, nullable=True))
