"""Plant protection, harvests, lots and certificates."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None

_PLACE = {"field": "fields", "zone": "greenhouse_zones"}


def upgrade() -> None:
    """Make the tables, each after those it refers to."""
    _make_plant_protection()
    _make_lots()
    _make_certificates()


def _make_plant_protection() -> None:
    _make_records(
        "plant_protection_products",
        *_required(sa.Text, "name", "registration_number", "unit", "formulation", "source"),
        *_required(sa.JSON, "active_ingredients", "uses"),
        *_required(sa.Boolean, "is_sample"),
        unique="registration_number",
    )
    _make_records(
        "treatments",
        *_optional(sa.Text, "field", "zone", "pass_id", "corrects"),
        *_required(sa.Text, "crop", "target", "author", "note", "evidence"),
        *_required(sa.BigInteger, "start_ms", "end_ms"),
        *_required(sa.JSON, "mix"),
        *_optional(sa.Double, "water_l_ha", "treated_area_m2"),
        *_required(sa.Boolean, "withdrawn"),
        references={**_PLACE, "corrects": "treatments"},
    )
    _index("treatments", "pass_id")


def _make_lots() -> None:
    _make_records(
        "harvests",
        *_optional(sa.Text, "field", "zone", "season"),
        *_required(sa.Text, "plot", "crop", "variety", "author", "note", "evidence"),
        *_required(sa.BigInteger, "time_ms", "grams"),
        *_optional(sa.BigInteger, "grown_from_ms"),
        references={**_PLACE, "season": "seasons"},
    )
    _make_records(
        "lots",
        *_required(sa.Text, "code", "product", "crop"),
        *_required(sa.BigInteger, "time_ms", "grams"),
        *_optional(sa.BigInteger, "packs"),
        *_required(sa.Boolean, "simulated"),
        unique="code",
    )
    _make_records(
        "lot_operations",
        *_required(sa.Text, "kind", "author", "party", "note"),
        *_required(sa.BigInteger, "time_ms", "loss_g"),
        *_required(sa.JSON, "inputs", "outputs"),
        *_optional(sa.Text, "harvest", "corrects"),
        references={"harvest": "harvests", "corrects": "lot_operations"},
    )
    _make_owned("lot_flows", ("lot", "operation"), *_required(sa.BigInteger, "grams"))
    _index("lot_flows", "operation")
    _make_owned("lot_links", ("parent", "child"), *_required(sa.Text, "operation"), *_required(sa.BigInteger, "grams"))
    _index("lot_links", "child")


def _make_certificates() -> None:
    _make_records(
        "certificates",
        *_required(sa.Text, "number", "lot", "product", "origin", "issuer", "contact", "tested", "token"),
        *_required(sa.BigInteger, "grams", "issued_ms"),
        *_required(sa.JSON, "basis", "follows"),
        references={"lot": "lots"},
        unique="number",
    )
    op.create_index("un_certificates_token", "certificates", ["token"], unique=True)
    _make_records(
        "certificate_entries",
        *_required(sa.Text, "certificate", "kind", "author", "form", "reason"),
        *_required(sa.BigInteger, "time_ms"),
        references={"certificate": "certificates"},
    )


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _optional(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _of_organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f(f"fk_{table}_organisation"))


def _make_records(
    table: str, *columns: sa.Column[Any], references: dict[str, str] | None = None, unique: str = ""
) -> None:
    """Make a table of versioned records; `references` are columns and the tables to which they refer."""
    links = references or {}
    op.create_table(
        table,
        *_required(sa.Text, "id", "organisation"),
        *_required(sa.Integer, "version"),
        *_required(sa.BigInteger, "created_ms", "changed_ms"),
        *_optional(sa.BigInteger, "deleted_ms"),
        *columns,
        *(
            sa.ForeignKeyConstraint(
                ["organisation", column],
                [f"{target}.organisation", f"{target}.id"],
                name=op.f(f"fk_{table}_organisation_{column}"),
            )
            for column, target in links.items()
        ),
        _of_organisation(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("organisation", "id", name=op.f(f"uq_{table}_organisation_id")),
    )
    for column in links:
        _index(table, column)
    if unique:
        _make_unique(f"un_{table}", table, ("organisation", unique), "deleted_ms IS NULL")


def _make_owned(table: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    """Make a table whose primary key is the organisation and then `key`."""
    op.create_table(
        table,
        *_required(sa.Text, "organisation", *key),
        *columns,
        _of_organisation(table),
        sa.PrimaryKeyConstraint("organisation", *key, name=op.f(f"pk_{table}")),
    )


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_organisation_{column}"), table, ["organisation", column])


def _make_unique(name: str, table: str, columns: tuple[str, ...], where: str) -> None:
    """Make an index of unique columns among the rows of a condition."""
    condition = sa.text(where)
    op.create_index(name, table, list(columns), unique=True, sqlite_where=condition, postgresql_where=condition)
