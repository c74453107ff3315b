"""Prescriptions: how much of a product each zone of a field gets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LINKS = {"field": "fields", "product": "products", "implement": "implements", "season": "seasons"}
_DEGREES = ("south_deg", "west_deg", "cell_north_deg", "cell_east_deg")


def upgrade() -> None:
    """Make the table of prescriptions."""
    op.create_table(
        "prescriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("product", "implement", "season")),
        sa.Column("unit", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in (*_DEGREES, "cell_m")),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("method", sa.JSON(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{table}.organisation", f"{table}.id"],
                name=op.f(f"fk_prescriptions_organisation_{column}"),
            )
            for column, table in _LINKS.items()
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_prescriptions_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescriptions")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_prescriptions_organisation_id")),
    )
    for column in _LINKS:
        op.create_index(op.f(f"ix_prescriptions_organisation_{column}"), "prescriptions", ["organisation", column])
