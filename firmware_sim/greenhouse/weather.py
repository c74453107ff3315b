"""Weather generator: outside conditions as a pure function of seed, place and time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Protocol

import numpy as np

from firmware_sim.greenhouse.place import HouseSite
from headland.agronomy.house_model.moist_air import saturation_pa, vapour_kg_m3
from headland.agronomy.house_model.outside import Outside
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

_WARMEST_DAY = 202
#: Warmest hour of the day, in hours after solar noon.
_WARMEST_H = 2.5
#: Long-wave loss of a cover to a clear night sky, W/m2; clouds reduce it.
_CLEAR_SKY_LOSS_W_M2 = 55.0
#: Frost night: temperature around sunrise, under a clear and calm sky, and its months.
_FROST_DEGC = -3.0
_FROST_MONTHS: Final = (11, 12, 1, 2, 3)
#: Cloudiness above which rain can fall.
_RAIN_CLOUD = 0.78


class WeatherSource(Protocol):
    """Source of weather for any time."""

    def at(self, time_ms: int) -> Outside:
        """Return the weather at `time_ms`."""


class Weather:
    """Weather of a seed at a place; independent of the order of calls.

    With `frost_every_days`, every such day of the winter half-year ends in a clear night below zero.
    """

    def __init__(self, place: HouseSite, seed: int, frost_every_days: int = 0) -> None:
        self._place = place
        self._seed = seed
        self._frost_every_days = frost_every_days
        self._draw = lru_cache(maxsize=512)(self._draw_uncached)

    def at(self, time_ms: int) -> Outside:
        """Return the weather at `time_ms`."""
        place = self._place
        solar_h, day_of_year = solar_time(time_ms, place.longitude_deg)
        season = math.cos(math.tau * (day_of_year - _WARMEST_DAY) / 365.25)
        frost = self._frost(time_ms, solar_h)
        cloud = self._cloud(time_ms, season) * (1 - frost)
        radiation = clear_sky_w_m2(place.latitude_deg, day_of_year, solar_h) * (1 - 0.78 * cloud**1.5)
        swing = place.day_swing_degc * (1.45 - 0.9 * cloud)
        daily = place.mean_degc + place.season_degc * season + 2.5 * self._smooth(time_ms, DAY_MS, 1)
        hour = math.cos(math.tau * (solar_h - 12 - _WARMEST_H) / 24)
        temperature = daily + swing * hour + 0.3 * self._smooth(time_ms, HOUR_MS, 2)
        temperature += frost * (min(temperature, _FROST_DEGC) - temperature)
        # The air mass has a constant dew point; at night the air cools down to it.
        dew = daily - swing * (1.0 - 0.5 * cloud) - 0.5 + 0.8 * self._smooth(time_ms, DAY_MS // 2, 3)
        humidity = min(98.0, max(20.0, 100 * saturation_pa(dew) / saturation_pa(temperature)))
        vapour = vapour_kg_m3(saturation_pa(temperature) * humidity / 100, temperature)
        gust = 0.45 * self._smooth(time_ms, HOUR_MS, 4) + 0.2 * self._smooth(time_ms, MINUTE_MS, 5)
        wind = place.wind_m_s * math.exp(gust) * (1.15 + 0.35 * hour) * (1 - 0.7 * frost)
        return Outside(
            temperature, humidity, vapour, radiation, wind,
            rain_mm_h=self._rain(time_ms, cloud),
            sky_loss_w_m2=_CLEAR_SKY_LOSS_W_M2 * (1 - 0.85 * cloud),
            soil_degc=place.mean_degc + 0.6 * place.season_degc * math.cos(math.tau * (day_of_year - 232) / 365.25),
        )  # fmt: skip

    def _cloud(self, time_ms: int, season: float) -> float:
        """Return the cloudiness 0..1: a daily value with hourly variation and passing clouds."""
        wave = 0.30 * self._smooth(time_ms, DAY_MS, 6) + 0.15 * self._smooth(time_ms, HOUR_MS, 7)
        level = self._place.cloudiness - self._place.winter_cloudiness * season
        return min(1.0, max(0.0, level + wave + 0.05 * self._smooth(time_ms, 240_000, 8)))

    def _rain(self, time_ms: int, cloud: float) -> float:
        """Return the rain, mm/h: showers under a heavy sky, with a random intensity per hour."""
        if cloud <= _RAIN_CLOUD:
            return 0.0
        shower = max(0.0, self._smooth(time_ms, HOUR_MS, 9))
        return self._place.shower_mm_h * shower * (cloud - _RAIN_CLOUD) / (1 - _RAIN_CLOUD)

    def _frost(self, time_ms: int, solar_h: float) -> float:
        """Return the intensity of a frost night, 0..1: maximum at six, zero at noon."""
        if not self._frost_every_days:
            return 0.0
        moment = datetime.fromtimestamp(time_ms / 1000 + self._place.longitude_deg * 240, tz=UTC)
        night = (moment.toordinal() + (1 if solar_h >= 14 else 0)) % self._frost_every_days
        if night or moment.month not in _FROST_MONTHS:
            return 0.0
        from_six_h = solar_h - 6 if solar_h < 14 else solar_h - 30
        return math.exp(-((from_six_h / 3.5) ** 4))

    def _smooth(self, time_ms: int, period_ms: int, stream: int) -> float:
        """Return noise of about unit variance that interpolates smoothly between draws every `period_ms`."""
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
