"""Weather to come at a greenhouse, as its forecast takes it: of the site's weather forecast, or of a request.

Forecasts are learned from measured weather: that of the house's own mast, else that of the site's. Where neither
measures, there is nothing to learn from, and the forecast rests on the house's own past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.forecast_features import MOST_AHEAD_H, WeatherToCome
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.series.arrays import Values
from headland.registry.repositories.forecasts import UsedForecast
from headland.units_of_time import HOUR_MS

#: Where the weather to come is from: the provider, corrected by the station, the request, or nowhere.
WeatherBasis = Literal["corrected", "provider", "request", "nothing"]
TEMPERATURE, HUMIDITY, VAPOUR = "outside_temperature_degc", "outside_humidity_pct", "outside_vapour_kpa"
RADIATION, WIND = "global_radiation_w_m2", "wind_speed_m_s"
#: Heat is what a house stores.
_HEAT: Final = frozenset({TEMPERATURE, RADIATION})


@dataclass(frozen=True, slots=True)
class WeatherForecast:
    """A weather forecast: by channel the hourly means from the origin on, NaN where not said, and their errors.

    errors
        Standard errors by hour, where they are known.
    mast
        What the site's mast measured in the hours before the origin, for a house without outdoor sensors of its own.
    source
        Whose it is; None of a request's own, and of none.
    text, text_zh
        What is to be said of it: its age, or why there is none.
    """

    values: Mapping[str, Values] = field(default_factory=dict)
    errors: Mapping[str, Values] = field(default_factory=dict)
    mast: Mapping[str, Values] = field(default_factory=dict)
    basis: WeatherBasis = "nothing"
    source: UsedForecast | None = None
    text: str = ""
    text_zh: str = ""


NO_WEATHER_FORECAST: Final = WeatherForecast()


def requested_weather(
    temperature_degc: Sequence[float], humidity_pct: Sequence[float], radiation_w_m2: Sequence[float],
    wind_m_s: Sequence[float],
) -> WeatherForecast:  # fmt: skip
    """Return the weather forecast of a request; an empty list is an unknown channel."""
    given = {TEMPERATURE: temperature_degc, HUMIDITY: humidity_pct, RADIATION: radiation_w_m2, WIND: wind_m_s}
    values = {name: _padded(np.array(column, np.float64)) for name, column in given.items() if column}
    return WeatherForecast(values, basis="request") if values else NO_WEATHER_FORECAST


def weather_to_come(forecast: WeatherForecast, measured: Mapping[str, Values]) -> dict[str, WeatherToCome]:
    """Return the channels of a forecast that are measured as well: what was measured, what is expected, and its error.

    Humidity counts as vapour pressure, which needs the temperature.
    """
    values, errors = dict(forecast.values), dict(forecast.errors)
    known = dict(measured)
    humidity, humidity_error = values.pop(HUMIDITY, None), errors.pop(HUMIDITY, None)
    measured_humidity = known.pop(HUMIDITY, None)
    temperature, error = values.get(TEMPERATURE), errors.get(TEMPERATURE)
    if humidity is not None and temperature is not None:
        values[VAPOUR] = actual_vapour_pressure_kpa(temperature, humidity)
        if humidity_error is not None and error is not None:
            by_humidity = actual_vapour_pressure_kpa(temperature, humidity_error)
            warmer = actual_vapour_pressure_kpa(temperature + error, humidity) - values[VAPOUR]
            errors[VAPOUR] = np.hypot(by_humidity, warmer)
    if measured_humidity is not None and TEMPERATURE in known:
        known[VAPOUR] = actual_vapour_pressure_kpa(known[TEMPERATURE], measured_humidity)
    nothing = np.zeros(MOST_AHEAD_H)
    return {
        name: WeatherToCome(known[name], expected, np.nan_to_num(errors.get(name, nothing)), is_heat=name in _HEAT)
        for name, expected in values.items()
        if name in known
    }


def at_hours(starts_ms: Sequence[int], values: Sequence[float], first_ms: int, count: int = MOST_AHEAD_H) -> Values:
    """Return means of whole hours of epoch time as those of the hours from `first_ms` on, which may begin within them.

    A local hour that begins at half past has half of two hours, or all of the one that is known.
    """
    begin_ms = first_ms // HOUR_MS * HOUR_MS
    column = np.full(count + 1, np.nan)
    for start_ms, value in zip(starts_ms, values, strict=True):
        at = (start_ms - begin_ms) // HOUR_MS
        if 0 <= at <= count:
            column[at] = value
    later = (first_ms - begin_ms) / HOUR_MS
    if later == 0.0:
        return column[:count]
    first, second = column[:-1], column[1:]
    mixed = (1.0 - later) * first + later * second
    return np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(first), first, second))


def _padded(column: Values) -> Values:
    return np.concatenate((column, np.full(MOST_AHEAD_H, np.nan)))[:MOST_AHEAD_H]
