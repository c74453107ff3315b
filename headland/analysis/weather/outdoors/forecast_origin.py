"""Source of a statement about the weather to come: whose forecast it is, of when, and what has to be said with it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from headland.analysis.weather.hourly_forecast import ForecastBasis, HourlyForecast
from headland.registry.models.weather import Attribution


class ForecastOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose forecast something rests on."""

    basis: Annotated[ForecastBasis, "corrected by the farm's own station, as the provider says it, or nothing."]
    reason: Annotated[str | None, "Why there is none; null where there is one."]
    text: Annotated[str, "How old it is, or why there is none."]
    text_zh: str
    provider: Annotated[str | None, "Name of the provider's adapter; null without a forecast."]
    title: Annotated[str | None, "Name of the provider for people; null without a forecast."]
    simulated: bool
    issued_ms: Annotated[int | None, "Null where the provider does not say it: its age counts from `fetched_ms` then."]
    fetched_ms: Annotated[int | None, "When the station received it."]
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]


def source_of(forecast: HourlyForecast) -> ForecastOrigin:
    """Return the source of what is said by a forecast."""
    return ForecastOrigin(**{name: getattr(forecast, name) for name in ForecastOrigin.__struct_fields__})
