"""Marks of requests that were carried out, by their idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "request_marks",
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_request_marks_organisation")),
        sa.PrimaryKeyConstraint("organisation", "key", name=op.f("pk_request_marks")),
    )
    op.create_index(op.f("ix_request_marks_organisation_made_ms"), "request_marks", ["organisation", "made_ms"])
