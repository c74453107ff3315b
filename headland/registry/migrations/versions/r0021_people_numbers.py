"""Index of the people's numbers: each new person is compared with all who have the same."""

from __future__ import annotations

from alembic import op

revision = "r0021"
down_revision = "r0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_people_organisation_number"), "people", ["organisation", "number"])
