"""People, sites and greenhouses that are no longer in use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0023"
down_revision = "r0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is there is in use."""
    for table in ("people", "sites", "greenhouses"):
        op.add_column(table, sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()))
