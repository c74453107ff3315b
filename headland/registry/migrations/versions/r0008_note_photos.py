"""Notes on zones, sites and alarms, with a position, and photos of notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty in the notes that there are, and make the table of photos."""
    for name, kind in (
        ("zone", sa.Text),
        ("site", sa.Text),
        ("alarm", sa.Text),
        ("longitude_deg", sa.Double),
        ("latitude_deg", sa.Double),
        ("accuracy_m", sa.Double),
        ("photos", sa.JSON),
    ):
        op.add_column("notes", sa.Column(name, kind, nullable=True))
    notes = sa.table("notes", sa.column("photos", sa.JSON))
    op.execute(notes.update().values(photos=[]))
    op.create_table(
        "note_photos",
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("media", sa.Text, nullable=False),
        sa.Column("width_px", sa.Integer, nullable=False),
        sa.Column("height_px", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("added_ms", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_note_photos_organisation")),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_note_photos")),
    )
    op.create_index(op.f("ix_note_photos_organisation_note"), "note_photos", ["organisation", "note"])
    op.create_index(op.f("ix_note_photos_organisation_digest"), "note_photos", ["organisation", "digest"])
