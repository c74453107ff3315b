"""Field trials: germplasm, observation variables, trials, and observations of plots."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0016"
down_revision = "r0013"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _optional(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _lists(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def _table(name: str, columns: list[sa.Column[object]], references: dict[str, str], unique: tuple[str, ...]) -> None:
    """Make a table of records; `references` maps columns to their tables, `unique` holds among the living."""
    op.create_table(
        name,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        *columns,
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{name}_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{name}_organisation_id")),
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{target}.organisation", f"{target}.id"],
                name=op.f(f"fk_{name}_organisation_{column}"),
            )
            for column, target in references.items()
        ),
    )
    for column in references:
        op.create_index(op.f(f"ix_{name}_organisation_{column}"), name, ["organisation", column])
    if unique:
        living = sa.text("deleted_ms IS NULL")
        op.create_index(f"un_{name}", name, list(unique), unique=True, sqlite_where=living, postgresql_where=living)


def upgrade() -> None:
    """Make the tables."""
    _table(
        "germplasm",
        [*_texts("name", "crop", "pui", "accession", "pedigree", "breeder"), *_lists("synonyms"), *_texts("note")],
        {},
        ("organisation", "crop", "name"),
    )
    _table(
        "trial_variables",
        [
            *_texts("name", "trait", "method", "unit", "data_type"),
            *_optional(sa.Double, "least", "most"),
            *_lists("categories"),
        ],
        {},
        ("organisation", "name"),
    )
    _table(
        "trials",
        [
            *_texts("field", "name"),
            *_optional(sa.Text, "season", "product", "prescription"),
            *_texts("kind"),
            sa.Column("seed", sa.BigInteger, nullable=False),
            *_lists("treatments", "plots"),
            *_optional(sa.Double, "latitude_deg", "longitude_deg", "heading_deg", "length_m", "width_m"),
            sa.Column("gap_m", sa.Double, nullable=False),
            *_lists("variables"),
            sa.Column("active", sa.Boolean, nullable=False),
            *_texts("note"),
        ],
        {"field": "fields", "season": "seasons", "product": "products", "prescription": "prescriptions"},
        ("organisation", "field", "name"),
    )
    _table(
        "plot_observations",
        [
            *_texts("trial"),
            sa.Column("plot", sa.Integer, nullable=False),
            *_texts("variable"),
            *_optional(sa.Text, "value"),
            *_optional(sa.BigInteger, "time_ms"),
            *_texts("collector"),
            *_lists("references"),
        ],
        {"trial": "trials", "variable": "trial_variables"},
        (),
    )
