"""Passes that were declared, and the ledger of what was applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LINKS = {"field": "fields", "implement": "implements", "product": "products", "season": "seasons"}


def upgrade() -> None:
    """Make the tables of passes and of the ledger."""
    _make_passes()
    op.create_table(
        "ledger",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("pass", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_ledger_organisation")),
        sa.PrimaryKeyConstraint("organisation", "seq", name=op.f("pk_ledger")),
    )
    for column in ("field", "pass"):
        op.create_index(op.f(f"ix_ledger_organisation_{column}"), "ledger", ["organisation", column], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_ledger_heads_organisation")),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_ledger_heads")),
    )


def _make_passes() -> None:
    op.create_table(
        "passes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("implement", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("season", sa.Text(), nullable=True),
        sa.Column("planned_rate_ha", sa.Double(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{table}.organisation", f"{table}.id"],
                name=op.f(f"fk_passes_organisation_{column}"),
            )
            for column, table in _LINKS.items()
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_passes_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_passes_organisation_id")),
    )
    for column in _LINKS:
        op.create_index(op.f(f"ix_passes_organisation_{column}"), "passes", ["organisation", column], unique=False)
    op.create_index(
        "un_passes",
        "passes",
        ["organisation", "field", "device", "start_ms"],
        unique=True,
        sqlite_where=sa.text("deleted_ms IS NULL"),
        postgresql_where=sa.text("deleted_ms IS NULL"),
    )
