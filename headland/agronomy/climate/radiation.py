"""Radiation at a place by FAO-56: from the top of the air to what a short grass keeps; MJ/m2 per day or per hour.

Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, chapter 3; equation numbers are its own.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.psychrometrics import KELVIN
from headland.agronomy.series.arrays import Values

#: Solar constant [MJ/m2/min] and Stefan-Boltzmann constant [MJ/K4/m2/day].
_SOLAR: Final = 0.0820
_STEFAN: Final = 4.903e-9
#: Albedo of the hypothetical grass; eq 38.
_ALBEDO: Final = 0.23


def extraterrestrial_daily_mj_m2(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Values:
    """Return the radiation above the air in a day, Ra [MJ/m2/day]; eq 21. Latitude -66..66."""
    latitude, distance, declination, sunset = _geometry(latitude_deg, day_of_year)
    angles = sunset * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.sin(sunset)
    return np.asarray(24.0 * 60.0 / np.pi * _SOLAR * distance * angles)


def extraterrestrial_hourly_mj_m2(
    latitude_deg: ArrayLike,
    day_of_year: ArrayLike,
    middle_h: ArrayLike,
    *,
    longitude_west_deg: float,
    zone_west_deg: float,
    length_h: float = 1.0,
) -> Values:
    """Return Ra of a period around the clock time `middle_h` [MJ/m2 per period], 0 by night; eq 28 to 33.

    `zone_west_deg` is the longitude of the clock's time zone, 240 for China, `longitude_west_deg` the place's, both
    counted westward from Greenwich as there.
    """
    latitude, distance, declination, sunset = _geometry(latitude_deg, day_of_year)
    season = 2.0 * np.pi * (np.asarray(day_of_year, np.float64) - 81.0) / 364.0
    correction_h = 0.1645 * np.sin(2 * season) - 0.1255 * np.cos(season) - 0.025 * np.sin(season)
    shift_h = 0.06667 * (zone_west_deg - longitude_west_deg) + correction_h
    hour = np.pi / 12.0 * (np.asarray(middle_h, np.float64) + shift_h - 12.0)
    first, last = (np.clip(hour + part * np.pi * length_h / 24.0, -sunset, sunset) for part in (-1.0, 1.0))
    angles = (last - first) * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * (
        np.sin(last) - np.sin(first)
    )
    return np.asarray(np.maximum(12.0 * 60.0 / np.pi * _SOLAR * distance * angles, 0.0))


def daylight_hours(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Values:
    """Return the astronomical day length N [h]; eq 34. Without refraction: a tenth of an hour under the observed."""
    return np.asarray(24.0 / np.pi * _geometry(latitude_deg, day_of_year)[3])


def solar_from_sunshine_mj_m2(
    sunshine_h: ArrayLike, daylight_h: ArrayLike, extraterrestrial_mj_m2: ArrayLike
) -> Values:
    """Return the solar radiation Rs by the hours of sunshine, Angstrom with 0.25 and 0.50; eq 35."""
    share = np.asarray(sunshine_h, np.float64) / np.asarray(daylight_h, np.float64)
    return np.asarray((0.25 + 0.50 * share) * np.asarray(extraterrestrial_mj_m2, np.float64))


def solar_from_temperature_mj_m2(
    low_degc: ArrayLike, high_degc: ArrayLike, extraterrestrial_mj_m2: ArrayLike, *, coast: bool = False
) -> Values:
    """Return the solar radiation Rs by the day's span of temperature; eq 50 with 0.16 inland, 0.19 on a coast."""
    span = np.maximum(np.asarray(high_degc, np.float64) - np.asarray(low_degc, np.float64), 0.0)
    return np.asarray((0.19 if coast else 0.16) * np.sqrt(span) * np.asarray(extraterrestrial_mj_m2, np.float64))


def clear_sky_mj_m2(extraterrestrial_mj_m2: ArrayLike, altitude_m: ArrayLike) -> Values:
    """Return the radiation of a clear sky Rso; eq 37."""
    return np.asarray(
        (0.75 + 2e-5 * np.asarray(altitude_m, np.float64)) * np.asarray(extraterrestrial_mj_m2, np.float64)
    )


def net_daily_mj_m2(
    solar_mj_m2: ArrayLike, clear_mj_m2: ArrayLike, low_degc: ArrayLike, high_degc: ArrayLike, vapour_kpa: ArrayLike
) -> Values:
    """Return the net radiation Rn of a day over grass [MJ/m2/day]; eq 38 to 40."""
    fourth = [(np.asarray(each, np.float64) + KELVIN) ** 4 for each in (low_degc, high_degc)]
    clear = np.asarray(clear_mj_m2, np.float64)
    brightness = np.asarray(solar_mj_m2, np.float64) / np.where(clear > 0.0, clear, np.nan)
    return _net(solar_mj_m2, brightness, _STEFAN * (fourth[0] + fourth[1]) / 2.0, vapour_kpa)


def net_hourly_mj_m2(
    solar_mj_m2: ArrayLike, brightness: ArrayLike, temperature_degc: ArrayLike, vapour_kpa: ArrayLike
) -> Values:
    """Return the net radiation Rn of an hour over grass [MJ/m2/h]; eq 38 to 40 with the hourly constant.

    `brightness` is Rs / Rso of the hour; by night that of the last hours before sunset, as the paper tells.
    """
    emitted = _STEFAN / 24.0 * (np.asarray(temperature_degc, np.float64) + KELVIN) ** 4
    return _net(solar_mj_m2, brightness, emitted, vapour_kpa)


def _net(solar_mj_m2: ArrayLike, brightness: ArrayLike, emitted: Values, vapour_kpa: ArrayLike) -> Values:
    bright = np.clip(np.asarray(brightness, np.float64), 0.3, 1.0)
    humid = 0.34 - 0.14 * np.sqrt(np.asarray(vapour_kpa, np.float64))
    return np.asarray((1.0 - _ALBEDO) * np.asarray(solar_mj_m2, np.float64) - emitted * humid * (1.35 * bright - 0.35))


def _geometry(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> tuple[Values, Values, Values, Values]:
    """Return latitude [rad], inverse relative distance, declination [rad] and sunset hour angle [rad]; eq 22 to 25."""
    latitude = np.radians(np.asarray(latitude_deg, np.float64))
    season = 2.0 * np.pi * np.asarray(day_of_year, np.float64) / 365.0
    distance = np.asarray(1.0 + 0.033 * np.cos(season))
    declination = np.asarray(0.409 * np.sin(season - 1.39))
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1.0, 1.0))
    return latitude, distance, declination, np.asarray(sunset)
