"""Climate model of a greenhouse, for what-if answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0030"
down_revision = "r0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the model; greenhouses of before have none."""
    op.add_column("greenhouses", sa.Column("climate_model", sa.JSON, nullable=True))
