"""Irrigation zones of fields, and the water that people wrote down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0028"
down_revision = "r0027"
branch_labels = None
depends_on = None


def _record(table: str) -> list[sa.schema.SchemaItem]:
    """Return what every table of records has."""
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
        _reference(table, "field", "fields"),
    ]


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_organisation_{column}")
    return sa.ForeignKeyConstraint(["organisation", column], [f"{target}.organisation", f"{target}.id"], name=name)


def _optional(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=True) for name in names]


def upgrade() -> None:
    """Make the tables; what requests say of a field remains theirs."""
    zones, given = "irrigation_zones", "irrigations"
    op.create_table(
        zones,
        *_record(zones),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("field", "name")),
        *_optional("area_m2"),
        sa.Column("devices", sa.JSON, nullable=False),
        sa.Column("texture", sa.Text, nullable=True),
        *_optional("field_capacity_pct", "wilting_point_pct"),
        sa.Column("method", sa.Text, nullable=True),
        *_optional("wetted", "efficiency", "most_mm", "flow_m3_h", "hours_a_day"),
    )
    is_there = sa.text("deleted_ms IS NULL")
    columns = ["organisation", "field", "name"]
    op.create_index(f"un_{zones}", zones, columns, unique=True, sqlite_where=is_there, postgresql_where=is_there)
    op.create_table(
        given,
        *_record(given),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=True),
        sa.Column("day", sa.Date, nullable=False),
        *_optional("amount_mm", "volume_m3"),
        sa.Column("method", sa.Text, nullable=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("author", "note")),
        _reference(given, "zone", zones),
    )
    for table, column in ((zones, "field"), (given, "field"), (given, "zone")):
        op.create_index(op.f(f"ix_{table}_organisation_{column}"), table, ["organisation", column])
