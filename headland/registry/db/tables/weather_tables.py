"""Tables of weather forecasts: providers that are asked, their issues, and the state of the requests."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import optional, owned_table, part_of_key, record_table, required
from headland.registry.models.weather import ForecastProviderSetting

forecast_providers = record_table("forecast_providers", ForecastProviderSetting, unique=("organisation", "provider"))

#: An issue by the digest of its content; `place` is where it was asked for, `body` its compressed JSON.
weather_issues = owned_table(
    "weather_issues",
    part_of_key("digest"),
    required("provider"),
    required("place"),
    optional("issued_ms", sa.BigInteger),
    required("fetched_ms", sa.BigInteger),
    required("bytes", sa.BigInteger),
    required("body", sa.LargeBinary),
    sa.Index("ix_weather_issues_place", "organisation", "place", "fetched_ms"),
)

#: What is known of the requests to a provider for a place; the row without a place has those of the day.
weather_requests = owned_table(
    "weather_requests",
    part_of_key("provider"),
    part_of_key("place"),
    required("changed_ms", sa.BigInteger),
    required("state", sa.JSON),
)
