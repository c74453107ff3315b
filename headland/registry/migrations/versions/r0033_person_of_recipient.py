"""Person who reads the notices of a recipient of alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0033"
down_revision = "r0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; recipients of before are nobody's until somebody says whose they are."""
    op.add_column("alarm_recipients", sa.Column("person", sa.Text, nullable=True))
