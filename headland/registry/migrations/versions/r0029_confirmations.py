"""What people say of doubted values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0029"
down_revision = "r0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_confirmations_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_confirmations_organisation_id")),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("target", "target_id", "cause", "value", "author", "note")
        ),
    )
