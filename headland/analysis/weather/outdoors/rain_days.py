"""Rain of the days to come at a field by the forecast of its site: told apart, never booked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from headland.analysis.greenhouse.house import day_starts, find_site
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.hourly_forecast import ForecastHour, hourly_forecast
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin, source_of
from headland.registry.models.models import Field
from headland.units_of_time import DAY_MS, HOUR_MS

#: Days to come of which rain is told.
MOST_DAYS: Final = 7


def forecast_rain(scope: OrgScope, field: Field) -> tuple[tuple[float, ...] | None, ForecastOrigin | None]:
    """Return the rain of the rest of today and of the whole days after it [mm], and whose forecast it is."""
    if field.site is None:
        return None, None
    name, place, _ = find_site(scope, field.site)
    forecast = hourly_forecast(scope, name, scope.now_ms, MOST_DAYS * 24)
    starts = day_starts(place, Window(scope.now_ms, scope.now_ms + (MOST_DAYS + 1) * DAY_MS))
    rain = rain_by_day(forecast.hours, list(pairwise(starts)))
    return rain or None, source_of(forecast)


def rain_by_day(hours: Sequence[ForecastHour], days_ms: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Return the rain of local days, up to the first of which an hour is not forecast; the first day has begun.

    An amount is of the day in which its step ends: it is never split.
    """
    steps = {(each.rain_mm.start_ms, each.rain_mm.end_ms): each.rain_mm.value for each in hours if each.rain_mm}
    known = {hour.start_ms for hour in hours if hour.rain_mm is not None}
    first_ms = hours[0].start_ms if hours else 0
    sums: list[float] = []
    for start_ms, end_ms in days_ms:
        wanted = range(max(first_ms, -(-start_ms // HOUR_MS) * HOUR_MS), end_ms, HOUR_MS)
        if not hours or not set(wanted) <= known:
            break
        sums.append(round(sum(value for (_, end), value in steps.items() if start_ms < end <= end_ms), 2))
    return tuple(sums)
