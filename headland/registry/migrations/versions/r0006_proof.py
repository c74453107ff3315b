"""Merkle log of the ledger, witnesses, releases of lots, and EPCIS events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make(
        "log_tiles",
        ["level", "number"],
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    _make(
        "log_checkpoints",
        ["size"],
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    _make(
        "log_keys",
        ["name"],
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
    )
    _make(
        "witnessed_logs",
        ["origin"],
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("time_ms", sa.BigInteger, nullable=True),
    )
    _make(
        "releases",
        ["seq"],
        sa.Column("seq", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("lot", "token", "text")),
        sa.Column("live", sa.JSON, nullable=False),
        sa.Column("released_ms", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger, nullable=True),
    )
    op.create_index(op.f("ix_releases_token"), "releases", ["token"])
    op.create_index(op.f("ix_releases_organisation_lot"), "releases", ["organisation", "lot"])
    _make(
        "epcis_events",
        ["seq"],
        sa.Column("seq", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("event_id", "type", "biz_step")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("event_ms", "record_ms")),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("organisation", "event_id", name=op.f("uq_epcis_events_organisation_event_id")),
    )
    op.create_index(op.f("ix_epcis_events_organisation_event_ms"), "epcis_events", ["organisation", "event_ms"])
    _make(
        "epcis_event_ids",
        ["identifier", "seq"],
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def _make(name: str, key: list[str], *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("organisation", sa.Text, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{name}_organisation")),
        sa.PrimaryKeyConstraint("organisation", *key, name=op.f(f"pk_{name}")),
    )
