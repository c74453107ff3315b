"""Whether a person has said that a message to a recipient of alarms came, when, and who said it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0034"
down_revision = "r0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; nobody has confirmed anything so far."""
    op.add_column("alarm_recipients", sa.Column("confirmed_ms", sa.BigInteger, nullable=True))
    op.add_column("alarm_recipients", sa.Column("confirmed_by", sa.Text, nullable=True))
