"""Accounts of a cooperative: tariffs, account entries, statement runs, statements and subsidy rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0008"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integers(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _large(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


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
        "tariffs",
        [
            *_texts("name"),
            *_large("per_mu_fen", "per_kg_fen", "minimum_fen"),
            *_integers("night_pct", "slope_pct", "slope_from_pct"),
            *_large("cancelled_fen"),
            *_integers("repeat_days"),
            *_lists("billable_evidence"),
            *_large("dividend_fen"),
            *_texts("dividend_by"),
            *_lists("operators", "slopes_pct"),
        ],
        {},
        ("organisation", "name"),
    )
    _table(
        "account_entries",
        [
            *_texts("person", "kind"),
            *_large("time_ms", "amount_fen", "grams"),
            sa.Column("field", sa.Text, nullable=True),
            *_texts("pass_id"),
            sa.Column("corrects", sa.Text, nullable=True),
            *_texts("note"),
        ],
        {"person": "people", "field": "fields", "corrects": "account_entries"},
        (),
    )
    _table(
        "statement_runs",
        [
            *_texts("tariff"),
            *_integers("tariff_version"),
            *_large("start_ms", "end_ms"),
            *_integers("people"),
            *_large("charged_fen", "area_m2"),
            *_lists("not_charged"),
            *_texts("digest"),
        ],
        {"tariff": "tariffs"},
        (),
    )
    _table(
        "statements",
        [
            *_texts("run"),
            sa.Column("person", sa.Text, nullable=True),
            *_large("start_ms", "end_ms", "balance_fen", "area_m2"),
            *_lists("lines"),
        ],
        {"run": "statement_runs", "person": "people"},
        (),
    )
    _table(
        "subsidy_rules",
        [
            *_texts("name"),
            *_large("fen_per_mu"),
            sa.Column("least_coverage_pct", sa.Double, nullable=False),
            *_lists("evidence"),
            *_integers("repeat_days"),
            sa.Column("cap_mu", sa.Double, nullable=True),
            sa.Column("cap_fen", sa.BigInteger, nullable=True),
            *_lists("products"),
        ],
        {},
        ("organisation", "name"),
    )
