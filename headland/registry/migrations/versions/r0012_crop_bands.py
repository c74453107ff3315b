"""Own target bands of crops."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0012"
down_revision = "r0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "crop_bands",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("crop", "index")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("low", "high")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("author", "source", "stage")),
        *(sa.Column(name, sa.Date, nullable=True) for name in ("valid_from", "valid_until")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_crop_bands_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crop_bands")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_crop_bands_organisation_id")),
    )
