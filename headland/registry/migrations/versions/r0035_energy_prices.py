"""Prices of a greenhouse's energy, and the power of its lamps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0035"
down_revision = "r0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; greenhouses of before have no price and say nothing of their lamps."""
    op.add_column("greenhouses", sa.Column("energy_prices", sa.JSON, nullable=True))
    op.add_column("greenhouses", sa.Column("lamp_power_w_m2", sa.Double, nullable=True))
