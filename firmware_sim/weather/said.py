"""Forecasts that a simulated provider says: the scenario's own weather with an error that grows by lead time.

The error of an issue is drawn from the seed and the instant of issue alone, so that an issue says the same whenever it
is asked for. It is smooth along the hours, as a model's error is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from firmware_sim.greenhouse.weather import WeatherSource
from headland.agronomy.house_model.moist_air import saturation_pa
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Standard deviation of the error after a day: air temperature [K], share of the wind, cloud cover, share of rain.
_DEGC, _WIND, _HUMIDITY, _RAIN = 1.6, 0.22, 6.0, 0.5
#: A forecast is not exact even at its own hour, and grows worse as the root of the lead time.
_AT_ONCE: Final = 0.35
#: Errors of hours that are so far apart are unrelated.
_MEMORY_H: Final = 8.0
#: What a model gets wrong at this place whatever the day: it knows neither the valley nor the village.
_BIAS_DEGC, _BIAS_WIND = 0.8, 1.25
_MEAN_PRESSURE_HPA: Final = 1015.0
_SAMPLES_AN_HOUR: Final = 6


@dataclass(frozen=True, slots=True)
class SaidHour:
    """One hour of a forecast: values of the instant `time_ms`, and amounts and means of the hour before it."""

    time_ms: int
    temperature_degc: float
    humidity_pct: float
    wind_m_s: float
    gust_m_s: float
    wind_from_deg: float
    cloud_pct: float
    pressure_hpa: float
    radiation_w_m2: float
    rain_mm: float
    chance_pct: float


@dataclass(frozen=True, slots=True)
class SaidForecast:
    """All hours of an issue, and the other members where it is an ensemble."""

    issued_ms: int
    hours: Sequence[SaidHour]
    members: Sequence[Sequence[SaidHour]] = ()


def true_hour(weather: WeatherSource, time_ms: int) -> SaidHour:
    """Return what really comes, as a forecast would say it."""
    now = weather.at(time_ms)
    step_ms = HOUR_MS // _SAMPLES_AN_HOUR
    before = [weather.at(time_ms - step * step_ms) for step in range(_SAMPLES_AN_HOUR)]
    rain_mm = sum(each.rain_mm_h for each in before) / _SAMPLES_AN_HOUR
    clear = max(0.0, min(1.0, (now.sky_loss_w_m2 / 55.0 - 0.15) / 0.85))
    turn = math.sin(math.tau * time_ms / (97 * HOUR_MS))
    return SaidHour(
        time_ms=time_ms,
        temperature_degc=now.temperature_degc,
        humidity_pct=now.humidity_pct,
        wind_m_s=now.wind_m_s,
        gust_m_s=max(each.wind_m_s for each in before) * 1.4,
        wind_from_deg=(180 + 140 * turn) % 360,
        cloud_pct=100 * (1 - clear),
        pressure_hpa=_MEAN_PRESSURE_HPA + 8 * turn,
        radiation_w_m2=sum(each.radiation_w_m2 for each in before) / _SAMPLES_AN_HOUR,
        rain_mm=rain_mm,
        chance_pct=90.0 if rain_mm > 0.1 else 8.0,
    )


def say_forecast(
    weather: WeatherSource, seed: int, issued_ms: int, start_ms: int, hours: int, *, members: int = 0
) -> SaidForecast:
    """Return the forecast that was issued at `issued_ms`, for full hours from `start_ms` on."""
    truths = [true_hour(weather, start_ms + hour * HOUR_MS) for hour in range(hours)]
    return say_of(truths, seed, issued_ms, members=members)


def say_of(truths: Sequence[SaidHour], seed: int, issued_ms: int, *, members: int = 0) -> SaidForecast:
    """Return the forecast that was issued at `issued_ms` of hours that really come."""
    runs = [_with_errors(truths, issued_ms, np.random.default_rng((seed, issued_ms // MINUTE_MS, run)))
            for run in range(1 + members)]  # fmt: skip
    return SaidForecast(issued_ms, runs[0], runs[1:])


def _with_errors(truths: Sequence[SaidHour], issued_ms: int, random: np.random.Generator) -> list[SaidHour]:
    keep = math.exp(-1 / _MEMORY_H)
    state = random.standard_normal(4)
    said = []
    for truth in truths:
        state = keep * state + math.sqrt(1 - keep * keep) * random.standard_normal(4)
        lead_h = max(0.0, (truth.time_ms - issued_ms) / HOUR_MS)
        growth = _AT_ONCE + (1 - _AT_ONCE) * math.sqrt(lead_h / 24)
        heat, wet, wind, rain = (float(growth * each) for each in state)
        degc = truth.temperature_degc + _BIAS_DEGC + _DEGC * heat
        # The air's vapour stays where its temperature is said wrong.
        humidity = truth.humidity_pct * saturation_pa(truth.temperature_degc) / saturation_pa(degc) + _HUMIDITY * wet
        wind_share = _BIAS_WIND * math.exp(_WIND * wind)
        rain_mm = max(0.0, truth.rain_mm * math.exp(_RAIN * rain))
        said.append(
            replace(
                truth,
                temperature_degc=degc,
                humidity_pct=min(100.0, max(5.0, humidity)),
                wind_m_s=truth.wind_m_s * wind_share,
                gust_m_s=truth.gust_m_s * wind_share,
                rain_mm=rain_mm if rain_mm >= 0.05 else 0.0,
            )
        )
    return said
