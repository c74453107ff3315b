"""Weather to come at a greenhouse, by its site's weather forecast, and the forecast that the station makes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from headland.agronomy.climate.evapotranspiration import wind_at_2m_m_s
from headland.agronomy.climate.forecast import MOST_HISTORY_H
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.agronomy.series.arrays import Values
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.forecast import NO_RECORD, HouseForecast, forecast_house
from headland.analysis.greenhouse.forecast_history import read_record
from headland.analysis.greenhouse.forecast_weather import (
    HUMIDITY,
    RADIATION,
    TEMPERATURE,
    WIND,
    WeatherForecast,
    at_hours,
)
from headland.analysis.greenhouse.house import House, local_hour_start
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.hourly_forecast import ForecastValue, HourlyForecast, hourly_forecast
from headland.analysis.weather.outdoor_weather import Quantity, hourly_means, site_devices
from headland.registry.repositories.forecasts import UsedForecast
from headland.units_of_time import HOUR_MS

#: Providers say the wind at 10 m; a mast of a farm stands at 2 m.
_PROVIDER_WIND_M: Final = 10.0
#: The half of a 90 % interval in standard errors.
_SPREADS: Final = 1.645
_FROM_MAST: Final[Mapping[str, Quantity]] = {TEMPERATURE: "temperature", HUMIDITY: "humidity", WIND: "wind"}


def forecast_by_station(
    scope: OrgScope, house: House, crop_targets: CropTargets, at_ms: int, hours: int, *, with_skill: bool
) -> HouseForecast:
    """Return the forecast of a house as the station makes it: with its site's weather forecast, and its record."""
    origin_ms = local_hour_start(house.place, at_ms)
    site = house.records[0].descriptor.site if house.records else ""
    weather = site_weather_to_come(scope, site, at_ms, origin_ms)
    record = NO_RECORD if scope.registry is None else read_record(scope.repositories, house, origin_ms)
    return forecast_house(scope, house, crop_targets, origin_ms, hours, weather, record, with_skill=with_skill)


def site_weather_to_come(scope: OrgScope, site: str, at_ms: int, origin_ms: int) -> WeatherForecast:
    """Return the weather forecast of a site for the hours from `origin_ms` on, as it was known at `at_ms`.

    All greenhouses of a site have the same.
    """
    family = ("weather-to-come", scope.organisation, site)
    return scope.cache.get((*family, at_ms, origin_ms), lambda: _to_come(scope, site, at_ms, origin_ms), family)


def _to_come(scope: OrgScope, site: str, at_ms: int, origin_ms: int) -> WeatherForecast:
    said = hourly_forecast(scope, site, at_ms, MOST_AHEAD_H + 1)
    source = _source(said)
    if source is None:
        return WeatherForecast(text=said.text, text_zh=said.text_zh)
    values, errors = {}, {}
    columns: dict[str, list[ForecastValue | None]] = {
        TEMPERATURE: [hour.temperature_degc for hour in said.hours],
        HUMIDITY: [hour.humidity_pct for hour in said.hours],
        RADIATION: [hour.global_radiation_w_m2 for hour in said.hours],
        WIND: [hour.wind_speed_m_s for hour in said.hours],
    }
    starts_ms = [hour.start_ms for hour in said.hours]
    for name, column in columns.items():
        middle = at_hours(starts_ms, [np.nan if one is None else one.value for one in column], origin_ms)
        error = at_hours(starts_ms, [_standard_error(one) for one in column], origin_ms)
        if np.isfinite(middle).any():
            share = float(wind_at_2m_m_s(1.0, _PROVIDER_WIND_M)) if name == WIND else 1.0
            values[name], errors[name] = middle * share, np.nan_to_num(error) * share
    mast = mast_hours(scope, site, Window(origin_ms - MOST_HISTORY_H * HOUR_MS, origin_ms))
    return WeatherForecast(values, errors, mast, source.basis, source, said.text, said.text_zh)


def mast_hours(scope: OrgScope, site: str, window: Window) -> dict[str, Values]:
    """Return what a site's mast measured by hour of a window, NaN where unknown, by each channel that it measured."""
    wide = Window(window.start_ms - HOUR_MS, window.end_ms)
    found = hourly_means(scope, site_devices(scope, site), _FROM_MAST.values(), wide)
    count = (window.end_ms - window.start_ms) // HOUR_MS
    hours = {name: found[quantity].means for name, quantity in _FROM_MAST.items()}
    return {
        name: at_hours(list(means), list(means.values()), window.start_ms, count)
        for name, means in hours.items()
        if means
    }


def _source(said: HourlyForecast) -> UsedForecast | None:
    if said.basis == "nothing" or said.provider is None or said.fetched_ms is None:
        return None
    return UsedForecast(
        basis=said.basis,
        provider=said.provider,
        title=said.title or said.provider,
        simulated=said.simulated,
        issued_ms=said.issued_ms,
        fetched_ms=said.fetched_ms,
        attribution=said.attribution,
    )


def _standard_error(value: ForecastValue | None) -> float:
    if value is None or value.low is None or value.high is None:
        return np.nan
    return (value.high - value.low) / (2.0 * _SPREADS)
