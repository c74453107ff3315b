"""Kind of sender that a key was made for, and the map of its bodies that is kept with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0037"
down_revision = "r0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; keys of before were made for no kind, and have no map."""
    op.add_column("api_keys", sa.Column("sender", sa.Text, nullable=True))
    op.add_column("api_keys", sa.Column("map", sa.JSON, nullable=True))
