"""A declared pass may say which prescription it carried out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let passes refer to prescriptions; SQLite makes the table anew for that."""
    with op.batch_alter_table("passes") as passes:
        passes.add_column(sa.Column("prescription", sa.Text(), nullable=True))
        passes.create_foreign_key(
            op.f("fk_passes_organisation_prescription"),
            "prescriptions",
            ["organisation", "prescription"],
            ["organisation", "id"],
        )
    op.create_index(op.f("ix_passes_organisation_prescription"), "passes", ["organisation", "prescription"])
