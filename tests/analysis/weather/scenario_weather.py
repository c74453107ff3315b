"""Weather of the greenhouse scenarios with what their simulated provider says of it, without a farm between them."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from firmware_sim.greenhouse.scenarios import HOUSES
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.weather.said import SaidHour, say_of, true_hour
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.station_correction import (
    MOST_AHEAD_H,
    ORIGIN_H,
    QUANTITIES,
    SaidAndMeasured,
)
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

START_MS: Final = 1_790_000_000_000 // DAY_MS * DAY_MS
DAYS: Final = 60
AHEAD_H: Final = 24
#: Instants within an hour at which the mast samples [min], and the noise of its means.
_SAMPLED_MIN: Final = (5, 15, 25, 35, 45, 55)
_NOISE: Final = (0.05, 0.3, 0.05)


@cache
def scenario_weather(name: str, seed: int) -> tuple[Values, Values]:
    """Return what a scenario's mast measured, by quantity and hour, and what was said, by quantity, origin and hour.

    The provider issues a forecast every three hours, and the hour has the mean of the instants at its bounds.
    """
    scenario = HOUSES[name]
    weather = Weather(scenario.place, seed, scenario.frost_every_days)
    random = np.random.default_rng((seed, 44))
    hours = DAYS * 24
    measured = np.array([_mean_of_hour(weather, START_MS + hour * HOUR_MS) for hour in range(hours)]).T
    measured += np.array(_NOISE)[:, None] * random.standard_normal(measured.shape) / len(_SAMPLED_MIN) ** 0.5
    truths = [true_hour(weather, START_MS + hour * HOUR_MS) for hour in range(hours + AHEAD_H + 1)]
    said = np.full((len(QUANTITIES), hours // ORIGIN_H, MOST_AHEAD_H), np.nan)
    for origin in range(hours // ORIGIN_H):
        first = origin * ORIGIN_H
        run = say_of(truths[first : first + AHEAD_H + 1], seed, START_MS + first * HOUR_MS).hours
        instants = np.array([_said(hour) for hour in run]).T
        said[:, origin, :AHEAD_H] = (instants[:, 1:] + instants[:, :-1]) / 2
    return measured, said


def scenario_pairs(name: str, seed: int) -> list[SaidAndMeasured]:
    """Return what was said and measured of each quantity."""
    measured, said = scenario_weather(name, seed)
    return [SaidAndMeasured(quantity, said[at], measured[at]) for at, quantity in enumerate(QUANTITIES)]


def _mean_of_hour(weather: Weather, start_ms: int) -> Values:
    sampled = [_values(weather.at(start_ms + minute * MINUTE_MS)) for minute in _SAMPLED_MIN]
    return np.asarray(np.mean(sampled, axis=0), np.float64)


def _values(now: Outside) -> tuple[float, float, float]:
    return now.temperature_degc, now.humidity_pct, now.wind_m_s


def _said(hour: SaidHour) -> tuple[float, float, float]:
    return hour.temperature_degc, hour.humidity_pct, hour.wind_m_s
