"""Reference evapotranspiration: what a short, well-watered grass would lose [mm]; named by the standard it follows.

Sources
-------
.. [1] Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, chapters 2 to 4.
.. [2] ASCE-EWRI (2005), The ASCE Standardized Reference Evapotranspiration Equation, as the package refet computes it.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import refet
from numpy.typing import ArrayLike, NDArray

from headland.agronomy.climate.psychrometrics import air_pressure_kpa, saturation_vapour_pressure_kpa
from headland.agronomy.climate.radiation import clear_sky_mj_m2, extraterrestrial_daily_mj_m2, net_daily_mj_m2
from headland.agronomy.series.arrays import Values

Crop = Literal["short", "tall"]

#: Psychrometric constant over pressure [kPa/degC per kPa]; [1] eq 8.
_PSYCHROMETRIC: Final = 0.665e-3
#: Energy that evaporates a millimetre from a square metre [MJ]; [1] eq 20, at 20 degC.
MJ_PER_MM: Final = 2.45
#: Heat that goes into the soil, as a share of the net radiation, by day and by night; [1] eq 45 and 46.
_SOIL_BY_DAY, _SOIL_BY_NIGHT = 0.1, 0.5


def wind_at_2m_m_s(wind_m_s: ArrayLike, height_m: float) -> Values:
    """Return the wind at 2 m over grass from one measured at `height_m` [m, 0.5..]; [1] eq 47."""
    return np.asarray(np.asarray(wind_m_s, np.float64) * 4.87 / np.log(67.8 * height_m - 5.42))


def vapour_pressure_from_humidity_kpa(
    low_degc: ArrayLike, high_degc: ArrayLike, low_humidity_pct: ArrayLike, high_humidity_pct: ArrayLike
) -> Values:
    """Return the day's actual vapour pressure from its extremes [kPa]; [1] eq 17."""
    cold = saturation_vapour_pressure_kpa(low_degc) * np.asarray(high_humidity_pct, np.float64)
    warm = saturation_vapour_pressure_kpa(high_degc) * np.asarray(low_humidity_pct, np.float64)
    return np.asarray((cold + warm) / 200.0)


def et0_daily_mm(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    net_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
    soil_mj_m2: ArrayLike = 0.0,
) -> Values:
    """Return the reference evapotranspiration of a day [mm]; [1] eq 6, with the means of eq 9, 11 and 12."""
    low, high = np.asarray(low_degc, np.float64), np.asarray(high_degc, np.float64)
    saturated = (saturation_vapour_pressure_kpa(low) + saturation_vapour_pressure_kpa(high)) / 2.0
    energy = np.asarray(net_mj_m2, np.float64) - np.asarray(soil_mj_m2, np.float64)
    return _combine((low + high) / 2.0, saturated, vapour_kpa, energy, wind_2m_m_s, altitude_m, 900.0)


def et0_hourly_mm(
    temperature_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    net_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
) -> Values:
    """Return the reference evapotranspiration of an hour [mm]; [1] eq 53, soil heat by eq 45 and 46."""
    net = np.asarray(net_mj_m2, np.float64)
    energy = net * (1.0 - np.where(net > 0.0, _SOIL_BY_DAY, _SOIL_BY_NIGHT))
    saturated = saturation_vapour_pressure_kpa(temperature_degc)
    temperature = np.asarray(temperature_degc, np.float64)
    return _combine(temperature, saturated, vapour_kpa, energy, wind_2m_m_s, altitude_m, 37.0)


def et0_from_weather_mm(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    solar_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    *,
    latitude_deg: float,
    altitude_m: float,
    day_of_year: ArrayLike,
) -> Values:
    """Return the day's reference evapotranspiration [mm] from measured weather; [1] eq 6 with eq 21 and 37 to 40."""
    clear = clear_sky_mj_m2(extraterrestrial_daily_mj_m2(latitude_deg, day_of_year), altitude_m)
    net = net_daily_mj_m2(solar_mj_m2, clear, low_degc, high_degc, vapour_kpa)
    return et0_daily_mm(low_degc, high_degc, vapour_kpa, net, wind_2m_m_s, altitude_m)


def et_hargreaves_mm(low_degc: ArrayLike, high_degc: ArrayLike, extraterrestrial_mj_m2: ArrayLike) -> Values:
    """Return the estimate [mm] where only temperatures are known; [1] eq 52, Ra as evaporation by eq 20."""
    low, high = np.asarray(low_degc, np.float64), np.asarray(high_degc, np.float64)
    top_mm = np.asarray(extraterrestrial_mj_m2, np.float64) / MJ_PER_MM
    return np.asarray(0.0023 * ((low + high) / 2.0 + 17.8) * np.sqrt(np.maximum(high - low, 0.0)) * top_mm)


def et_asce_daily_mm(
    low_degc: Values,
    high_degc: Values,
    vapour_kpa: Values,
    solar_mj_m2: Values,
    wind_m_s: Values,
    *,
    wind_height_m: float,
    latitude_deg: float,
    altitude_m: float,
    day_of_year: NDArray[np.int64],
    crop: Crop = "short",
    as_refet: bool = False,
) -> Values:
    """Return the ASCE standardized evapotranspiration of days [mm] for the short or the tall reference; [2].

    `as_refet` takes the details of the University of Idaho's Ref-ET program instead of the standard's.
    """
    day = refet.Daily(
        tmin=low_degc,
        tmax=high_degc,
        ea=vapour_kpa,
        rs=solar_mj_m2,
        uz=wind_m_s,
        zw=wind_height_m,
        elev=altitude_m,
        lat=latitude_deg,
        doy=day_of_year,
        method="refet" if as_refet else "asce",
    )
    return np.asarray(day.eto() if crop == "short" else day.etr(), np.float64)


def _combine(
    temperature: Values,
    saturated: Values,
    vapour_kpa: ArrayLike,
    energy: Values,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
    numerator: float,
) -> Values:
    """Return Penman and Monteith's sum for grass of 0.12 m; `numerator` 900 for a day, 37 for an hour."""
    slope = 4098.0 * saturation_vapour_pressure_kpa(temperature) / (temperature + 237.3) ** 2
    gamma = _PSYCHROMETRIC * air_pressure_kpa(altitude_m)
    wind = np.asarray(wind_2m_m_s, np.float64)
    deficit = saturated - np.asarray(vapour_kpa, np.float64)
    drying = gamma * numerator / (temperature + 273.0) * wind * deficit
    return np.asarray((0.408 * slope * energy + drying) / (slope + gamma * (1.0 + 0.34 * wind)))
