"""Actions of the first page that people said to have done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0031"
down_revision = "r0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "done_actions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_done_actions_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_done_actions")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_done_actions_organisation_id")),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("subject_kind", "subject", "action", "text", "text_zh", "author")
        ),
    )
