"""Position of the sun: sunrise, sunset and elevation, to a minute; the series are those of `headland.contract.sun`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Mask, Values
from headland.contract import sun
from headland.contract.sun import HORIZON_DEG
from headland.units_of_time import DAY_MS, MINUTE_MS

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
    sine = sun.sine_of_elevation(np.asarray(time_ms, np.float64), latitude_deg, longitude_deg, np)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def find_daylight(noon_ms: int, latitude_deg: float, longitude_deg: float) -> Daylight:
    """Return the sunrise before and the sunset after the solar noon nearest to `noon_ms`, a local day's middle."""
    transit_ms = float(noon_ms)
    for _ in range(_ROUNDS):
        _, equation_min = sun.declination_and_equation(transit_ms)
        solar_min = (transit_ms / MINUTE_MS + equation_min + 4.0 * longitude_deg) % 1440.0
        transit_ms += (720.0 - solar_min) * MINUTE_MS
    edges: list[int] = []
    for sign in (-1.0, 1.0):
        edge_ms = transit_ms
        for _ in range(_ROUNDS):
            declination, equation_min = sun.declination_and_equation(edge_ms)
            half_day_ms = _half_day_ms(latitude_deg, declination)
            if half_day_ms is None:
                return Daylight(None, None, always_up=latitude_deg * declination > 0.0)
            noon_of_edge_ms = transit_ms + (_equation_min(transit_ms) - equation_min) * MINUTE_MS
            edge_ms = noon_of_edge_ms + sign * half_day_ms
        edges.append(round(edge_ms))
    return Daylight(edges[0], edges[1])


def is_day(time_ms: ArrayLike, latitude_deg: float, longitude_deg: float) -> Mask:
    """Return at which instants the sun's upper edge is above the horizon."""
    return np.asarray(sun.is_day(np.asarray(time_ms, np.float64), latitude_deg, longitude_deg, np))


def is_dark(time_ms: ArrayLike, latitude_deg: float, longitude_deg: float) -> Mask:
    """Return at which instants civil twilight is over: the sun is more than 6 deg below the horizon."""
    return np.asarray(elevation_deg(time_ms, latitude_deg, longitude_deg) < _TWILIGHT_DEG)


def _half_day_ms(latitude_deg: float, declination: float) -> float | None:
    latitude = np.radians(latitude_deg)
    cosine = (np.sin(np.radians(HORIZON_DEG)) - np.sin(latitude) * np.sin(declination)) / (
        np.cos(latitude) * np.cos(declination)
    )
    if not -1.0 <= cosine <= 1.0:
        return None
    return float(np.degrees(np.arccos(cosine))) * 4.0 * MINUTE_MS


def _equation_min(time_ms: float) -> float:
    return float(sun.declination_and_equation(time_ms)[1])
