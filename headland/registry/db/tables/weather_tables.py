"""Tables of weather forecasts: providers that are asked, their issues, and the state of the requests."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import METADATA, optional, record_table, required

forecast_providers = record_table(
    "forecast_providers",
    required("provider"),
    required("enabled", sa.Boolean),
    *(required(name) for name in ("model", "url", "contact")),
    unique=("organisation", "provider"),
)

#: An issue by the digest of its content; `place` is where it was asked for, `body` its compressed JSON.
weather_issues = sa.Table(
    "weather_issues",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    required("provider"),
    required("place"),
    optional("issued_ms", sa.BigInteger),
    required("fetched_ms", sa.BigInteger),
    required("bytes", sa.BigInteger),
    required("body", sa.LargeBinary),
    sa.Index("ix_weather_issues_place", "organisation", "place", "fetched_ms"),
)

#: What is known of the requests to a provider for a place; the row without a place has those of the day.
weather_requests = sa.Table(
    "weather_requests",
    METADATA,
    sa.Column("organisation", sa.Text, sa.ForeignKey("organisations.id"), primary_key=True),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    required("changed_ms", sa.BigInteger),
    required("state", sa.JSON),
)
