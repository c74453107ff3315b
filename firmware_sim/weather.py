"""The weather outside a greenhouse: a pure function of the seed, the place and the time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from firmware_sim.air import saturation_pa, vapour_kg_m3
from firmware_sim.house_scenario import HouseScenario

_HOUR_MS = 3_600_000
_DAY_MS = 86_400_000
_CO2_PPM = 425.0
_WARMEST_DAY = 202
#: The day's warmest hour, in hours after solar noon.
_WARMEST_H = 2.5


@dataclass(frozen=True, slots=True)
class Outside:
    """The air, light and wind outside; vapour and carbon dioxide as the balances need them."""

    temperature_degc: float
    humidity_pct: float
    vapour_kg_m3: float
    radiation_w_m2: float
    wind_m_s: float
    co2_ppm: float = _CO2_PPM


class Weather:
    """Weather of one seed at one place; asking for any time in any order gives the same answers."""

    def __init__(self, scenario: HouseScenario, seed: int) -> None:
        self._scenario = scenario
        self._seed = seed
        self._draw = lru_cache(maxsize=512)(self._draw_uncached)

    def at(self, time_ms: int) -> Outside:
        """Return the weather at `time_ms`."""
        scenario = self._scenario
        solar_h, day_of_year = solar_time(time_ms, scenario.longitude_deg)
        cloud = self._cloud(time_ms)
        radiation = clear_sky_w_m2(scenario.latitude_deg, day_of_year, solar_h) * (1 - 0.78 * cloud**1.5)
        season = math.cos(math.tau * (day_of_year - _WARMEST_DAY) / 365.25)
        swing = scenario.day_swing_degc * (1.25 - 0.9 * cloud)
        daily = scenario.mean_degc + scenario.season_degc * season + 2.5 * self._smooth(time_ms, _DAY_MS, 1)
        hour = math.cos(math.tau * (solar_h - 12 - _WARMEST_H) / 24)
        temperature = daily + swing * hour + 0.3 * self._smooth(time_ms, _HOUR_MS, 2)
        # The air mass keeps its dew point; by night the air cools down to it.
        dew = daily - swing * (1.0 - 0.5 * cloud) - 0.5 + 0.8 * self._smooth(time_ms, _DAY_MS // 2, 3)
        humidity = min(98.0, max(20.0, 100 * saturation_pa(dew) / saturation_pa(temperature)))
        vapour = vapour_kg_m3(saturation_pa(temperature) * humidity / 100, temperature)
        gust = 0.45 * self._smooth(time_ms, _HOUR_MS, 4) + 0.2 * self._smooth(time_ms, 60_000, 5)
        wind = scenario.wind_m_s * math.exp(gust) * (1.15 + 0.35 * hour)
        return Outside(temperature, humidity, vapour, radiation, wind)

    def _cloud(self, time_ms: int) -> float:
        """Return the cloudiness 0..1: a value of the day, broken by the hour and by passing clouds."""
        wave = 0.30 * self._smooth(time_ms, _DAY_MS, 6) + 0.15 * self._smooth(time_ms, _HOUR_MS, 7)
        return min(1.0, max(0.0, self._scenario.cloudiness + wave + 0.05 * self._smooth(time_ms, 240_000, 8)))

    def _smooth(self, time_ms: int, period_ms: int, stream: int) -> float:
        """Return noise of about unit size that passes smoothly through a new draw every `period_ms`."""
        index, into_ms = divmod(time_ms, period_ms)
        share = (1 - math.cos(math.pi * into_ms / period_ms)) / 2
        return (1 - share) * self._draw(stream, index) + share * self._draw(stream, index + 1)

    def _draw_uncached(self, stream: int, index: int) -> float:
        return float(np.random.default_rng((self._seed, stream, index)).standard_normal())


def solar_time(time_ms: int, longitude_deg: float) -> tuple[float, int]:
    """Return the solar hour 0..24 and the day of the year.

    The equation of time is Spencer's (1971) as in FAO-56 eq 32-33 (within a minute).
    """
    moment = datetime.fromtimestamp(time_ms / 1000 + longitude_deg * 240, tz=UTC)
    day = moment.timetuple().tm_yday
    angle = math.tau * (day - 81) / 364
    equation_h = 0.1645 * math.sin(2 * angle) - 0.1255 * math.cos(angle) - 0.025 * math.sin(angle)
    hour = moment.hour + moment.minute / 60 + (moment.second + moment.microsecond / 1e6) / 3600
    return (hour + equation_h) % 24, day


def clear_sky_w_m2(latitude_deg: float, day_of_year: int, solar_h: float) -> float:
    """Return the global radiation of a clear sky: Haurwitz (1945), 1098 cos z exp(-0.057 / cos z) W/m2.

    The declination is FAO-56 eq 24.
    """
    declination = 0.409 * math.sin(math.tau * day_of_year / 365 - 1.39)
    latitude = math.radians(latitude_deg)
    hour_angle = math.tau * (solar_h - 12) / 24
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )
    return 1098 * height * math.exp(-0.057 / height) if height > 0.01 else 0.0
