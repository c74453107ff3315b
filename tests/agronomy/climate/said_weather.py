"""Weather forecasts made of measured weather: as it came, or with the errors that grow by lead time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.forecast import ForecastInputs
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H, WeatherToCome
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa, saturation_vapour_pressure_kpa

Floats = NDArray[np.float64]

#: What a weather forecast is: right, with errors, and with those of a place that its model does not know as well.
Sky = Literal["perfect", "degraded", "raw"]
SKIES: Final[tuple[Sky, ...]] = ("perfect", "degraded", "raw")
#: As those of the simulated provider (firmware_sim/weather/said.py), after a day: temperature [K], humidity [%], and
#: the shares of wind and of radiation, which that provider says without an error.
_DEGC, _HUMIDITY, _WIND, _RADIATION = 1.6, 6.0, 0.22, 0.3
_AT_ONCE, _MEMORY_H, _BIAS_DEGC, _BIAS_WIND = 0.35, 8.0, 0.8, 1.25
#: The channels that bring heat.
HEAT: Final = frozenset({"outside_temperature_degc", "global_radiation_w_m2"})


@dataclass(frozen=True, slots=True)
class Outside:
    """Hourly means of the weather outside a house."""

    temperature_degc: Floats
    humidity_pct: Floats
    radiation_w_m2: Floats
    wind_m_s: Floats


def changing_weather(count: int, seed: int = 7) -> Outside:
    """Weather whose days differ: fronts of two days, and clouds."""
    random, hour = np.random.default_rng(seed), np.arange(count)
    fronts = 4.0 * np.sin(2 * np.pi * hour / 53.0) + np.cumsum(random.normal(0, 0.25, count))
    clouds = 0.3 + 0.7 * np.repeat(random.random(count // 12 + 1), 12)[:count]
    sun = np.maximum(np.sin(2 * np.pi * (hour / 24 - 0.25)), 0.0)
    temperature = 8.0 + fronts + 4.0 * np.sin(2 * np.pi * (hour / 24 - 0.35))
    return Outside(temperature, np.clip(80 - 2 * fronts, 30, 100), 700 * sun * clouds, 2.0 + random.random(count))


def cold_house(outside: Outside) -> Floats:
    """An unheated house: it follows sun and outside air with a time constant of three hours."""
    course, random = np.empty(len(outside.wind_m_s)), np.random.default_rng(9)
    now = float(outside.temperature_degc[0])
    for at in range(len(course)):
        toward = outside.temperature_degc[at] + 2.0 + 0.025 * outside.radiation_w_m2[at]
        now += (toward - now) / 3.0
        course[at] = now
    return course + random.normal(0, 0.2, len(course))


def with_weather(inputs: ForecastInputs, outside: Outside, sky: Sky, seed: int = 1) -> ForecastInputs:
    """Return the inputs with a weather forecast at each hour of the history."""
    measured = _channels(outside)
    came = {name: hours_after(column) for name, column in measured.items()}
    if sky == "perfect":
        return replace(inputs, to_come={n: WeatherToCome(measured[n], came[n], is_heat=n in HEAT) for n in measured})
    said = _channels(_said(outside, sky, np.random.default_rng(seed)))
    # A station knows the error of its provider by lead time from what it said before.
    error = {name: np.sqrt(np.nanmean((said[name] - came[name]) ** 2, axis=0)) for name in measured}
    to_come = {n: WeatherToCome(measured[n], said[n], error[n], is_heat=n in HEAT) for n in measured}
    return replace(inputs, to_come=to_come)


def hours_after(column: Floats) -> Floats:
    """Return for each hour a row of the hours that follow it, NaN beyond the end."""
    longer = np.concatenate((column, np.full(MOST_AHEAD_H, np.nan)))
    return np.column_stack([longer[ahead_h : ahead_h + len(column)] for ahead_h in range(1, MOST_AHEAD_H + 1)])


def _channels(outside: Outside) -> dict[str, Floats]:
    return {
        "outside_temperature_degc": outside.temperature_degc,
        "outside_vapour_kpa": actual_vapour_pressure_kpa(outside.temperature_degc, outside.humidity_pct),
        "global_radiation_w_m2": outside.radiation_w_m2,
        "wind_speed_m_s": outside.wind_m_s,
    }


def _said(outside: Outside, sky: Sky, random: np.random.Generator) -> Outside:
    """Return what was said at each hour of the hours after it; the errors of one issue are smooth along its hours."""
    count, keep = len(outside.wind_m_s), np.exp(-1 / _MEMORY_H)
    state, errors = random.standard_normal((4, count)), np.empty((4, count, MOST_AHEAD_H))
    for at in range(MOST_AHEAD_H):
        state = keep * state + np.sqrt(1 - keep * keep) * random.standard_normal((4, count))
        errors[:, :, at] = (_AT_ONCE + (1 - _AT_ONCE) * np.sqrt((at + 1) / MOST_AHEAD_H)) * state
    is_raw = sky == "raw"
    came = hours_after(outside.temperature_degc)
    degc = came + (_BIAS_DEGC if is_raw else 0.0) + _DEGC * errors[0]
    share = saturation_vapour_pressure_kpa(came) / saturation_vapour_pressure_kpa(degc)
    return Outside(
        degc,
        np.clip(hours_after(outside.humidity_pct) * share + _HUMIDITY * errors[1], 5.0, 100.0),
        hours_after(outside.radiation_w_m2) * np.exp(_RADIATION * errors[2]),
        hours_after(outside.wind_m_s) * (_BIAS_WIND if is_raw else 1.0) * np.exp(_WIND * errors[3]),
    )
