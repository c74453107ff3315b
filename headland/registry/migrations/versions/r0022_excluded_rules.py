"""Subsidy rules that exclude one another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0022"
down_revision = "r0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a rule that is there excludes every other, as before."""
    op.add_column("subsidy_rules", sa.Column("excludes", sa.JSON, nullable=True))
