"""Weather forecasts: providers that are asked, their issues, and the state of the requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0027"
down_revision = "r0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nobody is asked."""
    op.create_table(
        "forecast_providers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_ms", "changed_ms")),
        sa.Column("deleted_ms", sa.BigInteger, nullable=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("model", "url", "contact")),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisations.id"], name=op.f("fk_forecast_providers_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_providers")),
        sa.UniqueConstraint("organisation", "id", name=op.f("uq_forecast_providers_organisation_id")),
    )
    is_there = sa.text("deleted_ms IS NULL")
    op.create_index(
        "un_forecast_providers",
        "forecast_providers",
        ["organisation", "provider"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.create_table(
        "weather_issues",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("organisation", "digest", "provider", "place")),
        sa.Column("issued_ms", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("fetched_ms", "bytes")),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_weather_issues_organisation")),
        sa.PrimaryKeyConstraint("organisation", "digest", name=op.f("pk_weather_issues")),
    )
    op.create_index("ix_weather_issues_place", "weather_issues", ["organisation", "place", "fetched_ms"])
    op.create_table(
        "weather_requests",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("organisation", "provider", "place")),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_weather_requests_organisation")),
        sa.PrimaryKeyConstraint("organisation", "provider", "place", name=op.f("pk_weather_requests")),
    )
