"""Growers' notes, and forecasts with what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LINKS = {"greenhouse": "greenhouses", "field": "fields"}


def upgrade() -> None:
    """Make the tables of notes and of forecasts."""
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in _LINKS),
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{table}.organisation", f"{table}.id"],
                name=op.f(f"fk_notes_organisation_{column}"),
            )
            for column, table in _LINKS.items()
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_notes_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_notes_organisation_id")),
    )
    for column in _LINKS:
        op.create_index(op.f(f"ix_notes_organisation_{column}"), "notes", ["organisation", column])
    op.create_table(
        "forecasts",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("house", sa.Text(), nullable=False),
        sa.Column("origin_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_forecasts_organisation")),
        sa.PrimaryKeyConstraint("organisation", "house", "origin_ms", name=op.f("pk_forecasts")),
    )
