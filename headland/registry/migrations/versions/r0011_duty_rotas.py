"""Duty rotas of alarm recipients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "duty_rotas",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "site")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("weekly", "exceptions", "order")),
        sa.Column("next_after_s", sa.Double, nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_rotas")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_duty_rotas_organisation")),
        sa.ForeignKeyConstraint(
            ["organisation", "site"], ["sites.organisation", "sites.id"], name=op.f("fk_duty_rotas_organisation_site")
        ),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_duty_rotas_organisation_id")),
    )
    op.create_index(op.f("ix_duty_rotas_organisation_site"), "duty_rotas", ["organisation", "site"])
    living = sa.text("deleted_ms IS NULL")
    op.create_index(
        "un_duty_rotas",
        "duty_rotas",
        ["organisation", "name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
