"""Map sources that administrators name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0036"
down_revision = "r0035"
branch_labels = None
depends_on = None

_TABLE = "map_sources"


def upgrade() -> None:
    """Make the table, empty: nothing is fetched from elsewhere before somebody names a source."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{_TABLE}_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{_TABLE}_organisation_id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "url", "attribution", "system")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("min_zoom", "max_zoom")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("subdomains", "key", "secret")),
    )
    is_there = sa.text("deleted_ms IS NULL")
    columns = ["organisation", "name"]
    op.create_index(f"un_{_TABLE}", _TABLE, columns, unique=True, sqlite_where=is_there, postgresql_where=is_there)
