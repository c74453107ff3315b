"""Position of the sun: sunrise, sunset and elevation, to a minute.

Meeus (1998), Astronomical Algorithms, chapters 25 and 28 with their low-precision series, as NOAA's solar calculator
uses them; refraction at the horizon 34', the disc's half diameter 16'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Mask, Values
from headland.units_of_time import DAY_MS, MINUTE_MS

_J2000_MS: Final = 946_728_000_000
_HORIZON_DEG: Final = -0.833
_TWILIGHT_DEG: Final = -6.0
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Daylight:
    """A day's sunrise and sunset, epoch milliseconds; both None where the sun does not rise or does not set."""

    sunrise_ms: int | None
    sunset_ms: int | None
    always_up: bool = False

    @property
    def length_s(self) -> float:
        """The length of daylight [s]."""
        if self.sunrise_ms is None or self.sunset_ms is None:
            return DAY_MS / 1000.0 if self.always_up else 0.0
        return (self.sunset_ms - self.sunrise_ms) / 1000.0


def elevation_deg(time_ms: ArrayLike, latitude_deg: float, longitude_deg: float) -> Values:
    """Return the sun's true elevation [deg] above the horizon at instants, without refraction; within 0.02 deg."""
    time = np.asarray(time_ms, np.float64)
    declination, equation_min = _declination_and_equation(time)
    solar_min = (time / MINUTE_MS + equation_min + 4.0 * longitude_deg) % 1440.0
    hour_angle = np.radians(solar_min / 4.0 - 180.0)
    latitude = np.radians(latitude_deg)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def find_daylight(noon_ms: int, latitude_deg: float, longitude_deg: float) -> Daylight:
    """Return the sunrise before and the sunset after the solar noon nearest to `noon_ms`, a local day's middle."""
    transit_ms = float(noon_ms)
    for _ in range(_ROUNDS):
        _, equation_min = _declination_and_equation(np.float64(transit_ms))
        solar_min = (transit_ms / MINUTE_MS + float(equation_min) + 4.0 * longitude_deg) % 1440.0
        transit_ms += (720.0 - solar_min) * MINUTE_MS
    edges: list[int] = []
    for sign in (-1.0, 1.0):
        edge_ms = transit_ms
        for _ in range(_ROUNDS):
            declination, equation_min = _declination_and_equation(np.float64(edge_ms))
            half_day_ms = _half_day_ms(latitude_deg, float(declination))
            if half_day_ms is None:
                return Daylight(None, None, always_up=latitude_deg * float(declination) > 0.0)
            noon_of_edge_ms = transit_ms + (_equation_min(transit_ms) - float(equation_min)) * MINUTE_MS
            edge_ms = noon_of_edge_ms + sign * half_day_ms
        edges.append(round(edge_ms))
    return Daylight(edges[0], edges[1])


def is_day(time_ms: ArrayLike, latitude_deg: float, longitude_deg: float) -> Mask:
    """Return at which instants the sun's upper edge is above the horizon."""
    return np.asarray(elevation_deg(time_ms, latitude_deg, longitude_deg) > _HORIZON_DEG)


def is_dark(time_ms: ArrayLike, latitude_deg: float, longitude_deg: float) -> Mask:
    """Return at which instants civil twilight is over: the sun is more than 6 deg below the horizon."""
    return np.asarray(elevation_deg(time_ms, latitude_deg, longitude_deg) < _TWILIGHT_DEG)


def _half_day_ms(latitude_deg: float, declination: float) -> float | None:
    latitude = np.radians(latitude_deg)
    cosine = (np.sin(np.radians(_HORIZON_DEG)) - np.sin(latitude) * np.sin(declination)) / (
        np.cos(latitude) * np.cos(declination)
    )
    if not -1.0 <= cosine <= 1.0:
        return None
    return float(np.degrees(np.arccos(cosine))) * 4.0 * MINUTE_MS


def _equation_min(time_ms: float) -> float:
    return float(_declination_and_equation(np.float64(time_ms))[1])


def _declination_and_equation(time_ms: Values | np.float64) -> tuple[Values, Values]:
    """Return the sun's declination [rad] and the equation of time [min]."""
    century = (time_ms - _J2000_MS) / DAY_MS / 36_525.0
    mean_longitude = np.radians(280.46646 + century * (36_000.76983 + century * 0.0003032))
    anomaly = np.radians(357.52911 + century * (35_999.05029 - century * 0.0001537))
    eccentricity = 0.016708634 - century * (0.000042037 + century * 0.0000001267)
    centre = np.radians(
        np.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + np.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * century)
    apparent = mean_longitude + centre - np.radians(0.00569 + 0.00478 * np.sin(node))
    obliquity = np.radians(23.0 + (26.0 + 21.448 / 60.0) / 60.0 - 0.013004 * century + 0.00256 * np.cos(node))
    declination = np.arcsin(np.sin(obliquity) * np.sin(apparent))
    half = np.tan(obliquity / 2.0) ** 2
    equation = (
        half * np.sin(2 * mean_longitude)
        - 2 * eccentricity * np.sin(anomaly)
        + 4 * eccentricity * half * np.sin(anomaly) * np.cos(2 * mean_longitude)
        - 0.5 * half**2 * np.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * np.sin(2 * anomaly)
    )
    return np.asarray(declination), np.asarray(4.0 * np.degrees(equation))
